import { Asn1Error } from '../../../asn1/error.ts'
import { getContent, readTlv, readTlvs } from '../../../asn1/tlv.ts'
import type { ServiceName } from '../../../profile/elements/profile-element.ts'
import { ProfileError } from '../../../profile/error.ts'
import { decodeElements, type ElementOfKind } from '../../../profile/package.ts'
import type { DeviceInfo } from '../../../rsp/authentication.ts'
import type { EUICCInfo2, UICCCapability } from '../../../rsp/euicc-info.ts'
import { createSmdpError } from '../error.ts'
import type { ProfileFacts } from '../profile-facts.ts'
import type { StockProfile } from '../store.ts'
import { findLack } from './profile-requirements.ts'

type Capability = Exclude<UICCCapability[number], number>

/** The capability that a card needs for each mandatory service of a profile header (SAIP §8.1, §9.1). */
const CAPABILITY_OF: Readonly<Record<ServiceName, Capability>> = {
  contactless: 'contactlessSupport',
  usim: 'usimSupport',
  isim: 'isimSupport',
  csim: 'csimSupport',
  milenage: 'akaMilenage',
  tuak128: 'akaTuak128',
  tuak256: 'akaTuak256',
  cave: 'akaCave',
  'usim-test-algorithm': 'usimTestAlgorithm',
  'gba-usim': 'gbaAuthenUsim',
  'gba-isim': 'gbaAuthenISim',
  mbms: 'mbmsAuthenUsim',
  eap: 'eapClient',
  javacard: 'javacard',
  multos: 'multos',
  'multiple-usim': 'multipleUsimSupport',
  'multiple-isim': 'multipleIsimSupport',
  'multiple-csim': 'multipleCsimSupport',
  'ber-tlv': 'berTlvFileSupport',
  dfLink: 'dfLinkSupport',
  'cat-tp': 'catTp',
  'get-identity': 'getIdentity',
  'profile-a-x25519': 'profile-a-x25519',
  'profile-b-p256': 'profile-b-p256',
  suciCalculatorApi: 'suciCalculatorApi',
  'dns-resolution': 'dns-resolution',
  scp11ac: 'scp11ac',
  'scp11c-authorization-mechanism': 'scp11c-authorization-mechanism',
  s16mode: 's16mode',
  eaka: 'eaka',
}

/**
 * Checks whether card and device can use the profile (SGP.22 §4.2, Annex F). Absent information passes. Card and device
 * share one status code: 8.2.5/4.3 is "no eligible profile for this eUICC/device".
 */
export const checkEligibility = (
  profile: StockProfile,
  facts: ProfileFacts,
  info: EUICCInfo2,
  { deviceCapabilities }: DeviceInfo,
): void => {
  const forbidden = info.forbiddenProfilePolicyRules ?? []
  const rule = facts.profilePolicyRules?.find(rule => forbidden.includes(rule))
  if (rule !== undefined) throw createSmdpError('not-eligible', `the eUICC forbids ${rule}`)
  // SGP.22 §2.4.5.3: the keys of a test profile are public.
  if (facts.profileClass === 'test' && !info.rspCapability.includes('testProfileSupport'))
    throw createSmdpError('not-eligible', 'the eUICC does not support test profiles')
  const header = headerOf(profile.package)
  if (header !== undefined) checkHeader(header, info)
  const lack = profile.requires && findLack(profile.requires, deviceCapabilities, info.uiccCapability)
  if (lack !== undefined) throw createSmdpError('not-eligible', lack)
  const free = freeMemory(info.extCardResource)
  if (free !== undefined && free < profile.memory)
    throw createSmdpError('not-enough-memory', `${profile.memory} bytes are needed, ${free} are free`)
}

type ProfileHeader = ElementOfKind<'header'>['value']

const checkHeader = (header: ProfileHeader, info: EUICCInfo2): void => {
  const versions = [info.profileVersion, ...(info.additionalEuiccProfilePackageVersions ?? [])]
  const highest = Math.max(...versions.map(([major]) => major!))
  // A card supports the profiles of earlier major versions. The additions of a minor version are optional.
  if (header['major-version'] > highest)
    throw createSmdpError(
      'not-eligible',
      `the profile has version ${header['major-version']}, the eUICC supports up to ${highest}`,
    )
  for (const service of Object.keys(header['eUICC-Mandatory-services']) as ServiceName[]) {
    const capability = CAPABILITY_OF[service]
    if (!info.uiccCapability.includes(capability))
      throw createSmdpError('not-eligible', `the profile needs ${capability}`)
  }
}

/** Decodes only the header. Undefined for a package without a valid header, which only the card rejects. */
const headerOf = (bytes: Uint8Array): ProfileHeader | undefined => {
  try {
    const [first] = decodeElements(bytes.subarray(0, readTlv(bytes).end))
    return first?.kind === 'header' ? first.value : undefined
  } catch (error) {
    if (error instanceof Asn1Error || error instanceof ProfileError) return undefined
    throw error
  }
}

/** ETSI TS 102 226 §8.2.1.7.2: tag '82' is the free non-volatile memory in bytes. The elements have no wrapper. */
const freeMemory = (extCardResource: Uint8Array): number | undefined => {
  try {
    const element = readTlvs(extCardResource).find(({ tag }) => tag === 0x82)
    if (element === undefined) return undefined
    const octets = getContent(element)
    return octets.length === 0 || octets.length > 6 ? undefined : Buffer.from(octets).readUIntBE(0, octets.length)
  } catch (error) {
    if (error instanceof Asn1Error) return undefined
    throw error
  }
}
