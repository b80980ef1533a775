import fc from 'fast-check'
import { describe, it } from 'vitest'
import { fromHex } from '../../src/asn1/bytes.ts'
import { Asn1Error } from '../../src/asn1/error.ts'
import { decode, encode, type Schema } from '../../src/asn1/schema.ts'
import { BoundProfilePackage } from '../../src/rsp/interfaces/es8p.ts'
import { ES10a } from '../../src/rsp/interfaces/es10a.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { ES10c } from '../../src/rsp/interfaces/es10c.ts'

const rows = [...Object.values(ES10a), ...Object.values(ES10b), ...Object.values(ES10c)]
const schemas: [string, Schema<unknown>][] = rows.flatMap(row => [
  [`${row.name} request`, row.request as Schema<unknown>],
  [`${row.name} response`, row.response as Schema<unknown>],
])
schemas.push(['BoundProfilePackage', BoundProfilePackage])

/** For any input a decoder returns a value or throws an Asn1Error, and it can encode the value again. */
const decodesOrRefuses = (schema: Schema<unknown>, bytes: Uint8Array): void => {
  let value: unknown
  try {
    value = decode(schema, bytes)
  } catch (error) {
    if (error instanceof Asn1Error) return
    throw error
  }
  decode(schema, encode(schema, value))
}

/** A plausible nested element with tags of the tables; its lengths are correct or slightly wrong. */
const element: fc.Arbitrary<Uint8Array> = fc.letrec<{ node: Uint8Array }>(tie => ({
  node: fc
    .record({
      tag: fc.constantFrom(
        '30',
        'a0',
        'a1',
        'a2',
        '80',
        '81',
        '82',
        '83',
        '84',
        '02',
        '04',
        '0c',
        '5a',
        '4f',
        '5f37',
        '5f49',
        'e3',
        'bf2f',
        'bf27',
      ),
      content: fc.oneof(
        { depthSize: 'small' },
        fc.uint8Array({ maxLength: 20 }),
        fc.array(tie('node'), { maxLength: 5 }).map(parts => Buffer.concat(parts)),
      ),
      lie: fc.constantFrom(0, 0, 0, 0, 0, 1, -1, 100),
    })
    .map(({ tag, content, lie }) => {
      const length = Math.max(0, content.length + lie)
      const header = length < 0x80 ? [length] : [0x82, (length >> 8) & 0xff, length & 0xff]
      return new Uint8Array([...fromHex(tag), ...header, ...content])
    }),
})).node

describe.each(schemas)('%s', (_name, schema) => {
  it('every row of the interface tables decodes or rejects arbitrary input', () => {
    const tags = schema.tags ?? [0x30]
    fc.assert(
      fc.property(
        fc.constantFrom(...tags),
        fc.array(element, { maxLength: 6 }),
        fc.integer({ min: -3, max: 3 }),
        (tag, parts, lie) => {
          const content = Buffer.concat(parts)
          const length = Math.max(0, content.length + (lie === 0 ? 0 : lie % 2))
          const octets = tag > 0xff ? [tag >> 8, tag & 0xff] : [tag]
          decodesOrRefuses(schema, new Uint8Array([...octets, 0x82, length >> 8, length & 0xff, ...content]))
        },
      ),
      { numRuns: 200, seed: 22 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => decodesOrRefuses(schema, bytes)),
      { numRuns: 100, seed: 23 },
    )
  })
})
