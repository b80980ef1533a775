import { describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { ApduError } from '../../../src/apdu/errors.ts'
import { handleProactive } from '../../../src/apdu/layers/handle-proactive.ts'
import { createMutex } from '../../../src/apdu/mutex.ts'
import { bytes, hex, scripted } from '../scripted-channel.ts'

const STATUS = bytes('80f2000000')
const ATR = bytes('3b00')

/** A card with a script for each time somebody holds it; resets are counted. */
const cardOf = (...holdings: readonly (readonly string[])[]) => {
  let at = 0
  const log = { resets: 0, closed: false, left: 0 }
  const card: Card = {
    atr: ATR,
    reset: async () => {
      log.resets++
      return ATR
    },
    exclusive: async procedure => {
      const channel = scripted(...holdings[at++]!)
      const result = await procedure(channel)
      log.left += channel.left
      return result
    },
    close: async () => {
      log.closed = true
    },
  }
  return { card: handleProactive(card), log }
}
const refresh = (mode: string) => `8012000009 > d009810301 01${mode} 82028182 9000`
const asks = (card: Card) => card.exclusive(channel => channel.transmit(STATUS))

describe('handleProactive', () => {
  it('handleProactive fetches the pending command after SW 91xx and resets the card before the next command', async () => {
    const { card, log } = cardOf(['80f2000000 > 9109', refresh('04')], ['80f2000000 > 9000'])
    expect(hex(await asks(card))).toBe('9109')
    expect(log).toMatchObject({ resets: 0, left: 0 })
    await asks(card)
    expect(log.resets).toBe(1)
  })

  it('handleProactive answers a REFRESH that needs no reset', async () => {
    const { card, log } = cardOf(
      ['80f2000000 > 9109', refresh('09'), '801400000c 810301 0109 82028281 830100 > 9000'],
      ['80f2000000 > 9000'],
    )
    await asks(card)
    await asks(card)
    expect(log).toMatchObject({ resets: 0, left: 0 })
  })

  it('handleProactive omits its reset if the caller resets or closes the card', async () => {
    const { card, log } = cardOf(['80f2000000 > 9109', refresh('04')], ['80f2000000 > 9109', refresh('04')])
    await asks(card)
    await card.reset()
    await asks(card)
    expect(log.resets).toBe(1)
    await card.close()
    expect(log).toMatchObject({ resets: 2, closed: true })
  })

  it('close() does not wait for a running reset', async () => {
    let closed = false
    let resets = 0
    let end = (): void => {}
    const hanging = handleProactive({
      atr: ATR,
      exclusive: procedure => procedure(scripted('80f2000000 > 9109', refresh('04'))),
      reset: () => {
        resets++
        return new Promise((_, reject) => {
          end = () => reject(new ApduError('port-gone', 'closed'))
        })
      },
      close: async () => {
        closed = true
        end()
      },
    })
    await asks(hanging)
    const resetting = hanging.reset()
    const closing = hanging.close()
    await expect(resetting).rejects.toMatchObject({ code: 'port-gone' })
    await closing
    expect({ closed, resets }).toEqual({ closed: true, resets: 1 })
  })

  it('handleProactive does not wait for a caller that holds the card and hangs', async () => {
    const runExclusive = createMutex()
    let letGo = (): void => {}
    const hung = new Promise<void>(resolve => {
      letGo = resolve
    })
    const log: string[] = []
    const card = handleProactive({
      atr: ATR,
      exclusive: procedure => runExclusive(() => procedure(scripted('80f2000000 > 9109', refresh('04')))),
      reset: () =>
        runExclusive(async () => {
          log.push('reset')
          return ATR
        }),
      close: async () => {
        log.push('close')
        letGo()
      },
    })
    const holding = card.exclusive(async channel => {
      await channel.transmit(STATUS)
      await channel.transmit(bytes('8012000009'))
      log.push('fetched')
      await hung
    })
    await expect.poll(() => log).toEqual(['fetched'])
    await card.close()
    await holding
    expect(log).toEqual(['fetched', 'close'])
  })

  it('handleProactive detects a REFRESH that the caller fetched', async () => {
    const { card, log } = cardOf(['80f2000000 > 9109', refresh('04')], ['80f2000000 > 9000'])
    await card.exclusive(async channel => {
      await channel.transmit(STATUS)
      await channel.transmit(bytes('8012000009'))
    })
    await asks(card)
    expect(log.resets).toBe(1)
  })

  it('handleProactive returns the response of the caller if FETCH fails', async () => {
    const { card } = cardOf(['80f2000000 > 9109', '8012000009 > 6f00'])
    expect(hex(await asks(card))).toBe('9109')
    const gone = handleProactive({
      ...cardOf([]).card,
      exclusive: procedure => procedure({ transmit: () => Promise.reject(new ApduError('card-removed', 'gone')) }),
    })
    await expect(asks(gone)).rejects.toMatchObject({ code: 'card-removed' })
  })
})
