import { accessRuleRecords } from './build/access-rules.ts'
import { remoteFileManagement, securityDomain } from './build/applications.ts'
import {
  accessClass,
  administrativeData,
  dialing,
  directoryRecord,
  emergencyCall,
  homeNetworks,
  serviceProviderName,
  serviceTable,
  shortMessageParameters,
} from './build/contents.ts'
import { asTemplate, directory, file, filled, records } from './build/files.ts'
import { hasLuhn, packDigits, packImsi, packPlmn, swapHalves } from './digits.ts'
import type { File, PEHeader } from './elements/file.ts'
import type { ElementKind, ElementValue, ServiceName } from './elements/profile-element.ts'
import { ProfileError } from './error.ts'
import { createElement, type ProfileElement, type ProfilePackage } from './package.ts'

/** The authentication algorithm of the subscriber and its keys. */
export type ProfileAlgorithm =
  | { readonly name: 'milenage'; readonly k: Uint8Array; readonly opc: Uint8Array }
  | { readonly name: 'tuak'; readonly k: Uint8Array; readonly topc: Uint8Array; readonly numberOfKeccak?: number }
  | { readonly name: 'usim-test-algorithm'; readonly k: Uint8Array }

export interface ProfileParameters {
  /** 18 to 20 digits; the last one is the Luhn digit. */
  readonly iccid: string
  readonly imsi: string
  /** The number of MNC digits in the IMSI, 2 by default. */
  readonly mncLength?: 2 | 3
  readonly algorithm: ProfileAlgorithm
  readonly serviceProviderName: string
  readonly msisdn?: string
  readonly serviceCenter?: string
  /** Four to eight digits. Without it PIN1 is disabled, as in profiles of most operators. */
  readonly pin1?: string
  readonly profileType?: string
  /** The random source for PUKs, the administrative key and the keys of the MNO-SD. */
  readonly random: (length: number) => Uint8Array
}

const ROOT = '2.23.143.1.2.'
const USIM_AID = Uint8Array.of(0xa0, 0, 0, 0, 0x87, 0x10, 0x02, 0xff, 0xff, 0xff, 0xff, 0x89, 0x07, 0x09, 0, 0)
/** The temporary file ID of ADF.USIM inside the package. */
const USIM_FID = Uint8Array.of(0x7f, 0xd0)
/** The key references in the PIN status of a directory: its PINs. */
const [MF_PINS, DF_PINS] = [Uint8Array.of(0x01, 0x0a), Uint8Array.of(0x01, 0x81, 0x0a)]

/** The services of EF.UST whose files the profile contains (TS 31.102 §4.2.8). */
const UST_SERVICES = [2, 10, 12, 19, 20, 21, 27, 33, 38, 42, 43, 71, 85, 122, 123]

/** A PIN or PUK as ASCII digits, padded with 'FF' (TS 102 221 §9.5.1). */
const pinBytes = (digits: string): Uint8Array => {
  if (!/^\d{4,8}$/.test(digits)) throw new ProfileError('bad-parameter', 'a PIN has 4 to 8 digits')
  const out = new Uint8Array(8).fill(0xff)
  out.set(Uint8Array.from(digits, digit => digit.charCodeAt(0)))
  return out
}
const randomDigits = (random: ProfileParameters['random']): Uint8Array => random(8).map(octet => 0x30 + (octet % 10))

const checkParameters = ({ iccid, imsi, algorithm }: ProfileParameters): void => {
  if (!/^89\d{16,18}$/.test(iccid) || !hasLuhn(iccid))
    throw new ProfileError('bad-parameter', 'an ICCID has 18 to 20 digits, begins with 89 and ends with its Luhn digit')
  if (!/^\d{6,15}$/.test(imsi)) throw new ProfileError('bad-parameter', 'an IMSI has 6 to 15 digits')
  const lengths = algorithm.name === 'tuak' ? [16, 32] : [16]
  if (!lengths.includes(algorithm.k.length))
    throw new ProfileError('bad-parameter', `a ${algorithm.name} key has ${lengths.join(' or ')} bytes`)
}

