import { concat } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { encodeTlv, getChildren, readTlv, type Tlv, getContent as tlvValue } from '../../asn1/tlv.ts'
import { packPlmn, swapHalves, unpackImsi } from '../digits.ts'
import { ProfileError } from '../error.ts'
import type { Directory, ElementaryFile } from '../file-tree.ts'
import { concealIdentity, PROTECTION_SCHEMES } from '../suci.ts'
import { hasService, isOpen } from './application.ts'
import { type CardCommandResult, type CardFiles, getFileContent, type Selection } from './card-files.ts'
import type { CardCommand } from './command.ts'

const [OK, NOT_ALLOWED, NOT_SATISFIED, WRONG_P1_P2] = [0x9000, 0x6982, 0x6985, 0x6a86]
/** P2 (TS 31.102 §7.5.1.2): the requested identity. */
const SUCI_CONTEXT = 0x01
const SUCI_TLV = 0xa1
/** Services 124 and 125: subscription identifier privacy, and SUCI calculation by the USIM (TS 31.102 §4.2.8). */
const SERVICES = [124, 125]
const FID = { imsi: 0x6f07, ad: 0x6fad, df5gs: 0x5fc0, routingIndicator: 0x4f0a, dfSaip: 0x5fd0, calcInfo: 0x4f01 }

const efIn = (directory: Directory | undefined, fid: number): ElementaryFile | undefined => {
  const file = directory?.children.get(fid)
  return file?.kind === 'EF' ? file : undefined
}
const dfIn = (directory: Directory, fid: number): Directory | undefined => {
  const file = directory.children.get(fid)
  return file === undefined || file.kind === 'EF' ? undefined : file
}

interface Scheme {
  readonly identifier: number
  readonly keyIdentifier: number
  readonly key: Uint8Array
}

/**
 * The scheme of highest priority in EF.SUCI_Calc_Info (TS 31.102 §4.4.11.8): 'A0' has pairs of scheme and key index,
 * 'A1' the keys ('80' identifier, '81' key). The null-scheme without usable content (TS 33.501 §6.12.2).
 */
const schemeOf = (content: Uint8Array): Scheme => {
  const none: Scheme = { identifier: 0, keyIdentifier: 0, key: new Uint8Array(0) }
  try {
    const list = readTlv(content)
    const [identifier = 0, index = 0] = tlvValue(list)
    if (list.tag !== 0xa0 || identifier === 0) return none
    const keys = getChildren(readTlv(content, list.end))
    const [keyIdentifier, key] = [keys[2 * index - 2], keys[2 * index - 1]]
    if (keyIdentifier?.tag !== 0x80 || key?.tag !== 0x81) return none
    return { identifier, keyIdentifier: first(keyIdentifier), key: tlvValue(key) }
  } catch (error) {
    if (error instanceof Asn1Error) return none
    throw error
  }
}
const first = (tlv: Tlv): number => tlvValue(tlv)[0] ?? 0

/** Digits of the MSIN in a SUCI: low half first, 'F' fills the last byte (TS 24.501 figure 9.11.3.4.4). */
const packMsin = (msin: string): Uint8Array => {
  const padded = msin.length % 2 === 0 ? msin : `${msin}f`
  return swapHalves(Uint8Array.from(padded.match(/../g) ?? [], pair => Number.parseInt(pair, 16)))
}

/** GET IDENTITY in the SUCI context (TS 31.102 §7.5): the USIM conceals the identity of the subscriber. */
export const handleGetIdentity = (
  card: CardFiles,
  selection: Selection,
  { p1, p2 }: CardCommand,
): CardCommandResult => {
  const refuse = (status: number): CardCommandResult => ({ card, selection, status })
  if (p1 !== 0 || p2 !== SUCI_CONTEXT) return refuse(WRONG_P1_P2)
  const adf = selection.application
  if (adf === undefined || !SERVICES.every(service => hasService(card, adf, service))) return refuse(NOT_SATISFIED)
  if (!isOpen(card, adf)) return refuse(NOT_ALLOWED)
  const [imsiFile, saip] = [efIn(adf, FID.imsi), dfIn(adf, FID.dfSaip)]
  const imsi = imsiFile && unpackImsi(getFileContent(card, imsiFile))
  const calcInfo = efIn(saip, FID.calcInfo)
  if (imsi === undefined || calcInfo === undefined) return refuse(NOT_SATISFIED)
  const suci = suciOf(card, adf, imsi, schemeOf(getFileContent(card, calcInfo)))
  return suci === undefined ? refuse(NOT_SATISFIED) : { card, selection, status: OK, data: encodeTlv(SUCI_TLV, suci) }
}

/** The 5GS mobile identity of type SUCI (TS 24.501 §9.11.3.4): format IMSI, PLMN, routing indicator, scheme, key, output. */
const suciOf = (card: CardFiles, adf: Directory, imsi: string, scheme: Scheme): Uint8Array | undefined => {
  const ad = efIn(adf, FID.ad)
  const mncLength = ad !== undefined && (getFileContent(card, ad)[3] ?? 2) === 3 ? 3 : 2
  const indicator = efIn(dfIn(adf, FID.df5gs), FID.routingIndicator)
  const schemeInput = packMsin(imsi.slice(3 + mncLength))
  const name = PROTECTION_SCHEMES[scheme.identifier as keyof typeof PROTECTION_SCHEMES]
  let output = schemeInput
  if (name === undefined) return undefined
  if (name !== 'null-scheme') {
    if (card.random === undefined) return undefined
    const ephemeralPrivateKey = card.random(32)
    try {
      output = concealIdentity({ scheme: name, homeNetworkKey: scheme.key, ephemeralPrivateKey, schemeInput })
    } catch (error) {
      // With an invalid key in the file, the card does not return the identity in the clear.
      if (error instanceof ProfileError) return undefined
      throw error
    }
  }
  return concat(
    Uint8Array.of(0x01),
    packPlmn(imsi.slice(0, 3), imsi.slice(3, 3 + mncLength)),
    indicator === undefined ? Uint8Array.of(0xf0, 0xff) : getFileContent(card, indicator).subarray(0, 2),
    Uint8Array.of(scheme.identifier, scheme.keyIdentifier),
    output,
  )
}
