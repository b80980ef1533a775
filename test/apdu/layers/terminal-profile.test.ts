import { describe, expect, it } from 'vitest'
import type { Card } from '../../../src/apdu/channel.ts'
import { ApduError } from '../../../src/apdu/errors.ts'
import { sendTerminalProfile } from '../../../src/apdu/layers/terminal-profile.ts'
import { bytes, hex } from '../scripted-channel.ts'

const PROFILE = bytes('010080')

const cardOf = (say: (command: string) => string) => {
  const heard: string[] = []
  const card: Card = {
    atr: bytes('3b00'),
    reset: async () => {
      heard.push('reset')
      return bytes('3b00')
    },
    exclusive: procedure =>
      procedure({
        transmit: async command => {
          heard.push(hex(command))
          return bytes(say(hex(command)))
        },
      }),
    close: async () => void heard.push('close'),
  }
  return { heard, card: sendTerminalProfile(PROFILE)(card) }
}
const ask = (card: Card) => card.exclusive(async channel => hex(await channel.transmit(bytes('80f2000000'))))

describe('sendTerminalProfile', () => {
  it('sendTerminalProfile sends TERMINAL PROFILE once after each reset, before other commands', async () => {
    const { card, heard } = cardOf(() => '9000')
    await ask(card)
    await ask(card)
    await card.reset()
    await ask(card)
    await card.close()
    const told = '8010000003010080'
    expect(heard).toEqual([told, '80f2000000', '80f2000000', 'reset', told, '80f2000000', 'close'])
    expect(hex(card.atr)).toBe('3b00')
  })

  it.each(['6d00', '6f00', '910b'])('sendTerminalProfile continues after SW %s', async said => {
    const { card } = cardOf(command => (command.startsWith('8010') ? said : '9000'))
    expect(await ask(card)).toBe('9000')
  })

  it('the next command rejects if the card was removed during TERMINAL PROFILE', async () => {
    const { card } = cardOf(() => {
      throw new ApduError('card-removed', 'gone')
    })
    await expect(ask(card)).rejects.toMatchObject({ code: 'card-removed' })
  })
})
