import { describe, expect, it } from 'vitest'
import { decode } from '../../src/asn1/schema.ts'
import { copyMemory } from '../../src/euicc/state/memory.ts'
import type { Profile } from '../../src/euicc/state/state.ts'
import { verify } from '../../src/rsp/crypto/ecdsa.ts'
import { iccidFromDigits } from '../../src/rsp/identifiers.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import { NotificationMetadata } from '../../src/rsp/notification.ts'
import {
  createProfile,
  createStateWith,
  createTestCard,
  exchangeHex,
  getTestPki,
  ICCIDS,
  type TestCard,
} from './card.ts'

const UNKNOWN = iccidFromDigits('8988211900000000009')
const [FIRST, SECOND, THIRD] = ICCIDS as [Uint8Array, Uint8Array, Uint8Array]

const cardWith = (profiles: readonly Profile[], enabled?: number) =>
  createTestCard({ state: createStateWith(profiles, enabled) })
const enable = async ({ call }: TestCard, iccid: Uint8Array, refreshFlag = false) =>
  (await call(ES10c.EnableProfile, { profileIdentifier: { iccid }, refreshFlag })).enableResult
const disable = async ({ call }: TestCard, iccid: Uint8Array, refreshFlag = false) =>
  (await call(ES10c.DisableProfile, { profileIdentifier: { iccid }, refreshFlag })).disableResult
const remove = async ({ call }: TestCard, iccid: Uint8Array) =>
  (await call(ES10c.DeleteProfile, { iccid })).deleteResult
const reset = async (
  { call }: TestCard,
  ...resetOptions: ('deleteOperationalProfiles' | 'deleteFieldLoadedTestProfiles' | 'resetDefaultSmdpAddress')[]
) => (await call(ES10c.eUICCMemoryReset, { resetOptions })).resetResult
/** Returns the profile names, the enabled one in upper case. */
const show = async ({ call }: TestCard) => {
  const { profileInfoListOk = [] } = await call(ES10c.GetProfilesInfo, {})
  return profileInfoListOk.map(({ profileName, profileState }) =>
    profileState === 'enabled' ? profileName!.toUpperCase() : profileName!,
  )
}
/** Pending notifications: `enable to notify1.test`. */
const listNotifications = async ({ call }: TestCard) => {
  const { notificationMetadataList = [] } = await call(ES10b.ListNotification, {})
  return notificationMetadataList.map(
    ({ seqNumber, profileManagementOperation: [event], notificationAddress }) =>
      `${seqNumber} ${event!.slice('notification'.length).toLowerCase()} to ${notificationAddress}`,
  )
}
const expectUnchanged = async (card: TestCard, work: () => Promise<void>) => {
  const before = await copyMemory(card.memory)
  await work()
  expect(await copyMemory(card.memory)).toEqual(before)
}

describe('EnableProfile', () => {
  it('EnableProfile disables the enabled profile and creates a notification for both', async () => {
    const card = await cardWith([createProfile(0), createProfile(1)], 0)
    expect(await enable(card, SECOND)).toBe('ok')
    expect(await show(card)).toEqual(['Plan 0', 'PLAN 1'])
    expect(await listNotifications(card)).toEqual(['0 disable to notify0.test', '1 enable to notify1.test'])
    await card.card.powerCycle()
    expect((await createTestCard({ memory: card.memory }).then(show)).join()).toBe('Plan 0,PLAN 1')
  })
  it('EnableProfile accepts the AID of an ISD-P', async () => {
    const card = await cardWith([createProfile(0)])
    const profileIdentifier = { isdpAid: createProfile(0).isdpAid }
    expect(await card.call(ES10c.EnableProfile, { profileIdentifier, refreshFlag: false })).toEqual({
      enableResult: 'ok',
    })
  })
  it.each<[string, readonly Profile[], number | undefined, Uint8Array, string]>([
    ['an unknown profile', [createProfile(0)], undefined, UNKNOWN, 'iccidOrAidNotFound'],
    ['an enabled profile', [createProfile(0)], 0, FIRST, 'profileNotInDisabledState'],
    [
      'a profile while a profile with PPR1 is enabled',
      [createProfile(0, { profilePolicyRules: ['ppr1'] }), createProfile(1)],
      0,
      SECOND,
      'disallowedByPolicy',
    ],
    [
      'another operational profile while a test profile is enabled',
      [createProfile(0, { profileClass: 'test' }), createProfile(1)],
      0,
      SECOND,
      'wrongProfileReenabling',
    ],
  ])('EnableProfile rejects %s', async (_name, profiles, enabled, iccid, expected) => {
    const card = await cardWith(profiles, enabled)
    await expectUnchanged(card, async () => expect(await enable(card, iccid)).toBe(expected))
  })
  it('EnableProfile and DisableProfile enable the operational profile that a test profile replaced', async () => {
    const profiles = [createProfile(0), createProfile(1, { profileClass: 'test' }), createProfile(2)]
    const card = await cardWith(profiles, 0)
    expect(await enable(card, SECOND)).toBe('ok')
    expect(await enable(card, THIRD)).toBe('wrongProfileReenabling')
    expect(await enable(card, FIRST)).toBe('ok')
    expect(await enable(card, SECOND)).toBe('ok')
    expect(await disable(card, SECOND)).toBe('ok')
    expect(await show(card)).toEqual(['PLAN 0', 'Plan 1', 'Plan 2'])
  })
  it('EnableProfile closes the logical channels with files of the previous profile', async () => {
    const card = await cardWith([createProfile(0)])
    await exchangeHex(card, '0070000001')
    expect(await enable(card, FIRST)).toBe('ok')
    expect(await exchangeHex(card, '01a40000023f00')).toBe('6881')
  })
})

