import type { AkaAlgorithm } from './aka/algorithm.ts'
import { IND_VALUES, joinSqn } from './aka/sequence-number.ts'
import { toAkaAlgorithm } from './aka/to-aka-algorithm.ts'
import { unpackDigits, unpackImsi, unpackNumber } from './digits.ts'
import { ProfileError } from './error.ts'
import type { AkaDefinition, Directory, ElementaryFile, InstalledProfile } from './file-tree.ts'
import { unpackText } from './gsm-alphabet.ts'
import { installProfile, SUPPORTED_SERVICES } from './install.ts'
import type { ProfilePackage } from './package.ts'

/** The operator's data of the subscriber of a profile. Secret: `algorithm` contains the key. */
export interface Subscriber {
  readonly iccid: string
  readonly imsi: string
  readonly mcc: string
  readonly mnc: string
  readonly algorithm: AkaAlgorithm
  /** The SQN from which the AuC continues: the highest SQN that the USIM has accepted. */
  readonly sqn: Uint8Array
  readonly serviceProviderName: string | undefined
  readonly msisdn: string | undefined
}

const USIM_AID = [0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02]
const FID = { imsi: 0x6f07, ad: 0x6fad, spn: 0x6f46, msisdn: 0x6f40 }

/** Returns the first USIM of a profile. */
export const getUsim = (profile: InstalledProfile): Directory | undefined =>
  profile.applications.find(adf => USIM_AID.every((octet, i) => adf.aid?.[i] === octet))

const efOf = (adf: Directory, fid: number): ElementaryFile | undefined => {
  const file = adf.children.get(fid)
  return file?.kind === 'EF' ? file : undefined
}

/** Reads the subscriber data of a package by installing it as a card does. */
export const getProfileSubscriber = (pkg: ProfilePackage): Subscriber => {
  const capabilities = { services: new Set(SUPPORTED_SERVICES), freeMemory: Number.POSITIVE_INFINITY }
  const { profile, ...failed } = installProfile(pkg, capabilities)
  if (profile === undefined)
    throw new ProfileError('bad-element', `the profile cannot be installed: ${'reason' in failed ? failed.reason : ''}`)
  const usim = getUsim(profile)
  if (usim === undefined) throw new ProfileError('not-found', 'the profile has no USIM')
  const aka = profile.aka.get(usim.key)
  if (aka === undefined) throw new ProfileError('not-found', 'the USIM has no authentication algorithm')
  const imsi = unpackImsi(efOf(usim, FID.imsi)?.initialContent ?? new Uint8Array(0))
  if (imsi === undefined) throw new ProfileError('bad-element', 'EF.IMSI contains no IMSI')
  const iccid = unpackDigits(profile.iccid)
  if (iccid === undefined) throw new ProfileError('bad-element', 'the ICCID of the header does not consist of digits')
  const mncLength = mncLengthOf(efOf(usim, FID.ad))
  return {
    iccid,
    imsi,
    mcc: imsi.slice(0, 3),
    mnc: imsi.slice(3, 3 + mncLength),
    algorithm: toAkaAlgorithm(aka.algorithm),
    sqn: highestSqn(aka),
    serviceProviderName: readName(efOf(usim, FID.spn)),
    msisdn: readMsisdn(efOf(usim, FID.msisdn)),
  }
}

/** Byte 4 of EF.AD (TS 31.102 §4.2.18). For a value other than 2 and 3 returns two digits, which most MNCs have. */
const mncLengthOf = (ad: ElementaryFile | undefined): number => (((ad?.initialContent[3] ?? 2) & 0x0f) === 3 ? 3 : 2)

const highestSqn = ({ initialSeqs }: AkaDefinition): Uint8Array => {
  const seq = Math.max(0, ...initialSeqs)
  return joinSqn({ seq, ind: Math.max(0, initialSeqs.indexOf(seq)) % IND_VALUES })
}

/** EF.SPN (TS 31.102 §4.2.12): a display condition, then the name. */
const readName = (spn: ElementaryFile | undefined): string | undefined =>
  (spn && unpackText(spn.initialContent.subarray(1))) || undefined

/** The first record of EF.MSISDN (TS 31.102 §4.2.26): alpha identifier, then 14 bytes with length, type and digits. */
const readMsisdn = (file: ElementaryFile | undefined): string | undefined => {
  if (file === undefined || file.recordLength < 14) return undefined
  const number = file.initialContent.subarray(file.recordLength - 14, file.recordLength)
  const length = number[0]!
  if (length < 2 || length > 11) return undefined
  const digits = unpackNumber(number.subarray(2, 1 + length))
  if (!digits) return undefined
  return (number[1]! & 0x70) === 0x10 ? `+${digits}` : digits
}
