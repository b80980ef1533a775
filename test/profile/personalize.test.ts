import { describe, expect, it } from 'vitest'
import { equalBytes, fromHex, toHex } from '../../src/asn1/bytes.ts'
import { milenage } from '../../src/profile/aka/milenage.ts'
import { testAlgorithm } from '../../src/profile/aka/test-algorithm.ts'
import { buildProfilePackage } from '../../src/profile/build.ts'
import { checkProfilePackage } from '../../src/profile/check.ts'
import type { Directory } from '../../src/profile/file-tree.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../src/profile/install.ts'
import {
  decodeProfilePackage,
  encodeProfilePackage,
  getElements,
  type ProfilePackage,
} from '../../src/profile/package.ts'
import type { Personalization } from '../../src/profile/personalize/values.ts'
import { createTemplate } from '../../src/profile/personalize.ts'
import { getProfileSubscriber, getUsim } from '../../src/profile/subscriber.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from './ts48.ts'

const bytes = (seed: number, length = 16): Uint8Array => Uint8Array.from({ length }, (_, i) => (seed + 7 * i) & 0xff)
const own = (): ProfilePackage =>
  buildProfilePackage({
    iccid: '8949001000000000017',
    imsi: '001010000000001',
    algorithm: { name: 'milenage', k: bytes(1), opc: bytes(2) },
    serviceProviderName: 'Bench',
    msisdn: '+491555000001',
    serviceCenter: '+491720000000',
    random: length => bytes(9, length),
  })

const VALUES = {
  iccid: '8949001234567890128',
  imsi: '262021234567895',
  msisdn: '+4915551234567',
  smsp: '+4917299999',
  k: bytes(0x20),
  pin1: '4711',
  pin2: '8899',
  puk1: '12345678',
  puk2: '87654321',
  adm1: bytes(0x50, 8),
  kic: bytes(0x60),
  kid: bytes(0x70),
  kik: bytes(0x80),
} as const satisfies Personalization

const sameBytes = (one: ProfilePackage, other: ProfilePackage): boolean =>
  equalBytes(encodeProfilePackage(one), encodeProfilePackage(other))
const install = (pkg: ProfilePackage) => {
  const outcome = installProfile(decodeProfilePackage(encodeProfilePackage(pkg)), {
    services: new Set(SUPPORTED_SERVICES),
    freeMemory: Number.POSITIVE_INFINITY,
  })
  if (outcome.profile === undefined) throw new Error('the copy cannot be installed')
  return outcome.profile
}
const contentOf = (directory: Directory, fid: number): string => {
  const file = directory.children.get(fid)
  if (file?.kind !== 'EF') throw new Error(`no file ${fid.toString(16)}`)
  return toHex(file.initialContent)
}
const refusal = (template: ProfilePackage, values: Personalization): { message: string; element?: string } => {
  try {
    createTemplate(template).personalize(values)
  } catch (error) {
    return error as { message: string }
  }
  throw new Error('it was taken')
}

const TEMPLATES: readonly [string, () => ProfilePackage][] = [
  ['our own profile', own],
  ...(ts48Missing
    ? []
    : TS48_NAMES.map(name => [name, () => decodeProfilePackage(readTs48(name))] as [string, () => ProfilePackage])),
]