describe('EnableProfile with the refresh flag', () => {
  const fetched = 'd009810301010482028182'
  it('EnableProfile completes with the TERMINAL RESPONSE to REFRESH and returns catBusy until then', async () => {
    const card = await cardWith([createProfile(0), createProfile(1)])
    expect(await enable(card, FIRST, true)).toBe('ok')
    expect(await show(card)).toEqual(['Plan 0', 'Plan 1'])
    expect(await exchangeHex(card, '80100000 01 00')).toBe('910b')
    expect(await enable(card, SECOND)).toBe('catBusy')
    expect(await exchangeHex(card, '8012000005')).toBe('6c0b')
    expect(await exchangeHex(card, '801200000b')).toBe(`${fetched}9000`)
    expect(await exchangeHex(card, '801200000b')).toBe('6985')
    expect(await remove(card, FIRST)).toBe('profileNotInDisabledState')
    expect(await exchangeHex(card, '80140000 0c 810301020482028281830100')).toBe('6a80')
    expect(await exchangeHex(card, '80140000 0c 810301010482028281830100')).toBe('9000')
    expect(await show(card)).toEqual(['PLAN 0', 'Plan 1'])
    expect(await listNotifications(card)).toEqual(['0 enable to notify0.test'])
    expect(await disable(card, FIRST)).toBe('ok')
  })
  it('a reset or a power cycle completes EnableProfile', async () => {
    for (const restart of ['reset', 'powerCycle'] as const) {
      const card = await cardWith([createProfile(0)])
      expect(await enable(card, FIRST, true)).toBe('ok')
      await card.card[restart]()
      expect(await show(await createTestCard({ memory: card.memory }))).toEqual(['PLAN 0'])
    }
  })
  it('DisableProfile completes with the next reset if the terminal does not support REFRESH', async () => {
    const card = await cardWith([createProfile(0)], 0)
    expect(await disable(card, FIRST, true)).toBe('ok')
    await exchangeHex(card, '801200000b')
    expect(await exchangeHex(card, '80140000 0c 810301010482028281830130')).toBe('9000')
    expect(await show(card)).toEqual(['PLAN 0'])
    await card.card.reset()
    expect(await show(await createTestCard({ memory: card.memory }))).toEqual(['Plan 0'])
  })
  it('EnableProfile requests REFRESH with "eUICC Profile State Change" in that refresh mode', async () => {
    const state = createStateWith([createProfile(0)])
    const card = await createTestCard({ state, refreshMode: 'euicc-profile-state-change' })
    await enable(card, FIRST, true)
    expect(await exchangeHex(card, '801200000b')).toBe('d009810301010982028182' + '9000')
  })
})

