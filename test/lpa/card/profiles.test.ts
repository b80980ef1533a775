import { describe, expect, it } from 'vitest'
import type { Channel } from '../../../src/apdu/channel.ts'
import { createMutex } from '../../../src/apdu/mutex.ts'
import { fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import {
  deleteProfile,
  disableProfile,
  enableProfile,
  iccidOf,
  listProfiles,
  resetMemory,
  setNickname,
} from '../../../src/lpa/card/profiles.ts'
import { iccidFromDigits, iccidToDigits } from '../../../src/rsp/identifiers.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import type { ProfileInfo } from '../../../src/rsp/metadata.ts'
import { ICCID, ISDP_AID } from '../download-fixture.ts'
import { type FakeCard, fakeCard, told } from '../fake-card.ts'

/** A card with one profile, which does as it is told unless it `lies`. */
const cardWith = ({
  lies = false,
  gone = false,
  others = [],
}: {
  lies?: boolean
  gone?: boolean
  others?: readonly ProfileInfo[]
} = {}) => {
  let profile: ProfileInfo | undefined = gone
    ? undefined
    : { iccid: iccidFromDigits(ICCID), isdpAid: ISDP_AID, profileState: 'disabled' }
  const asked: { refreshFlag: boolean; named: string }[] = []
  const nameOf = ({ iccid, isdpAid }: { iccid?: Uint8Array | undefined; isdpAid?: Uint8Array | undefined }): string =>
    iccid ? iccidToDigits(iccid) : toHex(isdpAid!)
  const switching =
    (profileState: 'enabled' | 'disabled') =>
    ({ profileIdentifier, refreshFlag }: { profileIdentifier: Parameters<typeof nameOf>[0]; refreshFlag: boolean }) => {
      asked.push({ refreshFlag, named: nameOf(profileIdentifier) })
      if (profile === undefined) return 'iccidOrAidNotFound' as const
      if (!lies) profile = { ...profile, profileState }
      return 'ok' as const
    }
  const [enable, disable] = [switching('enabled'), switching('disabled')]
  const card = fakeCard([
    told(ES10c.GetProfilesInfo, () => ({ profileInfoListOk: profile ? [...others, profile] : others })),
    told(ES10c.EnableProfile, request => ({ enableResult: enable(request) })),
    told(ES10c.DisableProfile, request => ({ disableResult: disable(request) })),
    told(ES10c.DeleteProfile, () => {
      if (!lies) profile = undefined
      return { deleteResult: 'ok' as const }
    }),
    told(ES10c.SetNickname, ({ profileNickname }) => {
      if (profile === undefined) return { setNicknameResult: 'iccidNotFound' as const }
      profile = { ...profile, profileNickname }
      return { setNicknameResult: 'ok' as const }
    }),
    told(ES10c.eUICCMemoryReset, ({ resetOptions }) => ({
      resetResult: resetOptions.includes('deleteOperationalProfiles') ? ('ok' as const) : ('nothingToDelete' as const),
    })),
  ])
  return { card, asked }
}
const profile = { iccid: ICCID }

/** `resets` has for each reset the channels that were open at the time. A reset inside `exclusive` would never come to its turn. */
const wholeCard = (channel: FakeCard) => {
  const resets: number[] = []
  const runExclusive = createMutex()
  return {
    resets,
    exclusive: <T>(work: (channel: Channel) => Promise<T>) => runExclusive(() => work(channel)),
    reset: () =>
      runExclusive(async () => {
        resets.push(channel.open.size)
        return new Uint8Array(0)
      }),
  }
}

describe('profile management (SGP.22 §3.2)', () => {
  it('enableProfile requests REFRESH, resets the card, opens the ISD-R again and verifies the state', async () => {
    const { card, asked } = cardWith()
    const { resets, ...whole } = wholeCard(card)
    expect(await enableProfile({ card: whole, profile })).toMatchObject({ profileState: 'enabled' })
    expect([resets, asked]).toEqual([[0], [{ refreshFlag: true, named: ICCID }]])
    expect(card.open.size).toBe(0)
  })

  it('enableProfile uses the AID and no REFRESH on request', async () => {
    const { card, asked } = cardWith()
    await enableProfile({ card: wholeCard(card), profile: { isdpAid: ISDP_AID }, refreshFlag: false })
    await disableProfile({ card: wholeCard(card), profile })
    expect(asked).toEqual([
      { refreshFlag: false, named: toHex(ISDP_AID) },
      { refreshFlag: true, named: ICCID },
    ])
  })

  it('A card that answers ok without a state change fails', async () => {
    const { card } = cardWith({ lies: true })
    const expected = { code: 'state-not-changed', fault: 'card' }
    await expect(enableProfile({ card: wholeCard(card), profile })).rejects.toMatchObject(expected)
    await expect(withIsdr(card, {}, isdr => deleteProfile(isdr, profile))).rejects.toMatchObject(expected)
    expect(card.open.size).toBe(0)
  })

  it('Another or a second enabled profile fails the verification', async () => {
    const others = [{ iccid: iccidFromDigits('89049032123451234520'), profileState: 'enabled' as const }]
    for (const lies of [true, false])
      await expect(enableProfile({ card: wholeCard(cardWith({ lies, others }).card), profile })).rejects.toMatchObject({
        code: 'state-not-changed',
        fault: 'card',
        data: { field: 'profileState' },
      })
    // And a profile that stays is not the one that was deleted.
    await withIsdr(cardWith({ others }).card, {}, isdr => deleteProfile(isdr, profile))
  })

  it('The error contains the name of the result', async () => {
    const { card } = cardWith({ gone: true })
    await expect(enableProfile({ card: wholeCard(card), profile })).rejects.toMatchObject({
      code: 'card-refused',
      data: { step: 'ES10c.EnableProfile', result: 'iccidOrAidNotFound' },
    })
    await expect(disableProfile({ card: wholeCard(card), profile })).rejects.toMatchObject({ code: 'card-refused' })
    await expect(withIsdr(card, {}, isdr => setNickname(isdr, ICCID, 'x'))).rejects.toMatchObject({
      data: { result: 'iccidNotFound' },
    })
    expect(card.open.size).toBe(0)
  })

  it('Profiles can be listed, renamed, deleted and reset', async () => {
    const { card } = cardWith()
    await withIsdr(card, {}, async isdr => {
      await setNickname(isdr, ICCID, 'Travel')
      const [listed] = await listProfiles(isdr)
      expect([iccidOf(listed!), listed?.profileNickname]).toEqual([ICCID, 'Travel'])
      await deleteProfile(isdr, profile)
      expect(await listProfiles(isdr)).toEqual([])
      expect(await resetMemory(isdr, ['resetDefaultSmdpAddress'])).toBe(false)
      expect(await resetMemory(isdr, ['deleteOperationalProfiles'])).toBe(true)
    })
  })

  it('An unknown result number is reported as a number', async () => {
    const card = fakeCard([{ ...told(ES10c.EnableProfile, () => 0), answer: () => fromHex('bf3103800142') }])
    await expect(enableProfile({ card: wholeCard(card), profile })).rejects.toMatchObject({ data: { result: 0x42 } })
  })

  it('An invalid ICCID is rejected before the request', async () => {
    await expect(withIsdr(fakeCard([]), {}, isdr => setNickname(isdr, '12x', 'x'))).rejects.toThrow(RangeError)
  })
})
