import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { copyMemory } from '../../src/euicc/state/memory.ts'
import { decodeEuiccResponse } from '../../src/profile/euicc-response.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'
import type { StoreMetadataRequest } from '../../src/rsp/metadata.ts'
import type { ProfileInstallationResult } from '../../src/rsp/notification.ts'
import {
  createProfile,
  createStateWith,
  createTestCard,
  exchangeHex,
  ICCIDS,
  type TestCard,
  testIdentity,
} from './card.ts'
import { IMSI, K, testProfile } from './profile.ts'
import { authenticateAndPrepare, bind, createDownload, createMetadata, cut, downloadTo, load } from './smdp-side.ts'

const errorOf = (result: ProfileInstallationResult | undefined) =>
  result?.profileInstallationResultData.value.finalResult.errorResult
const OWNER = { mccMnc: fromHex('00f110') }
const withCapabilities = (changes: object) => {
  const identity = testIdentity()
  return { ...identity, capabilities: { ...identity.capabilities, ...changes } }
}
const profilesOf = async ({ call }: TestCard) => (await call(ES10c.GetProfilesInfo, {})).profileInfoListOk

describe('StoreMetadata', () => {
  const refusals: [string, Partial<StoreMetadataRequest>, Parameters<typeof createTestCard>[0], string][] = [
    [
      'the ICCID of an installed profile',
      {},
      { state: createStateWith([createProfile(0)]) },
      'installFailedDueToIccidAlreadyExistsOnEuicc',
    ],
    ['an unknown profile class', { profileClass: 7 }, {}, 'unsupportedProfileClass'],
    [
      'a test profile on a card without test profile support',
      { profileClass: 'test' },
      { identity: withCapabilities({ rsp: [] }) },
      'unsupportedProfileClass',
    ],
    ['an icon without icon type', { icon: new Uint8Array(10) }, {}, 'incorrectInputValues'],
    ['an icon type without icon', { iconType: 'png' }, {}, 'incorrectInputValues'],
    ['policy rules without profile owner', { profilePolicyRules: ['ppr2'] }, {}, 'incorrectInputValues'],
    [
      'a forbidden policy rule',
      { profilePolicyRules: ['ppr2'], profileOwner: OWNER },
      { identity: withCapabilities({ forbiddenProfilePolicyRules: ['ppr2'] }) },
      'pprNotAllowed',
    ],
    [
      'a policy rule that the Rules Authorisation Table does not grant to the operator',
      { profilePolicyRules: ['ppr1'], profileOwner: OWNER },
      {
        identity: {
          ...testIdentity(),
          rulesAuthorisationTable: [
            { pprIds: ['ppr2'], allowedOperators: [OWNER], pprFlags: [] },
            { pprIds: ['ppr1'], allowedOperators: [{ mccMnc: fromHex('62f220') }], pprFlags: [] },
            { pprIds: ['ppr1'], allowedOperators: [{ ...OWNER, gid1: Uint8Array.of(1) }], pprFlags: [] },
          ],
        },
      },
      'pprNotAllowed',
    ],
    [
      'PPR1 beside another operational profile',
      { profilePolicyRules: ['ppr1'], profileOwner: OWNER },
      { state: createStateWith([createProfile(1)]) },
      'pprNotAllowed',
    ],
  ]
  it.each(refusals)('StoreMetadata rejects %s', async (_name, changes, options, expected) => {
    const card = await createTestCard(options)
    const before = await profilesOf(card)
    const result = await downloadTo(card, createDownload({ metadata: createMetadata(changes) }))
    expect(errorOf(result)).toEqual({ bppCommandId: 'storeMetadata', errorReason: expected })
    expect(await profilesOf(card)).toEqual(before)
  })
  it('StoreMetadata accepts a policy rule that the Rules Authorisation Table grants with a wildcard MCC and MNC', async () => {
    const identity = {
      ...testIdentity(),
      rulesAuthorisationTable: [
        { pprIds: ['ppr1'] as const, allowedOperators: [{ mccMnc: fromHex('00f1ee') }], pprFlags: [] },
      ],
    }
    const card = await createTestCard({ identity })
    const metadata = createMetadata({ profilePolicyRules: ['ppr1'], profileOwner: OWNER })
    expect(errorOf(await downloadTo(card, createDownload({ metadata })))).toBeUndefined()
  })
})