describe('DisableProfile', () => {
  it('DisableProfile leaves no profile enabled', async () => {
    const card = await cardWith([createProfile(0)], 0)
    expect(await disable(card, FIRST)).toBe('ok')
    expect(await show(card)).toEqual(['Plan 0'])
    expect(await listNotifications(card)).toEqual(['0 disable to notify0.test'])
  })
  it.each<[string, Profile, number | undefined, Uint8Array, string]>([
    ['an unknown profile', createProfile(0), 0, UNKNOWN, 'iccidOrAidNotFound'],
    ['a disabled profile', createProfile(0), undefined, FIRST, 'profileNotInEnabledState'],
    ['a profile with PPR1', createProfile(0, { profilePolicyRules: ['ppr1'] }), 0, FIRST, 'disallowedByPolicy'],
  ])('DisableProfile rejects %s', async (_name, profile, enabled, iccid, expected) => {
    const card = await cardWith([profile], enabled)
    await expectUnchanged(card, async () => expect(await disable(card, iccid)).toBe(expected))
  })
})

describe('DeleteProfile', () => {
  it('DeleteProfile deletes the profile and its files and creates a notification', async () => {
    const card = await cardWith([createProfile(0), createProfile(1)])
    expect(await remove(card, FIRST)).toBe('ok')
    expect(await show(card)).toEqual(['Plan 1'])
    expect(await listNotifications(card)).toEqual(['0 delete to notify0.test'])
    expect(card.memory.names().filter(name => name.includes('89000010'))).toEqual([])
  })
  it.each<[string, Profile, number | undefined, Uint8Array, string]>([
    ['an unknown profile', createProfile(0), undefined, UNKNOWN, 'iccidOrAidNotFound'],
    ['an enabled profile', createProfile(0), 0, FIRST, 'profileNotInDisabledState'],
    ['a profile with PPR2', createProfile(0, { profilePolicyRules: ['ppr2'] }), undefined, FIRST, 'disallowedByPolicy'],
  ])('DeleteProfile rejects %s', async (_name, profile, enabled, iccid, expected) => {
    const card = await cardWith([profile], enabled)
    await expectUnchanged(card, async () => expect(await remove(card, iccid)).toBe(expected))
  })
})

describe('eUICCMemoryReset', () => {
  it('eUICCMemoryReset ignores state and policy rules, and requests REFRESH if it deletes the enabled profile', async () => {
    const profiles = [
      createProfile(0, { profilePolicyRules: ['ppr1', 'ppr2'] }),
      createProfile(1, { profileClass: 'test' }),
    ]
    const card = await cardWith(profiles, 0)
    expect(await reset(card, 'deleteOperationalProfiles')).toBe('ok')
    expect(await show(card)).toEqual(['Plan 1'])
    expect(await listNotifications(card)).toEqual(['0 delete to notify0.test'])
    expect(await exchangeHex(card, '80100000 01 00')).toBe('910b')
    expect(await reset(card, 'deleteFieldLoadedTestProfiles')).toBe('ok')
    expect(await show(card)).toEqual([])
    expect(await reset(card, 'deleteOperationalProfiles', 'deleteFieldLoadedTestProfiles')).toBe('nothingToDelete')
  })
  it('eUICCMemoryReset returns catBusy while a profile switch is pending', async () => {
    const card = await cardWith([createProfile(0)])
    await enable(card, FIRST, true)
    await expectUnchanged(card, async () => expect(await reset(card, 'deleteOperationalProfiles')).toBe('catBusy'))
  })
})

describe('GetProfilesInfo', () => {
  const list = async (request: Parameters<(typeof ES10c)['GetProfilesInfo']['request']['encode']>[0]) => {
    const card = await cardWith(
      [createProfile(0), createProfile(1, { profileClass: 'test', icon: new Uint8Array(1024), iconType: 'png' })],
      0,
    )
    return card.call(ES10c.GetProfilesInfo, request)
  }
  it('GetProfilesInfo returns the default tags without a tag list', async () => {
    const { profileInfoListOk } = await list({})
    expect(profileInfoListOk![0]).toEqual({
      iccid: FIRST,
      isdpAid: createProfile(0).isdpAid,
      profileState: 'enabled',
      serviceProviderName: 'Operator 0',
      profileName: 'Plan 0',
      profileClass: 'operational',
    })
    expect(profileInfoListOk![1]!.icon).toHaveLength(1024)
  })
  it('GetProfilesInfo returns the requested tags and ignores unknown tags', async () => {
    const { profileInfoListOk } = await list({ tagList: Uint8Array.of(0x5a, 0x9f, 0x70, 0xb6, 0x7f, 0x21) })
    expect(Object.keys(profileInfoListOk![0]!)).toEqual(['iccid', 'profileState', 'notificationConfigurationInfo'])
  })
  it('GetProfilesInfo filters by ICCID, AID and class', async () => {
    const found = async (searchCriteria: Parameters<typeof list>[0]['searchCriteria']) =>
      (await list({ searchCriteria })).profileInfoListOk!.map(({ profileName }) => profileName)
    expect(await found({ iccid: SECOND })).toEqual(['Plan 1'])
    expect(await found({ isdpAid: createProfile(0).isdpAid })).toEqual(['Plan 0'])
    expect(await found({ profileClass: 'operational' })).toEqual(['Plan 0'])
    expect(await found({ profileClass: 'provisioning' })).toEqual([])
    expect(await found({ iccid: UNKNOWN })).toEqual([])
  })
  it('GetProfilesInfo rejects a truncated tag list', async () => {
    expect(await list({ tagList: Uint8Array.of(0x5a, 0x9f) })).toEqual({ profileInfoListError: 'incorrectInputValues' })
  })
})

