import { toHex } from '../../asn1/bytes.ts'
import { UNKNOWN } from '../../asn1/constructed.ts'
import { decode, type SchemaValue } from '../../asn1/schema.ts'
import { encodeTlv, getChildren, getContent, readOnlyTlv } from '../../asn1/tlv.ts'
import type { EuiccDescription, EuiccInspection, RulesAuthorisationTable } from '../../lpa/card/euicc.ts'
import { type EUICCInfo2, ExtCardResource } from '../../rsp/euicc-info.ts'
import { showVersion } from '../../rsp/identifiers.ts'
import { table } from '../table.ts'
import { nameCiKey } from './ci-keys.ts'

export interface CardFacts {
  readonly description: EuiccInspection
  readonly isdrAid: Uint8Array
  readonly isdrSvn: Uint8Array | undefined
  readonly atr: Uint8Array
  /** The key identifier of the CI that this bench uses. */
  readonly ownCi: string | undefined
}

const hex = (bytes: Uint8Array): string => toHex(bytes).toUpperCase()
const versionOf = (version: Uint8Array | undefined): string | undefined => version && showVersion(version)
const numberOf = (bytes: Uint8Array): number => Buffer.from(bytes).readUIntBE(0, bytes.length)

/** Decodes the extended card resources (ETSI TS 102 226 §8.2.1.7.2). Returns invalid bytes as `raw`. */
export const readCardResource = (
  extCardResource: Uint8Array,
): { installedApplications: number; freeNonVolatile: number; freeVolatile: number } | { raw: string } => {
  try {
    const resource: SchemaValue<typeof ExtCardResource> = decode(
      ExtCardResource,
      encodeTlv(ExtCardResource.tag, extCardResource),
    )
    return {
      installedApplications: numberOf(resource.installedApplication),
      freeNonVolatile: numberOf(resource.freeNonVolatileMemory),
      freeVolatile: numberOf(resource.freeVolatileMemory),
    }
  } catch {
    return { raw: hex(extCardResource) }
  }
}

/** Fields that SGP.22 v3 and SGP.32 add to EUICCInfo2, by tag. */
const LATER_FIELDS: Readonly<Record<string, { name: string; show: (element: Uint8Array) => unknown }>> = {
  '90': { name: 'lpaMode', show: element => (getContent(readOnlyTlv(element))[0] === 1 ? 'lpae' : 'lpad') },
  B1: {
    name: 'euiccCiPKIdListForSigningV3',
    show: element => getChildren(readOnlyTlv(element)).map(id => hex(getContent(id))),
  },
  '92': { name: 'additionalEuiccInfo', show: element => hex(getContent(readOnlyTlv(element))) },
  '93': { name: 'highestSvn', show: element => showVersion(getContent(readOnlyTlv(element))) },
  B4: { name: 'iotSpecificInfo', show: element => hex(getContent(readOnlyTlv(element))) },
}

const readUnknown = (
  elements: readonly Uint8Array[],
): { later: Record<string, unknown>; unknown: { tag: string; value: string }[] } => {
  const later: Record<string, unknown> = {}
  const unknown: { tag: string; value: string }[] = []
  for (const element of elements) {
    const tlv = readOnlyTlv(element)
    const tag = tlv.tag.toString(16).toUpperCase().padStart(2, '0')
    const field = LATER_FIELDS[tag]
    if (field === undefined) unknown.push({ tag, value: hex(getContent(tlv)) })
    else later[field.name] = field.show(element)
  }
  return { later, unknown }
}

/** Formats an MCC and MNC (TS 24.008 §10.5.1.3): swapped digits, `E` for any, `F` for a missing third MNC digit. */
export const showPlmn = (mccMnc: Uint8Array): string => {
  const [a, b, c, d, e, f] = [...toHex(mccMnc)]
  return `${b}${a}${d}${f}${e}${c}`.toUpperCase().replace(/F$/, '')
}

const viewRat = (rat: RulesAuthorisationTable) =>
  rat.map(({ pprIds, allowedOperators, pprFlags }) => ({
    pprIds,
    allowedOperators: allowedOperators.map(({ mccMnc, gid1, gid2 }) => ({
      plmn: showPlmn(mccMnc),
      ...(gid1?.length ? { gid1: hex(gid1) } : {}),
      ...(gid2?.length ? { gid2: hex(gid2) } : {}),
    })),
    pprFlags,
  }))