describe('LoadProfileElements', () => {
  it.each<[string, Parameters<typeof createDownload>[0], string]>([
    ['another ICCID than the metadata', { profile: testProfile(1) }, 'installFailedDueToDataMismatch'],
    [
      'another IMSI than the profile owner',
      { metadata: createMetadata({ profileOwner: { mccMnc: fromHex('62f220') } }) },
      'installFailedDueToDataMismatch',
    ],
    [
      'another GID1 than the profile owner',
      { metadata: createMetadata({ profileOwner: { ...OWNER, gid1: Uint8Array.of(1) } }) },
      'installFailedDueToDataMismatch',
    ],
    [
      'a test profile without a test key',
      { metadata: createMetadata({ profileClass: 'test' }) },
      'testProfileInstallFailedDueToInvalidNaaKey',
    ],
    ['random bytes', { profile: new Uint8Array(100).fill(0x5a) }, 'installFailedDueToPEProcessingError'],
    ['a truncated profile package', { profile: testProfile().subarray(0, -2) }, 'installFailedDueToPEProcessingError'],
  ])('LoadProfileElements rejects %s', async (_name, changes, expected) => {
    const card = await createTestCard()
    const error = errorOf(await downloadTo(card, createDownload(changes)))
    expect(error).toMatchObject({ bppCommandId: 'loadProfileElements', errorReason: expected })
    expect(decodeEuiccResponse(error!.simaResponse!).peStatus.length).toBeGreaterThan(0)
    expect(errorOf(await downloadTo(card))).toBeUndefined()
  })
  it.each(['usim-test-algorithm', 'milenage'] as const)(
    'LoadProfileElements accepts a test profile with a test key of %s',
    async name => {
      const k = name === 'milenage' ? new Uint8Array(16).fill(9, 15) : K
      const profile = testProfile(0, { algorithm: name === 'milenage' ? { name, k, opc: K } : { name, k } })
      const card = await createTestCard()
      const metadata = createMetadata({ profileClass: 'test' })
      expect(errorOf(await downloadTo(card, createDownload({ profile, metadata })))).toBeUndefined()
    },
  )
  it('LoadProfileElements accepts a profile whose IMSI matches the profile owner', async () => {
    expect(IMSI.slice(0, 5)).toBe('00101')
    const card = await createTestCard()
    expect(
      errorOf(await downloadTo(card, createDownload({ metadata: createMetadata({ profileOwner: OWNER }) }))),
    ).toBeUndefined()
  })
})

describe('memory', () => {
  it('the card rejects a profile when its memory is full, and DeleteProfile frees memory', async () => {
    const free = async ({ call }: TestCard) => {
      const { extCardResource } = (await call(ES10b.GetEUICCInfo2, {})).value
      return Number.parseInt(Buffer.from(extCardResource).toString('hex').slice(16, 24), 16)
    }
    const card = await createTestCard({ identity: withCapabilities({ nonVolatileMemory: 14_000 }) })
    expect(await free(card)).toBe(14_000)
    let installed = 0
    for (const [index, iccid] of ICCIDS.entries()) {
      const order = createDownload({ profile: testProfile(index), metadata: createMetadata({ iccid }) })
      const error = errorOf(await downloadTo(card, order))
      if (error) expect(error.errorReason).toBe('installFailedDueToInsufficientMemoryForProfile')
      else installed++
    }
    expect(installed).toBeGreaterThan(0)
    expect(installed).toBeLessThan(ICCIDS.length)
    const before = await free(card)
    await card.call(ES10c.DeleteProfile, { iccid: ICCIDS[0]! })
    expect(await free(card)).toBeGreaterThan(before + 2000)
  })
})

