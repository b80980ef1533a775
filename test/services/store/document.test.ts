import { describe, expect, it } from 'vitest'
import { fromDocument, fromPackedDocument, toDocument, toPackedDocument } from '../../../src/services/store/document.ts'

const value = {
  text: 'Opérateur \u0000 "S"',
  at: new Date('2026-11-01T12:00:00.123Z'),
  absent: null,
  bytes: Uint8Array.of(0, 255, 0),
  nested: [{ bytes: new Uint8Array() }, { bytes: Uint8Array.of(1, 2, 3) }],
  '7': Uint8Array.of(7),
}

describe.each([
  ['as text', (whole: unknown) => fromDocument(toDocument(whole))],
  ['packed', (whole: unknown) => fromPackedDocument(toPackedDocument(whole))],
])('a document %s', (_, roundTrip) => {
  it('a document round-trips with every value', () => {
    expect(roundTrip(value)).toEqual(value)
  })

  it('a document leaves out undefined members', () => {
    expect(roundTrip({ a: undefined, b: 1 })).toEqual({ b: 1 })
  })

  it('a decoded document owns its bytes', () => {
    const bytes = Uint8Array.of(1, 2)
    const copy = roundTrip({ bytes }) as { bytes: Uint8Array }
    bytes.fill(9)
    expect(copy.bytes).toEqual(Uint8Array.of(1, 2))
    expect(copy.bytes.buffer.byteLength).toBe(2)
  })
})

it('pack puts raw bytes after the text', () => {
  const packed = toPackedDocument({ a: Uint8Array.of(1, 2), b: Uint8Array.of(3) })
  expect(Buffer.from(packed).toString('latin1')).toBe('{"a":{"$bytes":[0,2]},"b":{"$bytes":[2,3]}}\0\x01\x02\x03')
})

it('unpack reads documents with bytes in the text, or without bytes', () => {
  expect(fromPackedDocument(Buffer.from('{"a":{"$bytes":"AQI="}}'))).toEqual({ a: Uint8Array.of(1, 2) })
  expect(fromPackedDocument(Buffer.from('{"a":1}'))).toEqual({ a: 1 })
})
