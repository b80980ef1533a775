import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../src/asn1/bytes.ts'
import {
  type ProfileName,
  type SwitchVariant,
  switchWithFallbacks,
} from '../../../src/lpa/card/profile-switch-retry.ts'
import { LpaError, type LpaErrorData } from '../../../src/lpa/errors.ts'
import type { LpaEvent } from '../../../src/lpa/report.ts'

const first: SwitchVariant = { profile: { iccid: '8949001000000000001' }, refreshFlag: true }
const AID = { isdpAid: fromHex('A0000005591010FFFFFFFF8900001100') }

/** A card that takes one way only, and says `refusal` to all others. */
const firmware = (
  takes: (way: SwitchVariant, number: number) => boolean,
  refusal: LpaErrorData,
  other?: ProfileName,
) => {
  const asked: SwitchVariant[] = []
  const notes: string[] = []
  let resets = 0
  const run = () =>
    switchWithFallbacks(
      first,
      async way => {
        asked.push(way)
        if (takes(way, asked.length)) return undefined
        return { error: new LpaError('card-refused', 'card', 'refused', refusal), other }
      },
      {
        card: {
          reset: async () => {
            resets++
            return new Uint8Array(0)
          },
        },
        report: (event: LpaEvent) => {
          if (event.kind === 'noted') notes.push(event.text)
        },
      },
    )
  return { run, asked, notes, resets: () => resets }
}

describe('variants of EnableProfile', () => {
  it('One request is sent if the card accepts the first variant', async () => {
    const card = firmware(() => true, {})
    await card.run()
    expect(card.asked).toEqual([first])
    expect(card.notes).toEqual([])
  })

  it('The second variant identifies the profile by its AID', async () => {
    const card = firmware(({ profile }) => 'isdpAid' in profile, { result: 'iccidOrAidNotFound' }, AID)
    await card.run()
    expect(card.asked).toEqual([first, { profile: AID, refreshFlag: true }])
    expect(card.notes[0]).toContain('the AID')
  })

  it('A busy card is reset, and the next variant has no REFRESH', async () => {
    const once = firmware((_way, number) => number === 2, { result: 'catBusy' })
    await once.run()
    expect([once.asked, once.resets()]).toEqual([[first, first], 1])
    const always = firmware(({ refreshFlag }) => !refreshFlag, { result: 'catBusy' })
    await always.run()
    expect(always.asked).toEqual([first, first, { ...first, refreshFlag: false }])
    const never = firmware(() => false, { result: 'catBusy' })
    await expect(never.run()).rejects.toMatchObject({ data: { result: 'catBusy' } })
    expect(never.asked).toHaveLength(3)
  })

  it.each<[string, LpaErrorData]>([
    ['undefinedError', { result: 'undefinedError' }],
    ['a number nobody named', { result: 0x42 }],
    ['a status word', { status: 0x6985 }],
  ])('tries the other refresh flag once after %s', async (_name, refusal) => {
    const card = firmware(({ refreshFlag }) => !refreshFlag, refusal)
    await card.run()
    expect(card.asked).toEqual([first, { ...first, refreshFlag: false }])
    const never = firmware(() => false, refusal)
    await expect(never.run()).rejects.toMatchObject({ data: refusal })
    expect(never.asked).toHaveLength(2)
  })

  it.each(['disallowedByPolicy', 'profileNotInDisabledState', 'iccidOrAidNotFound'])(
    'The result %s is final',
    async result => {
      const card = firmware(() => false, { result })
      await expect(card.run()).rejects.toMatchObject({ data: { result } })
      expect(card.asked).toHaveLength(1)
    },
  )
})
