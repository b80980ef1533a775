import { describe, expect, it } from 'vitest'
import { fromHex } from '../../../../src/asn1/bytes.ts'
import { createElement, encodeProfilePackage } from '../../../../src/profile/package.ts'
import type { DeviceInfo } from '../../../../src/rsp/authentication.ts'
import type { EUICCInfo2 } from '../../../../src/rsp/euicc-info.ts'
import { iccidFromDigits } from '../../../../src/rsp/identifiers.ts'
import type { SmdpError } from '../../../../src/server/smdp/error.ts'
import { checkEligibility } from '../../../../src/server/smdp/es9p/eligibility.ts'
import type { ProfileRequirements } from '../../../../src/server/smdp/es9p/profile-requirements.ts'
import type { ProfileFacts } from '../../../../src/server/smdp/profile-facts.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from '../../../profile/ts48.ts'
import { ICCID } from '../smdp-fixture.ts'

const card: EUICCInfo2 = {
  profileVersion: Uint8Array.of(2, 3, 1),
  svn: Uint8Array.of(2, 2, 2),
  euiccFirmwareVer: Uint8Array.of(1, 0, 0),
  extCardResource: fromHex('8101008204000800008304000022b8'),
  uiccCapability: ['usimSupport', 'akaMilenage', 'javacard'],
  rspCapability: ['additionalProfile'],
  euiccCiPKIdListForVerification: [],
  euiccCiPKIdListForSigning: [],
  ppVersion: Uint8Array.of(1, 0, 0),
  sasAcreditationNumber: 'RS-TS-01',
}

const withHeader = (services: readonly string[], major = 2): Uint8Array =>
  encodeProfilePackage({
    elements: [
      createElement('header', {
        'major-version': major,
        'minor-version': 3,
        iccid: iccidFromDigits(ICCID),
        'eUICC-Mandatory-services': Object.fromEntries(services.map(service => [service, null])),
        'eUICC-Mandatory-GFSTEList': [],
      }),
    ],
  } as unknown as Parameters<typeof encodeProfilePackage>[0])

const deviceInfo = (deviceCapabilities: DeviceInfo['deviceCapabilities'] = {}): DeviceInfo => ({
  tac: fromHex('35290611'),
  deviceCapabilities,
})
const lacks = (requires: ProfileRequirements, device: DeviceInfo['deviceCapabilities'] = {}): string | undefined => {
  const facts = { serviceProviderName: 'A', profileName: 'B' }
  const bytes = withHeader([])
  const profile = { iccid: ICCID, profileType: 'Plan', package: bytes, metadata: facts, memory: 1, requires }
  try {
    checkEligibility(profile, facts, card, deviceInfo(device))
    return undefined
  } catch (error) {
    const { status } = error as SmdpError
    return `${status!.subjectCode}/${status!.reasonCode} ${status!.message}`
  }
}

const check = (bytes: Uint8Array, info: Partial<EUICCInfo2> = {}, facts: Partial<ProfileFacts> = {}): string => {
  const metadata = { serviceProviderName: 'A', profileName: 'B', ...facts }
  const profile = { iccid: ICCID, profileType: 'Plan', package: bytes, metadata, memory: bytes.length }
  try {
    checkEligibility(profile, metadata, { ...card, ...info }, deviceInfo())
    return 'eligible'
  } catch (error) {
    const { status } = error as SmdpError
    return `${status!.subjectCode}/${status!.reasonCode}`
  }
}