describe('SetNickname', () => {
  it('SetNickname sets, replaces and deletes a nickname', async () => {
    const card = await cardWith([createProfile(0)])
    const name = async (profileNickname: string) => {
      expect(await card.call(ES10c.SetNickname, { iccid: FIRST, profileNickname })).toEqual({ setNicknameResult: 'ok' })
      const { profileInfoListOk } = await card.call(ES10c.GetProfilesInfo, {})
      return profileInfoListOk![0]!.profileNickname
    }
    expect(await name('ü'.repeat(64))).toBe('ü'.repeat(64))
    expect(await name('travel')).toBe('travel')
    expect(await name('')).toBeUndefined()
    expect(await card.call(ES10c.SetNickname, { iccid: UNKNOWN, profileNickname: 'x' })).toEqual({
      setNicknameResult: 'iccidNotFound',
    })
  })
})

describe('notifications', () => {
  const operated = async () => {
    const card = await cardWith([createProfile(0), createProfile(1)])
    await enable(card, FIRST)
    await enable(card, SECOND)
    return card
  }
  it('the card signs a notification with the key of the CI of the profile', async () => {
    const card = await operated()
    const { notificationList } = await card.call(ES10b.RetrieveNotificationsList, { searchCriteria: { seqNumber: 1 } })
    expect(notificationList).toHaveLength(1)
    const { tbsOtherNotification, euiccNotificationSignature, ...chain } =
      notificationList![0]!.value.otherSignedNotification!
    const { euicc, eum } = getTestPki('P-256')
    expect(verify(euicc.certificate.publicKey, tbsOtherNotification.bytes, euiccNotificationSignature)).toBe(true)
    expect(chain).toEqual({ euiccCertificate: euicc.certificate.der, eumCertificate: eum.certificate.der })
    expect(decode(NotificationMetadata, tbsOtherNotification.bytes).iccid).toEqual(FIRST)
  })
  it('the card lists notifications by operation and sequence number, and removes them by sequence number', async () => {
    const card = await operated()
    const { notificationMetadataList } = await card.call(ES10b.ListNotification, {
      profileManagementOperation: ['notificationEnable'],
    })
    expect(notificationMetadataList!.map(({ seqNumber }) => seqNumber)).toEqual([0, 2])
    const { notificationList } = await card.call(ES10b.RetrieveNotificationsList, {
      searchCriteria: { profileManagementOperation: ['notificationDisable', 'notificationDelete'] },
    })
    expect(notificationList).toHaveLength(1)
    expect(await card.call(ES10b.RemoveNotificationFromList, { seqNumber: 0 })).toEqual({
      deleteNotificationStatus: 'ok',
    })
    expect(await card.call(ES10b.RemoveNotificationFromList, { seqNumber: 0 })).toEqual({
      deleteNotificationStatus: 'nothingToDelete',
    })
    expect(await listNotifications(card)).toEqual(['1 disable to notify0.test', '2 enable to notify1.test'])
  })
  it('the card uses each sequence number once, also after removal of all notifications and a power cycle', async () => {
    const card = await operated()
    for (const seqNumber of [0, 1, 2]) await card.call(ES10b.RemoveNotificationFromList, { seqNumber })
    const again = await createTestCard({ memory: card.memory })
    await disable(again, SECOND)
    expect(await listNotifications(again)).toEqual(['3 disable to notify1.test'])
  })
})
