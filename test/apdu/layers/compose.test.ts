import { describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { type CardLayer, compose, forward, forwardChannel } from '../../../src/apdu/layers/compose.ts'
import { bytes, hex } from '../scripted-channel.ts'

const cardWithAtrs = (log: string[]): Card => {
  let resets = 0
  return {
    get atr() {
      return Uint8Array.of(0x3b, resets)
    },
    reset: async () => Uint8Array.of(0x3b, ++resets),
    exclusive: procedure =>
      procedure({
        transmit: async command => {
          log.push(`card ${hex(command)}`)
          return bytes('9000')
        },
      }),
    close: async () => void log.push('card closed'),
  }
}
const logging =
  (name: string, log: string[]): CardLayer =>
  card =>
    forward(card, {
      exclusive: procedure =>
        card.exclusive(channel =>
          procedure(
            forwardChannel(channel, command => {
              log.push(name)
              return channel.transmit(command)
            }),
          ),
        ),
    })

describe('compose', () => {
  it('puts the first layer next to the card and skips absent layers', async () => {
    const log: string[] = []
    const card = compose(cardWithAtrs(log), [logging('low', log), undefined, logging('high', log)])
    await card.exclusive(channel => channel.transmit(bytes('80f2000000')))
    await card.close()
    expect(log).toEqual(['high', 'low', 'card 80f2000000', 'card closed'])
  })
})

describe('forward', () => {
  it('reads the ATR of the card below at each access', async () => {
    const card = forward(cardWithAtrs([]), {})
    await card.reset()
    expect(hex(card.atr)).toBe('3b01')
  })
})

describe('forwardChannel', () => {
  it('keeps the other members of the channel', () => {
    const transmit = async (): Promise<Uint8Array> => bytes('9000')
    expect(forwardChannel({ transmit, segmentSize: 63 }, transmit)).toEqual({ transmit, segmentSize: 63 })
  })
})
