import { toHex } from '../../../asn1/bytes.ts'
import { UNKNOWN } from '../../../asn1/constructed.ts'
import { decode, type TypeOf } from '../../../asn1/schema.ts'
import { childrenOf, contentOf, encodeTlv, readOnlyTlv } from '../../../asn1/tlv.ts'
import type { EuiccDescription, RulesAuthorisationTable } from '../../../lpa/euicc.ts'
import { ExtCardResource } from '../../../rsp/euicc-info.ts'
import { showVersion } from '../../../rsp/identifiers.ts'
import { table } from '../table.ts'
import { nameCiKey } from './ci-keys.ts'

export interface CardFacts {
  readonly description: EuiccDescription
  readonly isdrAid: Uint8Array
  readonly isdrSvn: Uint8Array | undefined
  readonly atr: Uint8Array
  /** The CI key of the certificates in use here. */
  readonly ownCi: string | undefined
}

const hex = (bytes: Uint8Array): string => toHex(bytes).toUpperCase()
const versionOf = (version: Uint8Array | undefined): string | undefined => version && showVersion(version)
const numberOf = (bytes: Uint8Array): number => Buffer.from(bytes).readUIntBE(0, bytes.length)

/** ETSI TS 102 226 §8.2.1.7.2; what a card puts there that is not of this form is shown as it is. */
export const readCardResource = (
  extCardResource: Uint8Array,
): { installedApplications: number; freeNonVolatile: number; freeVolatile: number } | { raw: string } => {
  try {
    const resource: TypeOf<typeof ExtCardResource> = decode(
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

/** What SGP.22 v3 and SGP.32 add to EUICCInfo2 behind what v2 knows, by tag. */
const LATER_FIELDS: Readonly<Record<string, { name: string; show: (element: Uint8Array) => unknown }>> = {
  '90': { name: 'lpaMode', show: element => (contentOf(readOnlyTlv(element))[0] === 1 ? 'lpae' : 'lpad') },
  B1: {
    name: 'euiccCiPKIdListForSigningV3',
    show: element => childrenOf(readOnlyTlv(element)).map(id => hex(contentOf(id))),
  },
  '92': { name: 'additionalEuiccInfo', show: element => hex(contentOf(readOnlyTlv(element))) },
  '93': { name: 'highestSvn', show: element => showVersion(contentOf(readOnlyTlv(element))) },
  B4: { name: 'iotSpecificInfo', show: element => hex(contentOf(readOnlyTlv(element))) },
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
    if (field === undefined) unknown.push({ tag, value: hex(contentOf(tlv)) })
    else later[field.name] = field.show(element)
  }
  return { later, unknown }
}

/** TS 24.008 §10.5.1.3: swapped digits, `E` for any, `F` for a third digit of the MNC that is not there. */
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

/** `card info` as data: everything by name. */
export const viewInfo = ({ description, isdrAid, isdrSvn, atr, ownCi }: CardFacts) => {
  const { eid, addresses, euiccInfo1, euiccInfo2, rat } = description
  const keys = (ids: readonly Uint8Array[]) =>
    ids.map(id => {
      const known = nameCiKey(hex(id), ownCi)
      return { id: hex(id), ...(known ?? {}) }
    })
  const { later, unknown } = readUnknown(euiccInfo2[UNKNOWN] ?? [])
  return {
    eid,
    isdrAid: hex(isdrAid),
    ...(isdrSvn === undefined ? {} : { isdrSvn: showVersion(isdrSvn) }),
    atr: hex(atr),
    addresses: {
      defaultSmdpAddress: addresses.defaultDpAddress ?? '',
      rootSmdsAddress: addresses.rootDsAddress,
    },
    euiccInfo1: {
      svn: showVersion(euiccInfo1.svn),
      euiccCiPKIdListForVerification: keys(euiccInfo1.euiccCiPKIdListForVerification),
      euiccCiPKIdListForSigning: keys(euiccInfo1.euiccCiPKIdListForSigning),
    },
    euiccInfo2: {
      profileVersion: showVersion(euiccInfo2.profileVersion),
      svn: showVersion(euiccInfo2.svn),
      euiccFirmwareVer: showVersion(euiccInfo2.euiccFirmwareVer),
      extCardResource: readCardResource(euiccInfo2.extCardResource),
      uiccCapability: euiccInfo2.uiccCapability,
      ts102241Version: versionOf(euiccInfo2.ts102241Version),
      globalplatformVersion: versionOf(euiccInfo2.globalplatformVersion),
      rspCapability: euiccInfo2.rspCapability,
      euiccCiPKIdListForVerification: keys(euiccInfo2.euiccCiPKIdListForVerification),
      euiccCiPKIdListForSigning: keys(euiccInfo2.euiccCiPKIdListForSigning),
      euiccCategory: euiccInfo2.euiccCategory,
      forbiddenProfilePolicyRules: euiccInfo2.forbiddenProfilePolicyRules,
      ppVersion: showVersion(euiccInfo2.ppVersion),
      sasAcreditationNumber: euiccInfo2.sasAcreditationNumber,
      certificationDataObject: euiccInfo2.certificationDataObject,
      treProperties: euiccInfo2.treProperties,
      treProductReference: euiccInfo2.treProductReference,
      additionalEuiccProfilePackageVersions: euiccInfo2.additionalEuiccProfilePackageVersions?.map(showVersion),
      ...later,
      ...(unknown.length > 0 ? { unknown } : {}),
    },
    rulesAuthorisationTable: viewRat(rat),
  }
}
export type InfoView = ReturnType<typeof viewInfo>

const none = (text: string | undefined, instead = 'none'): string =>
  text === undefined || text === '' ? instead : text
const names = (list: readonly unknown[] | undefined): string => none(list?.map(String).join(', '))

/** The same for a person to read. */
export const showInfo = (view: InfoView): string[] => {
  const { euiccInfo1: info1, euiccInfo2: info2 } = view
  const { extCardResource: memory } = info2
  const rows: [string, string][] = [
    ['EID', view.eid],
    ['ISD-R', view.isdrAid],
    ['ATR', none(view.atr, 'not told on this way to the card')],
    ['firmware', info2.euiccFirmwareVer],
    ['SGP.22', `${info1.svn}${info1.svn === info2.svn ? '' : ` (EUICCInfo2: ${info2.svn})`}`],
    ['profile packages', [info2.profileVersion, ...(info2.additionalEuiccProfilePackageVersions ?? [])].join(', ')],
    [
      'free memory',
      'raw' in memory
        ? `not readable: ${memory.raw}`
        : `${memory.freeNonVolatile} bytes for profiles, ${memory.freeVolatile} bytes volatile; ` +
          `${memory.installedApplications} applications installed`,
    ],
    ['default SM-DP+', none(view.addresses.defaultSmdpAddress)],
    ['root SM-DS', none(view.addresses.rootSmdsAddress)],
    ['UICC capabilities', names(info2.uiccCapability)],
    ['RSP capabilities', names(info2.rspCapability)],
    ['category', none(info2.euiccCategory === undefined ? undefined : String(info2.euiccCategory), 'not told')],
    ['forbidden rules', names(info2.forbiddenProfilePolicyRules)],
    ['TS 102 241', none(info2.ts102241Version, 'not told')],
    ['GlobalPlatform', none(info2.globalplatformVersion, 'not told')],
    ['protection profile', info2.ppVersion],
    ['SAS number', none(info2.sasAcreditationNumber)],
  ]
  if (info2.certificationDataObject)
    rows.push(
      ['platform label', info2.certificationDataObject.platformLabel],
      ['DLOA registrar', info2.certificationDataObject.discoveryBaseURL],
    )
  if (info2.treProperties) rows.push(['TRE', `${names(info2.treProperties)} ${info2.treProductReference ?? ''}`.trim()])
  for (const { name } of Object.values(LATER_FIELDS)) {
    const value = (info2 as Readonly<Record<string, unknown>>)[name]
    if (value !== undefined) rows.push([name, String(value)])
  }
  for (const { tag, value } of info2.unknown ?? []) rows.push([`unknown tag ${tag}`, value])

  const key = ({ id, name, kind }: InfoView['euiccInfo1']['euiccCiPKIdListForSigning'][number]): [string, string] => [
    `  ${id}`,
    name === undefined ? 'not known here' : `${name} (${kind})`,
  ]
  const verification = info2.euiccCiPKIdListForVerification
  const signing = info2.euiccCiPKIdListForSigning
  const isSame = verification.map(({ id }) => id).join() === signing.map(({ id }) => id).join()
  return [
    ...table(rows.flatMap(fold)),
    '',
    isSame ? 'CI keys, for verification and signing' : 'CI keys for verification',
    ...table(verification.map(key)),
    ...(isSame ? [] : ['CI keys for signing', ...table(signing.map(key))]),
    '',
    'rules authorisation table',
    ...(view.rulesAuthorisationTable.length === 0 ? ['  empty: no profile with policy rules may come'] : []),
    ...view.rulesAuthorisationTable.map(
      ({ pprIds, allowedOperators, pprFlags }) =>
        `  ${names(pprIds)} for ${allowedOperators.map(showOperator).join('; ')}` +
        `${pprFlags.includes('consentRequired') ? ', with consent' : ''}`,
    ),
  ]
}

const WIDEST = 88

/** A long list goes on in the next line, under itself. */
const fold = ([name, text]: [string, string]): [string, string][] => {
  const lines: string[] = []
  for (const part of text.split(/(?<=, )/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + part.length > WIDEST) lines.push(part)
    else lines[lines.length - 1] = last + part
  }
  return lines.map((line, index) => [index === 0 ? name : '', line.trimEnd()])
}

const showOperator = ({ plmn, gid1, gid2 }: { plmn: string; gid1?: string; gid2?: string }): string =>
  `${/^E+$/.test(plmn) ? 'any operator' : plmn}${gid1 ? `, GID1 ${gid1}` : ''}${gid2 ? `, GID2 ${gid2}` : ''}`