describe.each(TEMPLATES)(`a copy of %s${ts48Reason}`, (_name, read) => {
  it('personalize without values, or with the values of the template, returns the template byte for byte', () => {
    const template = read()
    const { iccid, imsi, msisdn } = getProfileSubscriber(template)
    const { key } = getElements(template, 'akaParameter')[0]!.value.algoConfiguration.algoParameter!
    for (const values of [{}, { iccid, imsi, k: key, ...(msisdn && { msisdn }) }])
      expect(sameBytes(createTemplate(template).personalize(values), template)).toBe(true)
  })

  it('personalize writes the values everywhere and changes nothing else', () => {
    const template = read()
    const copy = createTemplate(template).personalize(VALUES)
    expect(getProfileSubscriber(copy)).toMatchObject({ iccid: VALUES.iccid, imsi: VALUES.imsi, msisdn: VALUES.msisdn })
    const profile = install(copy)
    expect(contentOf(profile.mf, 0x2fe2)).toBe('989400214365870921f8')
    const usim = getUsim(profile)!
    expect(contentOf(usim, 0x6f07)).toBe('082926202143658759')
    expect(contentOf(usim, 0x6f78)).toBe('0020')
    expect(contentOf(usim, 0x6f42)).toMatch(/06919471929999ff/)
    for (const pin of profile.pins.values()) {
      if (pin.reference === 1) expect(toHex(pin.value)).toBe('34373131ffffffff')
      if (pin.reference === 0x81) expect(toHex(pin.value)).toBe('38383939ffffffff')
      if (pin.reference === 0x0a) expect(toHex(pin.value)).toBe(toHex(VALUES.adm1))
    }
    expect(toHex(profile.puks.get(1)!.value)).toBe(toHex(new TextEncoder().encode(VALUES.puk1)))
    expect(toHex(profile.puks.get(0x81)!.value)).toBe(toHex(new TextEncoder().encode(VALUES.puk2)))
    for (const { algorithm } of profile.aka.values()) expect(toHex(algorithm.key)).toBe(toHex(VALUES.k))
    const keys = getElements(copy, 'securityDomain')[0]!.value.keyList!.map(key =>
      toHex(key.keyCompontents[0]!.keyData),
    )
    expect(keys).toEqual(expect.arrayContaining([VALUES.kic, VALUES.kid, VALUES.kik].map(toHex)))

    const touched = copy.elements.filter((element, at) => toHex(element.bytes) !== toHex(template.elements[at]!.bytes))
    const allowed = [
      'header',
      'mf',
      'usim',
      'opt-usim',
      'isim',
      'pinCodes',
      'pukCodes',
      'akaParameter',
      'securityDomain',
    ]
    expect(touched.map(({ kind }) => kind).filter(kind => !allowed.includes(kind))).toEqual([])
    const errors = (pkg: ProfilePackage) => checkProfilePackage(pkg).filter(({ severity }) => severity === 'error')
    expect(errors(copy)).toEqual(errors(template))
  })

  it('personalize changes only the header and EF.ICCID for another ICCID', () => {
    const template = read()
    const copy = createTemplate(template).personalize({ iccid: VALUES.iccid })
    const touched = copy.elements.filter((element, at) => element.bytes !== template.elements[at]!.bytes)
    expect(touched.map(({ kind }) => kind)).toEqual(['header', 'mf'])
    expect(decodeProfilePackage(encodeProfilePackage(copy)).elements.map(({ offset }) => offset)).toEqual(
      copy.elements.map(({ offset }) => offset),
    )
  })

  it('personalize replaces the algorithm with Milenage on request', () => {
    const template = createTemplate(read())
    const copy = template.personalize({ algorithm: 'milenage', k: bytes(0x20), opc: bytes(0x30) })
    const rand = bytes(0x40)
    const { algorithm } = getProfileSubscriber(decodeProfilePackage(encodeProfilePackage(copy)))
    expect(toHex(algorithm.f2(rand))).toBe(toHex(milenage({ k: bytes(0x20), opc: bytes(0x30) }).f2(rand)))
    const { 'eUICC-Mandatory-services': services } = getElements(copy, 'header')[0]!.value
    expect(services).toHaveProperty('milenage')
    expect(services).not.toHaveProperty('usim-test-algorithm')
  })
})

