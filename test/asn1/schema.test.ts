import * as asn1js from 'asn1js'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/asn1/bytes.ts'
import { choice, defaulted, optional, sequence, sequenceOf, UNKNOWN } from '../../src/asn1/constructed.ts'
import { Asn1Error } from '../../src/asn1/error.ts'
import { bits, boolean, integer, namedInteger, octets, oid, utf8 } from '../../src/asn1/primitives.ts'
import { decode, encode, explicit, keep, rawElement, tagged, withRawBytes } from '../../src/asn1/schema.ts'

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof Asn1Error) return `${error.code} ${error.path.join('.')}`.trim()
    throw error
  }
  return 'no error'
}

describe('primitives and asn1js', () => {
  it.each([0, 1, 127, 128, 255, 256, 32767, 32768, 65535, 2 ** 31, -1, -128, -129, -32769])('INTEGER %i', value => {
    const bytes = encode(integer(), value)
    expect(toHex(bytes)).toBe(toHex(new Uint8Array(new asn1js.Integer({ value }).toBER())))
    expect(decode(integer(), bytes)).toBe(value)
  })
  it.each(['2.23.146.1.2.1.4', '1.2.840.10045.2.1', '0.4.0.127', '2.999.1', '1.3.36.3.3.2.8.1.1.7'])(
    'OBJECT IDENTIFIER %s',
    value => {
      const bytes = encode(oid(), value)
      expect(toHex(bytes)).toBe(toHex(new Uint8Array(new asn1js.ObjectIdentifier({ value }).toBER())))
      expect(decode(oid(), bytes)).toBe(value)
    },
  )
  it('UTF8String', () => {
    expect(toHex(encode(utf8(), 'Grüße'))).toBe(
      toHex(new Uint8Array(new asn1js.Utf8String({ value: 'Grüße' }).toBER())),
    )
    expect(codeOf(() => decode(utf8(), fromHex('0c02c328')))).toBe('bad-value')
    expect(codeOf(() => decode(utf8(3), fromHex('0c0461626364')))).toBe('bad-value')
  })
})

describe('BIT STRING with named bits', () => {
  const PprIds = bits('pprUpdateControl', 'ppr1', 'ppr2')
  // X.690 §11.2.2: trailing zero bits are removed, and the empty value is 03 01 00.
  it.each([
    ['03020640', ['ppr1']],
    ['030205a0', ['pprUpdateControl', 'ppr2']],
    ['030100', []],
    ['03020308', ['bit4']],
  ] as const)('%s', (hex, names) => {
    expect(decode(PprIds, fromHex(hex))).toEqual(names)
    expect(toHex(encode(PprIds, names))).toBe(hex)
  })
  it('bits rejects an invalid count of unused bits', () => {
    expect(codeOf(() => decode(PprIds, fromHex('030108')))).toBe('bad-value')
    expect(codeOf(() => decode(PprIds, fromHex('0300')))).toBe('bad-value')
  })
})

describe('sequence', () => {
  const Thing = sequence(
    {
      id: tagged(0x80, octets(1, 16)),
      flag: boolean(),
      note: optional(tagged(0x8c, utf8())),
      kind: defaulted(tagged(0x95, integer()), 2),
    },
    'Thing',
  )
  it('a SEQUENCE round-trips and omits a default value', () => {
    const value = { id: fromHex('0102'), flag: true, note: 'x', kind: 2 }
    expect(toHex(encode(Thing, value))).toBe('300a800201020101ff8c0178')
    expect(decode(Thing, encode(Thing, value))).toEqual(value)
  })
  it('a SEQUENCE retains unknown elements', () => {
    const longer = fromHex('300c800101 0101ff 9f0403aabbcc')
    const value = decode(Thing, longer)
    expect(value[UNKNOWN]?.map(toHex)).toEqual(['9f0403aabbcc'])
    expect(toHex(encode(Thing, value))).toBe(toHex(longer))
  })
  it.each([
    ['a component twice', '3009 800101 800102 0101ff', 'bad-tag'],
    ['components out of order', '3006 0101ff 800101', 'bad-tag'],
    ['a mandatory component absent', '3003 800101', 'missing-field flag'],
    ['a wrong length inside', '3006 800201 0101ff', 'bad-length'],
    ['content too long for its size', '3016 8011 0102030405060708090a0b0c0d0e0f1011 0101ff', 'bad-value id'],
    ['bytes behind the element', '3006 800101 0101ff 00', 'over-long'],
    ['indefinite length', '3080 800101 0101ff 0000', 'bad-length'],
    ['five length octets', '30850000000006 800101 0101ff', 'bad-length'],
    ['another tag', '3106 800101 0101ff', 'bad-tag'],
    ['nothing', '', 'truncated'],
  ])('a SEQUENCE rejects %s', (_name, hex, code) => {
    expect(codeOf(() => decode(Thing, fromHex(hex)))).toBe(code)
  })
  it('an Asn1Error contains the path and the offset', () => {
    const Outer = sequence({ inner: tagged(0xa1, sequenceOf(Thing)) })
    const bytes = fromHex('300e a10c 3006 800101 0101ff 3002 0500'.replaceAll(' ', ''))
    try {
      decode(Outer, bytes)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'missing-field', path: ['inner', '1', 'id'], offset: 12 })
    }
  })
})

describe('choice and tags', () => {
  const Answer = explicit(
    0xbf2d,
    choice({ ok: tagged(0xa0, sequenceOf(integer())), error: tagged(0x81, namedInteger({ incorrectInputValues: 1 })) }),
  )
  it('a tag around a CHOICE is explicit', () => {
    expect(toHex(encode(Answer, { error: 'incorrectInputValues' }))).toBe('bf2d03810101')
    expect(decode(Answer, fromHex('bf2d03810105'))).toEqual({ error: 5 })
    expect(decode(Answer, fromHex('bf2d02a000'))).toEqual({ ok: [] })
    expect(codeOf(() => decode(Answer, fromHex('bf2d00')))).toBe('missing-field')
    expect(codeOf(() => decode(Answer, fromHex('bf2d06810101810101')))).toBe('over-long')
  })
  it('tagged rejects a tag whose constructed bit does not match', () => {
    expect(() => tagged(0x80, sequence({}))).toThrow(RangeError)
  })
})

describe('signed elements', () => {
  it('withRawBytes encodes the received bytes, also if they are not DER', () => {
    const Signed = sequence({
      body: withRawBytes(sequence({ n: integer() })),
      signature: rawElement('signature', 0x5f37),
    })
    // The length of the inner sequence in two octets: BER, not DER.
    const bytes = fromHex('3009 308103 020107 5f3700')
    const value = decode(Signed, bytes)
    expect(toHex(value.body.bytes)).toBe('308103020107')
    expect(toHex(encode(Signed, value))).toBe(toHex(bytes))
    expect(toHex(keep(sequence({ n: integer() }), { n: 7 }).bytes)).toBe('3003020107')
  })
})
