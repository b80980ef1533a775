import { Asn1Error } from './error.ts'

/**
 * One BER-TLV element of a buffer, without copies.
 *
 * `tag` is the tag octets read as one number (0x30, 0x5f37, 0xbf20), so the class and the constructed bit are in it.
 * `start`..`end` is the whole element, `valueStart`..`end` its content.
 */
export interface Tlv {
  readonly buffer: Uint8Array
  readonly tag: number
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

export const contentOf = (tlv: Tlv): Uint8Array => tlv.buffer.subarray(tlv.valueStart, tlv.end)
export const elementOf = (tlv: Tlv): Uint8Array => tlv.buffer.subarray(tlv.start, tlv.end)

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
  const next = (): number => {
    if (at >= limit) throw new Asn1Error('truncated', 'the bytes end inside a tag or length', { offset: start })
    return buffer[at++]!
  }
  let tag = next()
  if ((tag & 0x1f) === 0x1f) {
    let octet: number
    let octets = 1
    do {
      if (++octets > 4) throw new Asn1Error('bad-tag', 'a tag of more than four octets', { offset: start })
      octet = next()
      tag = tag * 256 + octet
    } while (octet & 0x80)
  }
  let length = next()
  if (length === 0x80) throw new Asn1Error('bad-length', 'indefinite length is not allowed', { offset: start })
  if (length > 0x80) {
    const octets = length & 0x7f
    if (octets > 4) throw new Asn1Error('bad-length', `${octets} length octets`, { offset: start })
    length = 0
    for (let i = 0; i < octets; i++) length = length * 256 + next()
  }
  if (at + length > limit)
    throw new Asn1Error('truncated', `${length} bytes announced, ${limit - at} present`, { offset: start })
  return { buffer, tag, start, valueStart: at, end: at + length }
}

/** Reads the one element that fills the buffer; anything behind it is an error. */
export const readOnlyTlv = (buffer: Uint8Array): Tlv => {
  const tlv = readTlv(buffer)
  if (tlv.end !== buffer.length)
    throw new Asn1Error('over-long', `${buffer.length - tlv.end} bytes follow the element`, { offset: tlv.end })
  return tlv
}

/** The elements inside a constructed element, in order. */
export const childrenOf = (tlv: Tlv): Tlv[] => readTlvs(tlv.buffer, tlv.valueStart, tlv.end)

/** The elements that fill `start`..`limit`, in order. */
export const readTlvs = (buffer: Uint8Array, start = 0, limit = buffer.length): Tlv[] => {
  const found: Tlv[] = []
  for (let at = start; at < limit; ) {
    const tlv = readTlv(buffer, at, limit)
    found.push(tlv)
    at = tlv.end
  }
  return found
}

/** Tag and definite minimal length (DER) of an element with `length` bytes of content. */
export const encodeHeader = (tag: number, length: number): Uint8Array => {
  const octets: number[] = []
  for (let rest = tag; ; rest = Math.floor(rest / 256)) {
    octets.unshift(rest & 0xff)
    if (rest <= 0xff) break
  }
  if (length < 0x80) octets.push(length)
  else if (length <= 0xff) octets.push(0x81, length)
  else if (length <= 0xffff) octets.push(0x82, length >> 8, length & 0xff)
  else octets.push(0x83, length >> 16, (length >> 8) & 0xff, length & 0xff)
  return Uint8Array.from(octets)
}

/** One element from its tag and the parts of its content. */
export const encodeTlv = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const part of parts) length += part.length
  const header = encodeHeader(tag, length)
  const out = new Uint8Array(header.length + length)
  out.set(header)
  let at = header.length
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