describe(`personalize with an IMSI${ts48Reason}`, () => {
  it.skipIf(ts48Missing)('personalize updates the ISIM of TS.48 and retains its test domain', () => {
    const template = decodeProfilePackage(readTs48('TS48v5_SAIP2.3_NoBERTLV.der'))
    const { applications } = install(createTemplate(template).personalize({ imsi: VALUES.imsi, msisdn: VALUES.msisdn }))
    const isim = applications.find(({ aid }) => toHex(aid!).startsWith('a0000000871004'))!
    const textOf = (fid: number): string => Buffer.from(contentOf(isim, fid), 'hex').toString('latin1')
    expect(textOf(0x6f02)).toContain('262021234567895@test.3gpp.com')
    expect(textOf(0x6f04)).toContain('sip:262021234567895@ims.mnc002.mcc262.3gppnetwork.org')
    expect(textOf(0x6f04)).toContain('sip:+4915551234567')
  })

  it('personalize updates the home network files, with MNCs of two and three digits', () => {
    const usim = getUsim(install(createTemplate(own()).personalize({ imsi: VALUES.imsi })))!
    expect(contentOf(usim, 0x6fd9)).toBe('62f220')
    expect(contentOf(usim, 0x6f62).slice(0, 20)).toBe('62f220080062f2204000')
    const three = getUsim(install(createTemplate(own()).personalize({ imsi: '310410123456789', mncLength: 3 })))!
    expect(contentOf(three, 0x6fad).slice(6)).toBe('03')
  })

  it('personalize accepts an IMSI of fewer digits', () => {
    expect(getProfileSubscriber(createTemplate(own()).personalize({ imsi: '26202123456' })).imsi).toBe('26202123456')
  })
})

it.skipIf(ts48Missing)(`personalize replaces the key of the test algorithm${ts48Reason}`, () => {
  const template = decodeProfilePackage(readTs48(TS48_NAMES[0]))
  const rand = bytes(3)
  const { algorithm } = getProfileSubscriber(createTemplate(template).personalize({ k: bytes(0x44) }))
  expect(toHex(algorithm.f2(rand))).toBe(toHex(testAlgorithm(bytes(0x44)).f2(rand)))
  expect(refusal(template, { opc: bytes(1) })).toMatchObject({
    element: 'opc',
    message: expect.stringContaining('algorithm: milenage'),
  })
})

describe('personalize rejects an invalid value', () => {
  it.each<[string, Personalization, string]>([
    [
      'an ICCID without its check digit',
      { iccid: '8949001234567890129' },
      'iccid: its last digit is not the check digit (Luhn)',
    ],
    ['an ICCID that is too short', { iccid: '89490012' }, 'iccid: 18 to 20 digits are expected'],
    ['an ICCID of another industry', { iccid: '7949001234567890121' }, 'iccid: it must begin with 89'],
    ['an IMSI with letters', { imsi: '26202x' }, 'imsi: 6 to 15 digits are expected'],
    ['a number with blanks', { msisdn: '+49 1' }, 'msisdn: up to 20 digits'],
    ['a key that is too short', { k: fromHex('0011') }, 'k: 16 or 32 bytes are expected, not 2'],
    ['a Milenage key of 32 bytes', { k: bytes(1, 32) }, 'k: a milenage key has 16 bytes'],
    ['an OPc of 32 bytes', { opc: bytes(1, 32) }, 'opc: for milenage it has 16 bytes'],
    ['a PIN of three digits', { pin1: '123' }, 'pin1: 4 to 8 digits are expected'],
    ['a PUK of seven digits', { puk2: '1234567' }, 'puk2: 8 digits are expected'],
    ['an ADM of seven bytes', { adm1: bytes(1, 7) }, 'adm1: 8 bytes are expected, not 7'],
    ['an OTA key that the key set does not take', { kid: bytes(1, 32) }, 'kid: the key of the template has 16 bytes'],
    ['an algorithm without keys', { algorithm: 'milenage' }, 'k: milenage requires it'],
  ])('%s', (_name, values, expected) => {
    const { message } = refusal(own(), values)
    expect(message).toContain(expected)
  })

  it('personalize rejects a value for which the template has no file', () => {
    const without = (kind: string): ProfilePackage => ({
      elements: own().elements.filter(element => element.kind !== kind),
    })
    expect(refusal(without('securityDomain'), { kic: bytes(1) }).message).toContain(
      'kic: the template has no securityDomain',
    )
    expect(refusal(without('opt-usim'), { msisdn: '+49155' }).message).toContain(
      'msisdn: the template has no EF.MSISDN',
    )
  })
})
