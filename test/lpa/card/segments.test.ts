import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { encode } from '../../../src/asn1/schema.ts'
import { encodeTlv } from '../../../src/asn1/tlv.ts'
import { segmentPackage } from '../../../src/lpa/card/segments.ts'
import { StoreMetadataRequest } from '../../../src/rsp/metadata.ts'
import { METADATA } from '../download-fixture.ts'

const mac = new Uint8Array(8).fill(0xaa)
const metadata = encode(StoreMetadataRequest, METADATA)
const initialise = encodeTlv(0xbf23, fromHex('820101'))
const first87 = [encodeTlv(0x87, fromHex('01')), encodeTlv(0x87, fromHex('02'))]
const all88 = [encodeTlv(0x88, metadata.subarray(0, 20), mac), encodeTlv(0x88, metadata.subarray(20), mac)]
const second87 = [encodeTlv(0x87, new Uint8Array(300))]
const all86 = [encodeTlv(0x86, new Uint8Array(1000)), encodeTlv(0x86, fromHex('03'))]
const bind = (...parts: readonly Uint8Array[]): Uint8Array => encodeTlv(0xbf36, ...parts)
const sequences = {
  a0: encodeTlv(0xa0, ...first87),
  a1: encodeTlv(0xa1, ...all88),
  a2: encodeTlv(0xa2, ...second87),
  a3: encodeTlv(0xa3, ...all86),
}

/** SGP.22 §2.5.5, written out by hand from its list of segments. */
describe('segments of a bound profile package', () => {
  it('getSegments separates the parts as SGP.22 §2.5.5 defines', () => {
    const { a0, a1, a2, a3 } = sequences
    const whole = bind(initialise, a0, a1, a2, a3)
    const { segments, metadata: read } = segmentPackage(whole)
    expect(segments.map(toHex)).toEqual(
      [
        concat(fromHex('bf3682'), fromHex((whole.length - 5).toString(16).padStart(4, '0')), initialise),
        concat(fromHex('a006'), first87[0]!),
        first87[1]!,
        a1.subarray(0, a1.length - concat(...all88).length),
        ...all88,
        concat(fromHex('a2820130'), second87[0]!),
        fromHex('a38203ef'),
        ...all86,
      ].map(toHex),
    )
    expect(toHex(concat(...segments))).toBe(toHex(whole))
    expect(read.profileName).toBe(METADATA.profileName)
  })

  it('getSegments accepts a package without the second sequence of 87', () => {
    const { a0, a1, a3 } = sequences
    expect(segmentPackage(bind(initialise, a0, a1, a3)).segments.length).toBe(1 + 2 + 3 + 3)
  })

  const { a0, a1, a2, a3 } = sequences
  it.each([
    ['another tag', encodeTlv(0xbf37, initialise, a0, a1, a3)],
    ['a byte behind it', concat(bind(initialise, a0, a1, a3), fromHex('00'))],
    ['its end missing', bind(initialise, a0, a1, a3).subarray(0, -1)],
    ['no secure channel', bind(a0, a1, a2, a3)],
    ['sequences out of order', bind(initialise, a1, a0, a3)],
    ['no profile', bind(initialise, a0, a1, a2)],
    ['an empty sequence', bind(initialise, encodeTlv(0xa0), a1, a3)],
    ['something behind the profile', bind(initialise, a0, a1, a3, fromHex('a400'))],
    [
      'metadata that cannot be read',
      bind(initialise, a0, encodeTlv(0xa1, encodeTlv(0x88, fromHex('bf2500'), mac)), a3),
    ],
    ['nothing at all', new Uint8Array(0)],
  ])('cannot be cut from a package with %s', (_name, bytes) => {
    expect(() => segmentPackage(bytes)).toThrow(expect.objectContaining({ code: 'bad-server-answer', fault: 'server' }))
  })
})