/** Returns the result of `card info --json`. Missing values are absent, and `unread` contains the reasons. */
export const viewInfo = ({ description, isdrAid, isdrSvn, atr, ownCi }: CardFacts) => {
  const { eid, addresses, euiccInfo1, euiccInfo2, rat, unread } = description
  const keys = (ids: readonly Uint8Array[]) =>
    ids.map(id => {
      const known = nameCiKey(hex(id), ownCi)
      return { id: hex(id), ...(known ?? {}) }
    })
  return {
    ...(eid !== undefined && { eid }),
    isdrAid: hex(isdrAid),
    ...(isdrSvn === undefined ? {} : { isdrSvn: showVersion(isdrSvn) }),
    atr: hex(atr),
    ...(addresses && {
      addresses: {
        defaultSmdpAddress: addresses.defaultDpAddress ?? '',
        rootSmdsAddress: addresses.rootDsAddress,
      },
    }),
    ...(euiccInfo1 && {
      euiccInfo1: {
        svn: showVersion(euiccInfo1.svn),
        euiccCiPKIdListForVerification: keys(euiccInfo1.euiccCiPKIdListForVerification),
        euiccCiPKIdListForSigning: keys(euiccInfo1.euiccCiPKIdListForSigning),
      },
    }),
    ...(euiccInfo2 && { euiccInfo2: viewInfo2(euiccInfo2, keys) }),
    ...(rat && { rulesAuthorisationTable: viewRat(rat) }),
    ...(unread.length > 0 && { unread: unread.map(({ reading, error }) => ({ reading, error: error.message })) }),
  }
}
export type InfoView = ReturnType<typeof viewInfo>

interface KeyView {
  readonly id: string
  readonly name?: string
  readonly kind?: string
}

const viewInfo2 = (info: EUICCInfo2, keys: (ids: readonly Uint8Array[]) => KeyView[]) => {
  const { later, unknown } = readUnknown(info[UNKNOWN] ?? [])
  return {
    profileVersion: showVersion(info.profileVersion),
    svn: showVersion(info.svn),
    euiccFirmwareVer: showVersion(info.euiccFirmwareVer),
    extCardResource: readCardResource(info.extCardResource),
    uiccCapability: info.uiccCapability,
    ts102241Version: versionOf(info.ts102241Version),
    globalplatformVersion: versionOf(info.globalplatformVersion),
    rspCapability: info.rspCapability,
    euiccCiPKIdListForVerification: keys(info.euiccCiPKIdListForVerification),
    euiccCiPKIdListForSigning: keys(info.euiccCiPKIdListForSigning),
    euiccCategory: info.euiccCategory,
    forbiddenProfilePolicyRules: info.forbiddenProfilePolicyRules,
    ppVersion: showVersion(info.ppVersion),
    sasAcreditationNumber: info.sasAcreditationNumber,
    certificationDataObject: info.certificationDataObject,
    treProperties: info.treProperties,
    treProductReference: info.treProductReference,
    additionalEuiccProfilePackageVersions: info.additionalEuiccProfilePackageVersions?.map(showVersion),
    ...later,
    ...(unknown.length > 0 ? { unknown } : {}),
  }
}

const none = (text: string | undefined, instead = 'none'): string =>
  text === undefined || text === '' ? instead : text
const names = (list: readonly unknown[] | undefined): string => none(list?.map(String).join(', '))

/** Names of the values, for messages. */
const READINGS: Readonly<Record<keyof EuiccDescription, string>> = {
  eid: 'EID',
  addresses: 'addresses',
  euiccInfo1: 'EUICCInfo1',
  euiccInfo2: 'EUICCInfo2',
  rat: 'rules authorization table',
}

/** Returns the lines of `card info`. */
export const showInfo = (view: InfoView): string[] => {
  const { euiccInfo1: info1, euiccInfo2: info2 } = view
  const svn = info1?.svn ?? info2?.svn
  const rows: [string, string][] = [
    ['EID', none(view.eid, 'unknown')],
    ['ISD-R', view.isdrAid],
    ['ATR', none(view.atr, 'not available on this link')],
    ['SGP.22', `${svn ?? 'unknown'}${info2 && svn !== info2.svn ? ` (EUICCInfo2: ${info2.svn})` : ''}`],
  ]
  if (view.addresses)
    rows.push(
      ['default SM-DP+', none(view.addresses.defaultSmdpAddress)],
      ['root SM-DS', none(view.addresses.rootSmdsAddress)],
    )
  if (info2) rows.push(...showInfo2(info2))
  for (const { reading, error } of view.unread ?? []) rows.push([`no ${READINGS[reading]}`, error])
  return [
    ...table(rows.flatMap(fold)),
    ...showKeys(info2 ?? info1),
    ...(view.rulesAuthorisationTable ? ['', ...showRules(view.rulesAuthorisationTable)] : []),
  ]
}

