import { describe, expect, it } from 'vitest'
import type { Card } from '../../src/apdu/channel.ts'
import type { RefreshMode } from '../../src/euicc/commands/toolkit.ts'
import { enableProfile } from '../../src/lpa/card/profiles.ts'
import { type Links, openRig } from '../../src/rigs/attach.ts'
import { hardwareLink } from '../../src/rigs/links/hardware-link.ts'
import { Rig, summarizeRig } from '../../src/rigs/rig.ts'
import { createProfile, createStateWith, createTestCard, ICCID_DIGITS } from '../euicc/card.ts'

const [FETCH, TERMINAL_PROFILE] = [0x12, 0x10]

/** Enables a profile on a card that asks nothing of a terminal of which it has not heard that it can. */
const enableOn = async (terminalProfile: string | undefined, refreshMode: RefreshMode = 'uicc-reset') => {
  const state = createStateWith([createProfile(0)])
  const { card } = await createTestCard({ state, waitsForProfile: true, refreshMode })
  const heard: number[] = []
  const listened: Card = {
    ...card,
    atr: card.atr,
    exclusive: work =>
      card.exclusive(channel =>
        work({
          transmit: command => {
            heard.push(command[1]!)
            return channel.transmit(command)
          },
        }),
      ),
  }
  const rig = Rig.parse({
    name: 'desk',
    link: { pcsc: { reader: 'ACR39U' } },
    ...(terminalProfile && { card: { terminalProfile } }),
  })
  const links = { isdrOptionsOf: () => ({}), pcsc: hardwareLink(async () => listened) } as unknown as Links
  const device = await openRig(links, rig, summarizeRig(rig, 'test'))
  const { profileState } = await enableProfile({ card: device.card, profile: { iccid: ICCID_DIGITS[0] } })
  await device.close()
  return { profileState, fetched: heard.includes(FETCH), told: heard.includes(TERMINAL_PROFILE), facts: device.facts }
}

describe('terminalProfile of a rig file', () => {
  it('a profile switch completes by a reset without TERMINAL PROFILE or without REFRESH in it', async () => {
    expect(await enableOn(undefined)).toMatchObject({ profileState: 'enabled', fetched: false, told: false })
    expect(await enableOn('0100')).toMatchObject({ profileState: 'enabled', fetched: false, told: true })
  })

  it.each(['uicc-reset', 'euicc-profile-state-change'] as const)(
    'the card requests REFRESH (%s) if TERMINAL PROFILE permits it',
    async refreshMode => {
      const { facts, ...seen } = await enableOn('010080', refreshMode)
      expect(seen).toEqual({ profileState: 'enabled', fetched: true, told: true })
      expect(facts).toContain('TERMINAL PROFILE 010080 is sent after each reset')
    },
  )

  it('the rig schema rejects a terminalProfile with an incomplete byte', () => {
    const rig = { name: 'desk', link: 'software', card: { terminalProfile: '01008' } }
    expect(Rig.safeParse(rig).error?.issues[0]?.message).toMatch(/1 to 255 bytes in hexadecimal/)
  })
})
