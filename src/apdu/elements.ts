import { ApduError } from './errors.ts'

/** One BER-TLV data object in FCP, EF.DIR or a proactive command (ISO/IEC 7816-4 §5.2). */
export interface Element {
  readonly tag: number
  readonly value: Uint8Array
}

/** Reads consecutive data objects. Skips the fill bytes '00' and 'FF' between and after them (TS 102 221 §11.1.1.3). */
export const readElements = (bytes: Uint8Array): Element[] => {
  const found: Element[] = []
  let at = 0
  const next = (): number => {
    if (at >= bytes.length) throw new ApduError('bad-response', 'the card sent an incomplete data object')
    return bytes[at++]!
  }
  while (at < bytes.length) {
    if (bytes[at] === 0x00 || bytes[at] === 0xff) {
      at++
      continue
    }
    let tag = next()
    if ((tag & 0x1f) === 0x1f) tag = (tag << 8) | next()
    let length = next()
    if (length > 0x80 && length <= 0x83) {
      const octets = length & 0x7f
      length = 0
      for (let i = 0; i < octets; i++) length = (length << 8) | next()
    } else if (length >= 0x80)
      throw new ApduError('bad-response', 'the card sent a data object with an unsupported length')
    if (at + length > bytes.length)
      throw new ApduError(
        'bad-response',
        `the card sent a data object of ${length} bytes, but ${bytes.length - at} bytes follow`,
      )
    found.push({ tag, value: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}

/** The content of the first element with `tag`. */
export const findElement = (elements: readonly Element[], tag: number): Uint8Array | undefined =>
  elements.find(element => element.tag === tag)?.value

/** Encodes one element of at most 255 bytes, the maximum of a data field. */
export const encodeElement = (tag: number, value: Uint8Array): Uint8Array =>
  Uint8Array.from([
    ...(tag > 0xff ? [tag >> 8, tag & 0xff] : [tag]),
    ...(value.length < 0x80 ? [] : [0x81]),
    value.length,
    ...value,
  ])