/**
 * Builds an operational profile in the format of SAIP 2.3, which cards of all later versions accept. It contains a USIM
 * with the files that a device reads to attach, PINs, the MNO-SD and remote file management.
 */
export const buildProfilePackage = (parameters: ProfileParameters): ProfilePackage => {
  checkParameters(parameters)
  const { random } = parameters
  const elements: ProfileElement[] = []
  let identification = 0
  const add = <K extends ElementKind>(kind: K, value: ElementValue<K> | ((header: PEHeader) => ElementValue<K>)) => {
    const header: PEHeader = { mandated: null, identification }
    const offset = elements.reduce((sum, { bytes }) => sum + bytes.length, 0)
    elements.push(createElement(kind, typeof value === 'function' ? value(header) : value, offset))
    identification++
  }
  const puks = [randomDigits(random), randomDigits(random)] as const
  const adm1 = random(8)
  const algorithmService = serviceOf(parameters.algorithm)
  const accessRules = records(...accessRuleRecords())

  add('header', {
    'major-version': 2,
    'minor-version': 3,
    profileType: parameters.profileType ?? 'esim-bench operational profile',
    iccid: packDigits(parameters.iccid, 10),
    'eUICC-Mandatory-services': { usim: null, [algorithmService]: null },
    'eUICC-Mandatory-GFSTEList': ['1', '3', '4', '5', '7', '13'].map(number => ROOT + number),
  } as ElementValue<'header'>)
  add('mf', header => ({
    'mf-header': header,
    templateID: `${ROOT}1`,
    mf: directory(MF_PINS),
    'ef-pl': asTemplate,
    'ef-iccid': filled(swapHalves(packDigits(parameters.iccid, 10))),
    'ef-dir': records(directoryRecord(USIM_AID, 'USIM')),
    'ef-arr': accessRules,
    // At most 60 mA, no additional start-up power (TS 102 221 §13.4)
    'ef-umpc': filled(Uint8Array.of(0x3c, 0x3c, 0, 0, 0)),
  }))
  add('pukCodes', header => ({
    'puk-Header': header,
    pukCodes: [
      { keyReference: 0x01, pukValue: puks[0] },
      { keyReference: 0x81, pukValue: puks[1] },
    ] as unknown as ElementValue<'pukCodes'>['pukCodes'],
  }))
  const isPin1Enabled = parameters.pin1 !== undefined
  add('pinCodes', header =>
    pins(header, [
      {
        keyReference: 0x01,
        pinValue: pinBytes(parameters.pin1 ?? '0000'),
        unblockingPINReference: 0x01,
        pinAttributes: isPin1Enabled ? 7 : 6,
      },
      { keyReference: 0x0a, pinValue: adm1, pinAttributes: 1, 'maxNumOfAttemps-retryNumLeft': 0xaa },
    ]),
  )
  add('telecom', header => ({
    'telecom-header': header,
    templateID: `${ROOT}3`,
    'df-telecom': directory(DF_PINS),
    'ef-arr': accessRules,
  }))
  add('usim', header => ({ 'usim-header': header, templateID: `${ROOT}4`, ...usimFiles(parameters, accessRules) }))
  add('opt-usim', header => ({
    'optusim-header': header,
    templateID: `${ROOT}5`,
    ...optionalUsimFiles(parameters),
  }))
  add('pinCodes', header =>
    pins(header, [{ keyReference: 0x81, pinValue: pinBytes('0000'), unblockingPINReference: 0x81, pinAttributes: 3 }]),
  )
  add('akaParameter', header => akaParameter(header, parameters.algorithm))
  add('gsm-access', header => ({
    'gsm-access-header': header,
    templateID: `${ROOT}7`,
    'df-gsm-access': directory(DF_PINS),
    'ef-kc': asTemplate,
    'ef-kcgprs': asTemplate,
  }))
  add('df-5gs', header => ({
    'df-5gs-header': header,
    templateID: `${ROOT}13`,
    'df-df-5gs': directory(DF_PINS, { fileID: Uint8Array.of(0x5f, 0xc0) }),
    'ef-5gs3gpploci': asTemplate,
    'ef-5gsn3gpploci': asTemplate,
    'ef-5gs3gppnsc': asTemplate,
    'ef-5gsn3gppnsc': asTemplate,
    'ef-5gauthkeys': filled(new Uint8Array(110).fill(0xff)),
  }))
  add('securityDomain', header => securityDomain(header, random))
  add('rfm', header => remoteFileManagement(header, 0x01, 0x20))
  add('rfm', header => remoteFileManagement(header, 0x02, 0x40, USIM_AID))
  add('end', header => ({ 'end-header': header }))
  return { elements }
}

