import type { Card, Channel } from '../channel.ts'
import { isApduError } from '../errors.ts'
import { decodeProactive, type ProactiveCommand, serveProactive } from '../proactive.ts'
import { getResponseData, getStatus, isOk } from '../status.ts'
import { forward, forwardChannel } from './compose.ts'

const FETCH = 0x12

/** A channel whose pending proactive commands a caller can handle between two commands. */
export interface ProactiveChannel extends Channel {
  /** Fetches and answers the pending proactive commands, and returns them. */
  servePending(): Promise<readonly ProactiveCommand[]>
}

/** `channel` with `servePending`: unchanged if a layer below provides it. */
export const withServePending = (channel: Channel): ProactiveChannel =>
  'servePending' in channel ? (channel as ProactiveChannel) : watchPending(channel, () => undefined)

/**
 * Handles proactive commands (TS 102 223): those pending when a procedure ends are fetched and answered. A REFRESH with
 * UICC reset (§6.4.7) becomes a reset before the next command, unless a caller resets the card first.
 */
export const handleProactive = (card: Card): Card => {
  let resetPending = false
  let running = 0
  const onFetched = (command: ProactiveCommand): void => {
    if (command.refresh === 'uicc-reset') resetPending = true
  }
  const reset = async (): Promise<Uint8Array> => {
    // Cleared before the reset, so that `close` during the reset neither repeats it nor waits for it.
    const wasPending = resetPending
    resetPending = false
    try {
      return await card.reset()
    } catch (error) {
      resetPending ||= wasPending
      throw error
    }
  }
  return forward(card, {
    reset,
    exclusive: async procedure => {
      if (resetPending) await reset()
      return card.exclusive(async below => {
        const channel = watchPending(below, onFetched)
        running++
        try {
          return await procedure(channel)
        } finally {
          // The result of the procedure stands. If the card is gone, the next command fails.
          await channel.servePending().catch(ignoreCard)
          running--
        }
      })
    },
    close: async () => {
      // A reset waits for a running procedure, and a procedure that hangs waits for `close`.
      if (resetPending && running === 0) await reset().catch(ignoreCard)
      await card.close()
    },
  })
}

/** Follows SW 91xx. The card repeats it until FETCH (TS 102 221 §7.4.2), so the last response decides. */
const watchPending = (channel: Channel, onFetched: (command: ProactiveCommand) => void): ProactiveChannel => {
  let pendingLength: number | undefined
  const watched = forwardChannel(channel, async function transmitWatched(command) {
    const response = await channel.transmit(command)
    const status = getStatus(response)
    // An incomplete response or an error does not show whether a command is pending.
    if (status >> 8 === 0x91) pendingLength = status & 0xff || 0x100
    else if (status === 0x9000) pendingLength = undefined
    // A caller may FETCH by itself.
    if (command[1] === FETCH && isOk(status)) {
      const fetched = tryDecode(getResponseData(response))
      if (fetched !== undefined) onFetched(fetched)
    }
    return response
  })
  return {
    ...watched,
    servePending: async () => {
      const length = pendingLength
      pendingLength = undefined
      return length === undefined ? [] : serveProactive(watched, length)
    },
  }
}

const ignoreCard = (error: unknown): void => {
  if (!isApduError(error)) throw error
}

const tryDecode = (bytes: Uint8Array): ProactiveCommand | undefined => {
  try {
    return decodeProactive(bytes)
  } catch {
    return undefined
  }
}