describe('the eligibility of a card for a profile (SGP.22 §4.2, Annex F)', () => {
  it.each([
    ['eligible', 'what the card can', ['usim', 'milenage', 'javacard'], {}],
    ['8.2.5/4.3', 'an algorithm that the card has not', ['usim', 'tuak256'], {}],
    ['8.2.5/4.3', 'an ISIM that the card has not', ['usim', 'isim'], {}],
    ['eligible', 'an ISIM that the card has', ['usim', 'isim'], { uiccCapability: ['usimSupport', 'isimSupport'] }],
    ['8.2.5/4.3', 'the test algorithm', ['usim', 'usim-test-algorithm'], {}],
    ['eligible', 'nothing', [], { uiccCapability: [] }],
  ] as const)('%s: a profile that demands %s', (outcome, _, services, info) => {
    expect(check(withHeader(services), info as Partial<EUICCInfo2>)).toBe(outcome)
  })

  it.each([
    ['eligible', 2, {}],
    ['eligible', 1, {}],
    ['8.2.5/4.3', 3, {}],
    ['eligible', 3, { additionalEuiccProfilePackageVersions: [Uint8Array.of(3, 3, 1)] }],
    ['eligible', 2, { profileVersion: Uint8Array.of(3, 1, 0) }],
  ] as const)('%s: a profile of version %i', (outcome, major, info) => {
    expect(check(withHeader([], major), info)).toBe(outcome)
  })

  it('A test profile is offered only to a card that reports support for test profiles', () => {
    expect(check(withHeader([]), {}, { profileClass: 'test' })).toBe('8.2.5/4.3')
    expect(check(withHeader([]), { rspCapability: ['testProfileSupport'] }, { profileClass: 'test' })).toBe('eligible')
  })

  it.each<[string, ProfileRequirements, DeviceInfo['deviceCapabilities'], string | undefined]>([
    ['nothing', {}, {}, undefined],
    [
      'a release that the device has',
      { deviceCapabilities: { nr5gcSupportedRelease: [15, 0, 0], eutranEpcSupportedRelease: [8, 0, 0] } },
      { nr5gcSupportedRelease: Uint8Array.of(15, 0, 0), eutranEpcSupportedRelease: Uint8Array.of(9, 0, 0) },
      undefined,
    ],
    [
      'a later release than the device has',
      { deviceCapabilities: { nr5gcSupportedRelease: [16, 0, 0] } },
      { nr5gcSupportedRelease: Uint8Array.of(15, 9, 9) },
      'nr5gcSupportedRelease 16.0.0, this one has 15.9.9',
    ],
    [
      'an access that the device does not tell of',
      { deviceCapabilities: { eutranEpcSupportedRelease: [8, 0, 0] } },
      { utranSupportedRelease: Uint8Array.of(9, 0, 0) },
      'eutranEpcSupportedRelease 8.0.0, this one has none',
    ],
    ['a capability that the card has', { uiccCapability: ['javacard'] }, {}, undefined],
    ['a capability that the card has not', { uiccCapability: ['javacard', 'getIdentity'] }, {}, 'needs getIdentity'],
  ])('of a type that requires %s', (_, requires, device, expected) => {
    if (expected === undefined) expect(lacks(requires, device)).toBeUndefined()
    else expect(lacks(requires, device)).toMatch(new RegExp(`^8\\.2\\.5/4\\.3 .*${expected}$`))
  })

  it('leaves to the card what cannot be read here', () => {
    for (const bytes of [new Uint8Array(0), fromHex('5a5a'), fromHex('a0ff'), fromHex('30020500')])
      expect(check(bytes)).toBe('eligible')
  })

  it('is 8.1/4.8 where the memory does not suffice', () => {
    expect(check(withHeader([]), { extCardResource: fromHex('810100820101830100') })).toBe('8.1/4.8')
  })

  it.skipIf(ts48Missing)(`asks of a card what TS.48 profiles ask${ts48Reason}`, () => {
    for (const name of TS48_NAMES) {
      expect(check(readTs48(name), { uiccCapability: [] }), name).toBe('8.2.5/4.3')
      const all = { uiccCapability: fullCapability, rspCapability: ['testProfileSupport' as const] }
      expect(check(readTs48(name), all, { profileClass: 'test' }), name).toBe('eligible')
    }
  })
})

const fullCapability: EUICCInfo2['uiccCapability'] = [
  'contactlessSupport',
  'usimSupport',
  'isimSupport',
  'csimSupport',
  'akaMilenage',
  'akaCave',
  'akaTuak128',
  'akaTuak256',
  'usimTestAlgorithm',
  'gbaAuthenUsim',
  'gbaAuthenISim',
  'javacard',
  'multipleUsimSupport',
  'multipleIsimSupport',
  'berTlvFileSupport',
  'dfLinkSupport',
  'catTp',
  'getIdentity',
  'profile-a-x25519',
  'profile-b-p256',
]