const serviceOf = (algorithm: ProfileAlgorithm): ServiceName =>
  algorithm.name === 'tuak' ? (algorithm.k.length === 32 ? 'tuak256' : 'tuak128') : algorithm.name

type PinValue = Extract<ElementValue<'pinCodes'>['pinCodes'], { pinconfig: unknown }>['pinconfig'][number]
const pins = (header: PEHeader, pinconfig: readonly Partial<PinValue>[]): ElementValue<'pinCodes'> => ({
  'pin-Header': header,
  pinCodes: { pinconfig: pinconfig as readonly PinValue[] },
})

const usimFiles = (parameters: ProfileParameters, accessRules: File): Record<string, File> => {
  const { imsi, mncLength = 2, serviceCenter } = parameters
  return {
    'adf-usim': directory(DF_PINS, { fileID: USIM_FID, dfName: USIM_AID }),
    'ef-imsi': filled(packImsi(imsi)),
    'ef-arr': accessRules,
    'ef-ust': file({ efFileSize: Uint8Array.of(17) }, serviceTable(UST_SERVICES, 17)),
    ...(serviceCenter && { 'ef-smsp': filled(shortMessageParameters(serviceCenter)) }),
    'ef-spn': filled(serviceProviderName(parameters.serviceProviderName)),
    'ef-est': filled(Uint8Array.of(0)),
    'ef-acc': filled(accessClass(imsi)),
    'ef-ad': filled(administrativeData(mncLength)),
    'ef-ecc': records(emergencyCall('112'), emergencyCall('911')),
  }
}

const optionalUsimFiles = (parameters: ProfileParameters): Record<string, File> => {
  const { imsi, mncLength = 2, msisdn } = parameters
  const [mcc, mnc] = [imsi.slice(0, 3), imsi.slice(3, 3 + mncLength)]
  const networks = homeNetworks(mcc, mnc)
  return {
    'ef-li': asTemplate,
    'ef-msisdn': msisdn === undefined ? asTemplate : filled(dialing(msisdn, 24)),
    'ef-plmnwact': asTemplate,
    'ef-oplmnwact': asTemplate,
    'ef-hplmnwact': file({ efFileSize: Uint8Array.of(networks.length) }, networks),
    'ef-ehplmn': filled(packPlmn(mcc, mnc)),
  }
}

const akaParameter = (header: PEHeader, algorithm: ProfileAlgorithm): ElementValue<'akaParameter'> => {
  const own = {
    milenage: () => ({ algorithmOptions: Uint8Array.of(0x01), opc: (algorithm as { opc: Uint8Array }).opc }),
    tuak: () => {
      const { topc, numberOfKeccak } = algorithm as { topc: Uint8Array; numberOfKeccak?: number }
      return { algorithmOptions: Uint8Array.of(0x01), opc: topc, ...(numberOfKeccak && { numberOfKeccak }) }
    },
    'usim-test-algorithm': () => ({ algorithmOptions: Uint8Array.of(0x02), opc: new Uint8Array(16) }),
  }[algorithm.name]()
  const algoParameter = { algorithmID: algorithm.name, key: algorithm.k, ...own }
  return { 'aka-header': header, algoConfiguration: { algoParameter } } as unknown as ElementValue<'akaParameter'>
}