describe('the segments', () => {
  const started = async () => {
    const card = await createTestCard()
    const pieces = cut(bind(createDownload(), await authenticateAndPrepare(card, createDownload())))
    return { card, pieces, number: await card.isdr() }
  }
  it('the card rejects segments without a session and after the installation result', async () => {
    const { card, pieces, number } = await started()
    expect(errorOf(await load(card.channel, number, pieces))).toBeUndefined()
    await expect(load(card.channel, number, pieces)).rejects.toMatchObject({ status: 0x6985 })
    await expect(load(card.channel, number, pieces.slice(1))).rejects.toMatchObject({ status: 0x6985 })
  })
  it.each([
    ['one is missing', (pieces: Uint8Array[]) => pieces.toSpliced(4, 1)],
    ['one is repeated', (pieces: Uint8Array[]) => pieces.toSpliced(4, 0, pieces[4]!)],
    ['two are swapped', (pieces: Uint8Array[]) => pieces.toSpliced(6, 2, pieces[7]!, pieces[6]!)],
    ['ConfigureISDP is missing', (pieces: Uint8Array[]) => pieces.toSpliced(1, 1)],
  ])('the card rejects the segments if %s', async (_name, disturb) => {
    const { card, pieces, number } = await started()
    const error = errorOf(await load(card.channel, number, disturb(pieces)))
    expect(error?.errorReason).toMatch(/^scp03t/)
    expect(await profilesOf(card)).toEqual([])
    expect(errorOf(await downloadTo(card))).toBeUndefined()
  })
  it('the card rejects segments with another transaction ID', async () => {
    const { card, number } = await started()
    const euiccOtpk = await authenticateAndPrepare(card, createDownload())
    const foreign = createDownload({ transactionId: Uint8Array.of(9, 9) })
    expect(errorOf(await load(card.channel, number, cut(bind(foreign, euiccOtpk))))).toEqual({
      bppCommandId: 'initialiseSecureChannel',
      errorReason: 'invalidTransactionId',
    })
  })
  it('the card rejects segments for an earlier one-time key', async () => {
    const { card, pieces, number } = await started()
    await authenticateAndPrepare(card, createDownload())
    expect(errorOf(await load(card.channel, number, pieces))).toEqual({
      bppCommandId: 'initialiseSecureChannel',
      errorReason: 'invalidSignature',
    })
  })
  it('another function interrupts the installation, and the card creates an installation result', async () => {
    const { card, pieces, number } = await started()
    await load(card.channel, number, pieces.slice(0, 6))
    expect(await profilesOf(card)).toEqual([])
    const { notificationList } = await card.call(ES10b.RetrieveNotificationsList, {})
    expect(errorOf(notificationList![0]!.value.profileInstallationResult)).toEqual({
      bppCommandId: 'loadProfileElements',
      errorReason: 'installFailedDueToInterruption',
    })
    await expect(load(card.channel, number, pieces.slice(6))).rejects.toMatchObject({ status: 0x6985 })
  })
  it('a reset during the installation leaves the memory unchanged', async () => {
    const { card, pieces, number } = await started()
    const before = await copyMemory(card.memory)
    await load(card.channel, number, pieces.slice(0, -1))
    await card.card.reset()
    expect(await copyMemory(card.memory)).toEqual(before)
    expect(await exchangeHex(card, '0070000001')).toBe('019000')
  })
})

describe('the one-time key of a package that was refused', () => {
  it.each([
    [
      'deletes the one-time key after an invalid package',
      (pieces: Uint8Array[]) => pieces.with(-1, pieces.at(-1)!.with(-1, pieces.at(-1)!.at(-1)! ^ 1)),
      false,
    ],
    ['keeps the one-time key after an interrupted installation', (pieces: Uint8Array[]) => pieces.slice(0, -1), true],
  ] as const)('the card %s (SGP.22 §3.1.3.2)', async (_name, spoil, isKept) => {
    const card = await createTestCard()
    const otpk = await authenticateAndPrepare(card, createDownload())
    await load(card.channel, await card.isdr(), spoil([...cut(bind(createDownload(), otpk))]))
    const again = await authenticateAndPrepare(card, createDownload({ bppEuiccOtpk: otpk }))
    expect(toHex(again) === toHex(otpk)).toBe(isKept)
  })
})
