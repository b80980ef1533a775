import { concat } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { encodeTlv, encodeTlvHeader, getElementBytes, readTlv, readTlvs, type Tlv } from '../../asn1/tlv.ts'
import { STATUS, workOn } from './binary.ts'
import { type CardCommandResult, type CardFiles, getFileContent, type Selection, withContent } from './card-files.ts'
import type { CardCommand } from './command.ts'

const MORE_DATA = { available: 0x62f1, expected: 0x63f1 }
const [WRONG_DATA, NOT_THERE] = [0x6a80, 0x6a88]
/**
 * P2 of RETRIEVE DATA and SET DATA (TS 102 221 §11.3.1.2, §11.3.2.2): first or next block, and a short file identifier.
 */
const FIRST_BLOCK = 0x80
const TAG_LIST = 0x5c

const objectsOf = (content: Uint8Array): readonly Tlv[] => {
  try {
    return readTlvs(content)
  } catch (error) {
    // The profile can leave the file erased; undecodable content contains no object.
    if (error instanceof Asn1Error) return []
    throw error
  }
}

/** The tag in the data field, if the field contains exactly one tag. */
const tagIn = (data: Uint8Array): number | undefined => {
  const isWhole = data.length >= 1 && data.length <= 3 && ((data[0]! & 0x1f) !== 0x1f) === (data.length === 1)
  return isWhole ? data.reduce((tag, octet) => tag * 256 + octet, 0) : undefined
}
const tagBytes = (tag: number): Uint8Array => encodeTlvHeader(tag, 0).subarray(0, -1)

/**
 * RETRIEVE DATA (TS 102 221 §11.3.1): returns one object of a BER-TLV file in blocks; tag '5C' returns the list of
 * tags.
 */
export const handleRetrieveData = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { p1, p2, data, le = 256 } = command
  if (p1 !== 0 || (p2 & 0x60) !== 0) return { card, selection, status: STATUS.wrongP1P2 }
  const work = workOn(card, selection, p2 & 0x1f, ['ber-tlv'], { mode: 'read' })
  if (typeof work === 'number') return { card, selection, status: work }
  const left = (p2 & FIRST_BLOCK) === 0 ? selection.transfer : objectFor(getFileContent(card, work.file), data)
  if (left === undefined) return { card, selection, status: NOT_THERE }
  const block = left.subarray(0, le)
  const rest = left.subarray(block.length)
  const { transfer: _done, ...after } = work.selection
  return rest.length === 0
    ? { card, selection: after, status: STATUS.ok, data: block }
    : { card, selection: { ...after, transfer: rest }, status: MORE_DATA.available, data: block }
}

const objectFor = (content: Uint8Array, data: Uint8Array): Uint8Array | undefined => {
  const tag = tagIn(data)
  const objects = objectsOf(content)
  if (tag === TAG_LIST) return encodeTlv(TAG_LIST, ...objects.map(object => tagBytes(object.tag)))
  const object = objects.find(candidate => candidate.tag === tag)
  return object && getElementBytes(object)
}

/** SET DATA (TS 102 221 §11.3.2): writes an object, complete or in blocks; a tag without content deletes the object. */
export const handleSetData = (card: CardFiles, selection: Selection, command: CardCommand): CardCommandResult => {
  const { p1, p2, data } = command
  if (p1 !== 0 || (p2 & 0x60) !== 0) return { card, selection, status: STATUS.wrongP1P2 }
  const work = workOn(card, selection, p2 & 0x1f, ['ber-tlv'], { mode: 'update' })
  if (typeof work === 'number') return { card, selection, status: work }
  const isFirst = (p2 & FIRST_BLOCK) !== 0
  if (!isFirst && selection.transfer === undefined) return { card, selection, status: STATUS.wrongP1P2 }
  const collected = isFirst ? data : concat(selection.transfer!, data)
  const { transfer: _done, ...after } = work.selection
  const refuse = (status: number): CardCommandResult => ({ card, selection: after, status })

  const others = (tag: number) => objectsOf(getFileContent(card, work.file)).filter(object => object.tag !== tag)
  const store = (tag: number, object: Uint8Array): CardCommandResult => {
    const content = concat(...others(tag).map(getElementBytes), object)
    if (content.length > work.file.size) return refuse(STATUS.notEnoughMemory)
    return { card: withContent(card, work.file, content), selection: after, status: STATUS.ok }
  }
  const alone = isFirst ? tagIn(data) : undefined
  if (alone !== undefined) return store(alone, new Uint8Array(0))
  try {
    const object = readTlv(collected)
    if (object.end !== collected.length || object.tag === TAG_LIST) return refuse(WRONG_DATA)
    return store(object.tag, collected)
  } catch (error) {
    if (!(error instanceof Asn1Error)) throw error
    // More blocks follow, but never more than the file size.
    if (error.code !== 'truncated' || collected.length > work.file.size) return refuse(WRONG_DATA)
    return { card, selection: { ...after, transfer: collected }, status: MORE_DATA.expected }
  }
}
