import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/apdu/channel.ts'
import { ApduError } from '../../src/apdu/errors.ts'
import { type CardIdentity, openCardOver } from '../../src/pcsc/card.ts'
import { createDesk } from './pcsc-fixture.ts'

const ATR = Uint8Array.of(0x3b, 0)
const COMMAND = Uint8Array.of(0, 0xa4, 0, 0)
const nameOf = async (channel: Channel) => String((await channel.transmit(COMMAND))[0])
const known = (wanted: string): CardIdentity => ({ wanted, called: 'name', read: nameOf })

describe('a card removed during an exchange', () => {
  const cases: [string, CardIdentity | undefined, { atr: Uint8Array; name: number }][] = [
    ['with another ATR', undefined, { atr: Uint8Array.of(0x3b, 1), name: 7 }],
    ['with another name', known('7'), { atr: ATR, name: 8 }],
  ]
  it.each(cases)('reset rejects a card %s', async (_name, identity, other) => {
    const desk = createDesk()
    const mine = { atr: ATR, name: 7 }
    desk.insert(mine)
    const card = await openCardOver(desk.binding, { identity })
    desk.pull()
    await expect(card.exclusive(nameOf)).rejects.toMatchObject({ code: 'card-removed' })
    desk.insert(other)
    const refused = { code: 'card-removed', message: expect.stringContaining('another card was inserted') }
    await expect(card.reset()).rejects.toMatchObject(refused)
    // The same on a second reset: the card expects the first card.
    await expect(card.reset()).rejects.toMatchObject(refused)
    await expect(card.exclusive(nameOf)).rejects.toThrow(ApduError)
    desk.pull()
    desk.insert(mine)
    expect([...(await card.reset())]).toEqual([...ATR])
    expect(await card.exclusive(nameOf)).toBe('7')
    await card.close()
  })

  it('openPcscCard reports an unreadable identity as unreadable, not as another card', async () => {
    const desk = createDesk()
    desk.insert({ atr: ATR, name: 7 })
    const read = () => Promise.reject(new ApduError('exchange-lost', 'the exchange broke off'))
    await expect(openCardOver(desk.binding, { identity: { wanted: '7', called: 'EID', read } })).rejects.toMatchObject({
      code: 'wrong-card',
      message: expect.stringContaining('the EID of its card could not be read (the exchange broke off)'),
    })
    expect(desk.calls.slice(-2)).toEqual(['disconnect', 'release'])
  })
})
