import { Asn1Error } from '../../asn1/error.ts'
import { getChildren, readTlvs, type Tlv, getContent as tlvValue } from '../../asn1/tlv.ts'
import { type Directory, type ElementaryFile, findUpwards } from '../file-tree.ts'
import { type CardFiles, findPin, getFileContent, getPinState } from './card-files.ts'

/**
 * The access of a command to a file: a bit of the access mode byte (TS 102 221 §9.2.1, table 9.2) or an instruction.
 */
export const ACCESS = { read: 0x01, update: 0x02, deactivate: 0x08, activate: 0x10 } as const
export type Access = { readonly mode: keyof typeof ACCESS } | { readonly ins: number }

/** Returns the record of EF.ARR that a file references, or undefined if the reference is invalid. */
const ruleOf = (card: CardFiles, file: Directory | ElementaryFile): Uint8Array | undefined => {
  const from = file.parent ?? (file as Directory)
  const arr = findUpwards(from, file.access.fid)
  if (arr === undefined || arr.recordLength === 0) return undefined
  const start = (file.access.record - 1) * arr.recordLength
  const record = getFileContent(card, arr).subarray(start, start + arr.recordLength)
  return start < 0 || record.length < arr.recordLength ? undefined : record
}

/** Parses the DOs of a record; trailing 'FF' and '00' bytes are padding. */
const readRule = (record: Uint8Array): readonly Tlv[] => {
  let end = record.length
  while (end > 0 && (record[end - 1] === 0xff || record[end - 1] === 0x00)) end--
  // A rule can end in zeros ('9000'), so padding is removed only as far as the DOs decode.
  for (; end <= record.length; end++) {
    try {
      return readTlvs(record, 0, end)
    } catch (error) {
      if (!(error instanceof Asn1Error)) throw error
    }
  }
  return []
}

/** An AM_DO: '80' with the mode byte, '84' with instructions (TS 102 221 §9.2.2, ISO 7816-4 §5.4.3.2). */
const matches = (am: Tlv, access: Access): boolean => {
  const value = tlvValue(am)
  if ('mode' in access) return am.tag === 0x80 && ((value[0] ?? 0) & ACCESS[access.mode]) !== 0
  return am.tag === 0x84 && value.includes(access.ins)
}

/** A CRT 'A4' with the key reference in '83': satisfied if the PIN is verified or disabled (TS 102 221 §9.5.1). */
const isPinSatisfied = (card: CardFiles, from: Directory, template: Tlv): boolean => {
  const references = getChildren(template).filter(({ tag }) => tag === 0x83)
  return references.some(reference => {
    const pin = findPin(card, from, tlvValue(reference)[0] ?? 0)
    if (pin === undefined) return false
    return card.verified.has(pin.key) || !getPinState(card, pin).enabled
  })
}

/**
 * An SC_DO (TS 102 221 §9.2.3): always, never, a key, or OR, AND, NOT of others. Unknown conditions are never
 * satisfied.
 */
const isSatisfied = (card: CardFiles, from: Directory, sc: Tlv): boolean => {
  switch (sc.tag) {
    case 0x90:
      return true
    case 0xa4:
      return isPinSatisfied(card, from, sc)
    case 0xa0:
      return getChildren(sc).some(inner => isSatisfied(card, from, inner))
    case 0xaf:
      return getChildren(sc).every(inner => isSatisfied(card, from, inner))
    case 0xa7:
      return getChildren(sc).every(inner => !isSatisfied(card, from, inner))
    default:
      return false
  }
}

const isAccessMode = ({ tag }: Tlv): boolean => tag >= 0x80 && tag <= 0x8f

/**
 * True if the access rule of a file allows a command now (TS 102 221 §9.2.4, expanded format). A rule consists of
 * AM_DOs followed by SC_DOs, one of which must be satisfied.
 *
 * Returns false if no rule mentions the command or the rule is invalid. Local PINs are those of the directory `from`.
 */
export const isAccessAllowed = (
  card: CardFiles,
  from: Directory,
  file: Directory | ElementaryFile,
  access: Access,
): boolean => {
  const record = ruleOf(card, file)
  if (record === undefined) return false
  try {
    let concerned = false
    let previousWasMode = false
    for (const element of readRule(record)) {
      if (isAccessMode(element)) {
        concerned = (previousWasMode && concerned) || matches(element, access)
        previousWasMode = true
        continue
      }
      previousWasMode = false
      if (concerned && isSatisfied(card, from, element)) return true
    }
    return false
  } catch (error) {
    if (error instanceof Asn1Error) return false
    throw error
  }
}
