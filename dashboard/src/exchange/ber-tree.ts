import type { Decoded } from '../../../src/evidence/events.ts'

/** Parses hexadecimal data without a schema into tags and values. Returns `null` if the data is not complete BER-TLV. */
export const parseBerTree = (hex: string): Decoded => {
  if (hex.length < 4 || hex.length % 2 !== 0) return null
  const elements = readAll(hex)
  return elements === null ? null : elements
}

type Element = { readonly [tag: string]: Decoded }

const readAll = (hex: string): readonly Element[] | null => {
  const elements: Element[] = []
  let at = 0
  while (at < hex.length) {
    const tagEnd = endOfTag(hex, at)
    if (tagEnd === null) return null
    const length = readLength(hex, tagEnd)
    if (length === null || length.end + length.value * 2 > hex.length) return null
    const tag = hex.slice(at, tagEnd)
    const value = hex.slice(length.end, length.end + length.value * 2)
    const constructed = (byteAt(hex, at) & 0x20) !== 0
    const inside = constructed ? readAll(value) : null
    if (constructed && inside === null) return null
    elements.push({ [tag.toUpperCase()]: inside ?? value })
    at = length.end + length.value * 2
  }
  return elements
}

const byteAt = (hex: string, at: number): number => Number.parseInt(hex.slice(at, at + 2), 16)

const endOfTag = (hex: string, start: number): number | null => {
  const first = byteAt(hex, start)
  if (first === 0x00 || first === 0xff) return null
  if ((first & 0x1f) !== 0x1f) return start + 2
  for (let at = start + 2; at < Math.min(hex.length, start + 8); at += 2)
    if ((byteAt(hex, at) & 0x80) === 0) return at + 2
  return null
}

const readLength = (hex: string, start: number): { value: number; end: number } | null => {
  if (start + 2 > hex.length) return null
  const first = byteAt(hex, start)
  if (first < 0x80) return { value: first, end: start + 2 }
  const count = first & 0x7f
  if (count === 0 || count > 3 || start + 2 + count * 2 > hex.length) return null
  const end = start + 2 + count * 2
  return { value: Number.parseInt(hex.slice(start + 2, end), 16), end }
}
