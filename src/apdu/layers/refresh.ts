import type { Card, Channel } from '../channel.ts'
import { isApduError } from '../errors.ts'
import { dataOf, getStatus, isOk } from '../status.ts'
import { decodeProactive, type ProactiveCommand, watchProactive } from './proactive.ts'

const FETCH = 0x12

/**
 * The same card with a terminal that does what the card asks it to: whoever holds the card, proactive commands that
 * still wait when they let go are fetched and answered, and a REFRESH with UICC reset (TS 102 223 §6.4.7) is done by a
 * reset before anybody speaks to the card again. One that somebody does anyway is not done twice.
 */
export const handleRefresh = (card: Card): Card => {
  let resetPending = false
  let holders = 0
  const watched = (channel: Channel): Channel => ({
    transmit: async command => {
      const response = await channel.transmit(command)
      if (command[1] === FETCH && isOk(getStatus(response)) && asksForReset(dataOf(response))) resetPending = true
      return response
    },
  })
  const reset = async (): Promise<Uint8Array> => {
    // One that is being done is not owed any more: who closes meanwhile need not do it again, and wait for it.
    const owed = resetPending
    resetPending = false
    try {
      return await card.reset()
    } catch (error) {
      resetPending ||= owed
      throw error
    }
  }
  return {
    get atr() {
      return card.atr
    },
    reset,
    exclusive: async procedure => {
      if (resetPending) await reset()
      return card.exclusive(async inside => {
        const { channel, serve } = watchProactive(watched(inside))
        holders++
        try {
          return await procedure(channel)
        } finally {
          // What the card wants besides must not cost what it has just done; a card that has gone says so next time.
          await serve().catch(ignoreCard)
          holders--
        }
      })
    },
    close: async () => {
      // A reset would wait for who holds the card, and that one for the closing, where it hangs.
      if (resetPending && holders === 0) await reset().catch(ignoreCard)
      await card.close()
    },
  }
}

const ignoreCard = (error: unknown): void => {
  if (!isApduError(error)) throw error
}

const asksForReset = (bytes: Uint8Array): boolean => {
  let command: ProactiveCommand
  try {
    command = decodeProactive(bytes)
  } catch {
    return false
  }
  return command.refresh === 'uicc-reset'
}
