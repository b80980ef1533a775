import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { Directory, InstalledProfile } from '../../profile/file-tree.ts'
import type { OperatorId } from '../../rsp/identifiers.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'

const EF = { ICCID: 0x2fe2, IMSI: 0x6f07, GID1: 0x6f3e, GID2: 0x6f3f } as const

/**
 * SGP.22 §5.5.3: the profile matches its metadata: the ICCID, and if an owner is given, operator and group of each
 * USIM.
 */
export const matchesMetadata = (profile: InstalledProfile, { iccid, profileOwner }: StoreMetadataRequest): boolean => {
  const stored = contentOf(profile.mf, EF.ICCID)
  if (stored === undefined || !equalBytes(stored.subarray(0, 10), iccid)) return false
  return profileOwner === undefined || profile.applications.every(application => isOf(application, profileOwner))
}

const contentOf = (directory: Directory, fid: number): Uint8Array | undefined => {
  const file = directory.children.get(fid)
  return file?.kind === 'EF' ? file.initialContent : undefined
}

const isOf = (application: Directory, { mccMnc, gid1, gid2 }: OperatorId): boolean => {
  const imsi = contentOf(application, EF.IMSI)
  // An application without IMSI (an ISIM) has no operator in this form.
  if (imsi === undefined) return true
  return (
    digitsOfImsi(imsi).startsWith(digitsOf(mccMnc)) &&
    fitsGid(contentOf(application, EF.GID1), gid1) &&
    fitsGid(contentOf(application, EF.GID2), gid2)
  )
}

/** TS 31.102 §4.2.2: a length, then swapped BCD digits; the first nibble is the parity. */
const digitsOfImsi = (imsi: Uint8Array): string =>
  toHex(imsi.subarray(1, 1 + (imsi[0] ?? 0)))
    .replace(/(.)(.)/g, '$2$1')
    .slice(1)

/** TS 24.008 §10.5.1.13: MCC2 MCC1, MNC3 MCC3, MNC2 MNC1; MNC3 is F for an MNC of two digits. */
const digitsOf = (mccMnc: Uint8Array): string => {
  const [mcc2, mcc1, mnc3, mcc3, mnc2, mnc1] = toHex(mccMnc)
  return `${mcc1}${mcc2}${mcc3}${mnc1}${mnc2}${mnc3 === 'f' ? '' : mnc3}`
}

/** The file is padded with FF after the group identifier. */
const fitsGid = (stored: Uint8Array | undefined, announced: Uint8Array | undefined): boolean =>
  announced === undefined ||
  (stored !== undefined &&
    equalBytes(stored.subarray(0, announced.length), announced) &&
    stored.subarray(announced.length).every(octet => octet === 0xff))
