import { Asn1Error } from './error.ts'

/**
 * One BER-TLV element of a buffer, without copies.
 *
 * `tag` is the tag octets as one number (0x30, 0x5f37, 0xbf20); it includes the class and the constructed bit.
 * `start`..`end` is the whole element, `valueStart`..`end` its content.
 */
export interface Tlv {
  readonly buffer: Uint8Array
  readonly tag: number
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

export const getContent = (tlv: Tlv): Uint8Array => tlv.buffer.subarray(tlv.valueStart, tlv.end)
export const getElementBytes = (tlv: Tlv): Uint8Array => tlv.buffer.subarray(tlv.start, tlv.end)

/** True for a constructed encoding (X.690 §8.1.2.5: bit 6 of the first identifier octet). */
export const isConstructed = (tag: number): boolean => (firstOctet(tag) & 0x20) !== 0

const firstOctet = (tag: number): number => {
  let first = tag
  while (first > 0xff) first = Math.floor(first / 256)
  return first
}

/** Reads the element at `start`; it must end at or before `limit`. */
export const readTlv = (buffer: Uint8Array, start = 0, limit = buffer.length): Tlv => {
  let at = start
  if (at >= limit) throw cutOff(start)
  let tag = buffer[at++]!
  if ((tag & 0x1f) === 0x1f) {
    let octet: number
    let octets = 1
    do {
      if (++octets > 4) throw new Asn1Error('bad-tag', 'a tag of more than four octets', { offset: start })
      if (at >= limit) throw cutOff(start)
      octet = buffer[at++]!
      tag = tag * 256 + octet
    } while (octet & 0x80)
  }
  if (at >= limit) throw cutOff(start)
  let length = buffer[at++]!
  if (length === 0x80) throw new Asn1Error('bad-length', 'indefinite length is not allowed', { offset: start })
  if (length > 0x80) {
    const octets = length & 0x7f
    if (octets > 4) throw new Asn1Error('bad-length', `${octets} length octets`, { offset: start })
    length = 0
    for (let i = 0; i < octets; i++) {
      if (at >= limit) throw cutOff(start)
      length = length * 256 + buffer[at++]!
    }
  }
  if (at + length > limit)
    throw new Asn1Error('truncated', `${length} bytes announced, ${limit - at} present`, { offset: start })
  return { buffer, tag, start, valueStart: at, end: at + length }
}

const cutOff = (start: number): Asn1Error =>
  new Asn1Error('truncated', 'the bytes end inside a tag or length', { offset: start })

/** Reads the one element that fills the buffer. Bytes after it are an error. */
export const readOnlyTlv = (buffer: Uint8Array): Tlv => {
  const tlv = readTlv(buffer)
  if (tlv.end !== buffer.length)
    throw new Asn1Error('over-long', `${buffer.length - tlv.end} bytes follow the element`, { offset: tlv.end })
  return tlv
}

/** Returns the elements inside a constructed element, in order. */
export const getChildren = (tlv: Tlv): Tlv[] => readTlvs(tlv.buffer, tlv.valueStart, tlv.end)

/** Returns the elements that fill `start`..`limit`, in order. */
export const readTlvs = (buffer: Uint8Array, start = 0, limit = buffer.length): Tlv[] => {
  const found: Tlv[] = []
  for (let at = start; at < limit; ) {
    const tlv = readTlv(buffer, at, limit)
    found.push(tlv)
    at = tlv.end
  }
  return found
}

const octetsOf = (number: number): number =>
  number <= 0xff ? 1 : number <= 0xffff ? 2 : number <= 0xffffff ? 3 : number <= 0xffffffff ? 4 : 5
const lengthOctets = (length: number): number => (length < 0x80 ? 1 : length <= 0xff ? 2 : length <= 0xffff ? 3 : 4)

/** Writes tag and length at the beginning of `out` and returns the offset of the content. */
const writeHeader = (out: Uint8Array, tag: number, length: number): number => {
  const tagEnd = octetsOf(tag)
  for (let at = tagEnd - 1, rest = tag; at >= 0; at--, rest = Math.floor(rest / 256)) out[at] = rest
  const octets = lengthOctets(length)
  const end = tagEnd + octets
  if (octets === 1) out[tagEnd] = length
  else {
    out[tagEnd] = 0x7f + octets
    for (let at = end - 1, rest = length; at > tagEnd; at--, rest >>>= 8) out[at] = rest
  }
  return end
}

/** Encodes tag and definite minimal length (DER) of an element with `length` bytes of content. */
export const encodeTlvHeader = (tag: number, length: number): Uint8Array => {
  const out = new Uint8Array(octetsOf(tag) + lengthOctets(length))
  writeHeader(out, tag, length)
  return out
}

/** Encodes one element from its tag and the parts of its content. */
export const encodeTlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(octetsOf(tag) + lengthOctets(length) + length)
  let at = writeHeader(out, tag, length)
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