const showInfo2 = (info: NonNullable<InfoView['euiccInfo2']>): [string, string][] => {
  const { extCardResource: memory } = info
  const rows: [string, string][] = [
    ['firmware', info.euiccFirmwareVer],
    ['profile packages', [info.profileVersion, ...(info.additionalEuiccProfilePackageVersions ?? [])].join(', ')],
    [
      'free memory',
      'raw' in memory
        ? `not readable: ${memory.raw}`
        : `${memory.freeNonVolatile} bytes for profiles, ${memory.freeVolatile} bytes volatile; ` +
          `${memory.installedApplications} applications installed`,
    ],
    ['UICC capabilities', names(info.uiccCapability)],
    ['RSP capabilities', names(info.rspCapability)],
    ['category', none(info.euiccCategory === undefined ? undefined : String(info.euiccCategory), 'unknown')],
    ['forbidden rules', names(info.forbiddenProfilePolicyRules)],
    ['TS 102 241', none(info.ts102241Version, 'unknown')],
    ['GlobalPlatform', none(info.globalplatformVersion, 'unknown')],
    ['protection profile', info.ppVersion],
    ['SAS number', none(info.sasAcreditationNumber)],
  ]
  if (info.certificationDataObject)
    rows.push(
      ['platform label', info.certificationDataObject.platformLabel],
      ['DLOA registrar', info.certificationDataObject.discoveryBaseURL],
    )
  if (info.treProperties) rows.push(['TRE', `${names(info.treProperties)} ${info.treProductReference ?? ''}`.trim()])
  for (const { name } of Object.values(LATER_FIELDS)) {
    const value = (info as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined) rows.push([name, String(value)])
  }
  for (const { tag, value } of info.unknown ?? []) rows.push([`unknown tag ${tag}`, value])
  return rows
}

interface KeyLists {
  readonly euiccCiPKIdListForVerification: readonly KeyView[]
  readonly euiccCiPKIdListForSigning: readonly KeyView[]
}

const showKeys = (info: KeyLists | undefined): string[] => {
  if (info === undefined) return []
  const key = ({ id, name, kind }: KeyView): [string, string] => [
    `  ${id}`,
    name === undefined ? 'unknown CI' : `${name} (${kind})`,
  ]
  const { euiccCiPKIdListForVerification: verification, euiccCiPKIdListForSigning: signing } = info
  const isSame = verification.map(({ id }) => id).join() === signing.map(({ id }) => id).join()
  return [
    '',
    isSame ? 'CI keys, for verification and signing' : 'CI keys for verification',
    ...table(verification.map(key)),
    ...(isSame ? [] : ['CI keys for signing', ...table(signing.map(key))]),
  ]
}

const showRules = (rat: ReturnType<typeof viewRat>): string[] => [
  'rules authorization table',
  ...(rat.length === 0 ? ['  empty: profiles with policy rules are not allowed'] : []),
  ...rat.map(
    ({ pprIds, allowedOperators, pprFlags }) =>
      `  ${names(pprIds)} for ${allowedOperators.map(showOperator).join('; ')}` +
      `${pprFlags.includes('consentRequired') ? ', with consent' : ''}`,
  ),
]

const MAX_WIDTH = 88

/** Breaks a long list into several rows. */
const fold = ([name, text]: [string, string]): [string, string][] => {
  const lines: string[] = []
  for (const part of text.split(/(?<=, )/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length > MAX_WIDTH) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines.map((line, index) => [index === 0 ? name : '', line.trimEnd()])
}

const showOperator = ({ plmn, gid1, gid2 }: { plmn: string; gid1?: string; gid2?: string }): string =>
  `${/^E+$/.test(plmn) ? 'any operator' : plmn}${gid1 ? `, GID1 ${gid1}` : ''}${gid2 ? `, GID2 ${gid2}` : ''}`
