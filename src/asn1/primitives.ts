import { Asn1Error } from './error.ts'
import { type Contents, type TaggedSchema, withTag } from './schema.ts'
import { getContent, type Tlv } from './tlv.ts'

const primitive = <T>(
  name: string,
  tag: number,
  encodeContents: (value: T) => Uint8Array,
  read: (bytes: Uint8Array, fail: (detail: string) => Asn1Error) => T,
): TaggedSchema<T> => {
  const contents: Contents<T> = {
    constructed: false,
    encodeContents,
    decodeContents: (tlv: Tlv) =>
      read(getContent(tlv), detail => new Asn1Error('bad-value', `${name}: ${detail}`, { offset: tlv.start })),
  }
  return withTag(name, tag, contents)
}

/** BOOLEAN. DER encodes true as FF; decoding accepts any non-zero octet as true (X.690 §8.2.2). */
export const boolean = (): TaggedSchema<boolean> =>
  primitive(
    'BOOLEAN',
    0x01,
    value => Uint8Array.of(value ? 0xff : 0),
    (bytes, fail) => {
      if (bytes.length !== 1) throw fail(`${bytes.length} bytes`)
      return bytes[0] !== 0
    },
  )

/** NULL. */
export const nothing = (): TaggedSchema<null> =>
  primitive(
    'NULL',
    0x05,
    () => new Uint8Array(0),
    (bytes, fail) => {
      if (bytes.length !== 0) throw fail(`${bytes.length} bytes`)
      return null
    },
  )

/** INTEGER within the exact range of a number (±2^53), and within `min`..`max` if the type is constrained. */
export const integer = (min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): TaggedSchema<number> =>
  primitive(
    'INTEGER',
    0x02,
    value => encodeInteger(value, min, max),
    (bytes, fail) => readInteger(bytes, min, max, fail),
  )

const encodeInteger = (value: number, min: number, max: number): Uint8Array => {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw new Asn1Error('bad-value', `INTEGER ${value} is not in ${min}..${max}`)
  // Two's complement in the fewest octets that hold the value and its sign.
  let length = 1
  for (let limit = 128; value >= limit || value < -limit; limit *= 256) length++
  const out = new Uint8Array(length)
  for (let at = length - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256)) out[at] = rest
  return out
}

const readInteger = (bytes: Uint8Array, min: number, max: number, fail: (detail: string) => Asn1Error): number => {
  if (bytes.length === 0) throw fail('no content')
  if (bytes.length > 8) throw fail(`${bytes.length} bytes`)
  let value = bytes[0]! & 0x80 ? -1 : 0
  for (let at = 0; at < bytes.length; at++) value = value * 256 + bytes[at]!
  if (!Number.isSafeInteger(value) || value < min || value > max) throw fail(`${value} is not in ${min}..${max}`)
  return value
}

/**
 * INTEGER with named values. A value without a name decodes to its number, so values of later versions are retained.
 */
export const namedInteger = <const N extends Record<string, number>>(names: N): TaggedSchema<keyof N | number> => {
  const byNumber = new Map(Object.entries(names).map(([name, number]) => [number, name as keyof N]))
  return primitive<keyof N | number>(
    'INTEGER',
    0x02,
    value =>
      encodeInteger(
        typeof value === 'number' ? value : names[value]!,
        Number.MIN_SAFE_INTEGER,
        Number.MAX_SAFE_INTEGER,
      ),
    (bytes, fail) => {
      const number = readInteger(bytes, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, fail)
      return byNumber.get(number) ?? number
    },
  )
}

/** OCTET STRING (SIZE (min..max)). `octets(16)` requires exactly 16 bytes. */
export const octets = (min = 0, max = min === 0 ? Number.POSITIVE_INFINITY : min): TaggedSchema<Uint8Array> => {
  const fits = (length: number) => length >= min && length <= max
  const size = min === max ? `${min}` : `${min}..${max}`
  return primitive(
    'OCTET STRING',
    0x04,
    value => {
      if (!fits(value.length))
        throw new Asn1Error('bad-value', `OCTET STRING of ${value.length} bytes where ${size} are allowed`)
      return value
    },
    (bytes, fail) => {
      if (!fits(bytes.length)) throw fail(`${bytes.length} bytes where ${size} are allowed`)
      return bytes
    },
  )
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const toUtf8 = new TextEncoder()

/** True for more than `max` characters. A text has at most as many characters as UTF-16 units. */
const isLonger = (text: string, max: number): boolean => text.length > max && [...text].length > max

/** UTF8String (SIZE (0..max)), counted in characters. */
export const utf8 = (max = Number.POSITIVE_INFINITY): TaggedSchema<string> =>
  primitive(
    'UTF8String',
    0x0c,
    value => {
      if (isLonger(value, max)) throw new Asn1Error('bad-value', `UTF8String of more than ${max} characters`)
      return toUtf8.encode(value)
    },
    (bytes, fail) => {
      let text: string
      try {
        text = strictUtf8.decode(bytes)
      } catch {
        throw fail('not UTF-8')
      }
      if (isLonger(text, max)) throw fail(`more than ${max} characters`)
      return text
    },
  )

/** OBJECT IDENTIFIER in dotted form. */
export const oid = (): TaggedSchema<string> =>
  primitive('OBJECT IDENTIFIER', 0x06, encodeOid, (bytes, fail) => {
    const arcs: number[] = []
    let arc = 0
    for (let i = 0; i < bytes.length; i++) {
      const octet = bytes[i]!
      arc = arc * 128 + (octet & 0x7f)
      if (!Number.isSafeInteger(arc)) throw fail('an arc beyond 2^53')
      if (octet & 0x80) {
        if (i === bytes.length - 1) throw fail('the last arc is not complete')
        continue
      }
      if (arcs.length === 0) {
        const first = Math.min(2, Math.floor(arc / 40))
        arcs.push(first, arc - first * 40)
      } else arcs.push(arc)
      arc = 0
    }
    if (arcs.length === 0) throw fail('no content')
    return arcs.join('.')
  })

const encodeOid = (dotted: string): Uint8Array => {
  const arcs = dotted.split('.').map(Number)
  const [first, second, ...rest] = arcs
  if (
    !/^\d+(\.\d+)+$/.test(dotted) ||
    first! > 2 ||
    (first! < 2 && second! > 39) ||
    arcs.some(arc => !Number.isSafeInteger(arc))
  )
    throw new Asn1Error('bad-value', `${dotted} is not an object identifier`)
  const octets: number[] = []
  const write = (arc: number, more: number): void => {
    if (arc > 127) write(Math.floor(arc / 128), 0x80)
    octets.push((arc % 128) | more)
  }
  write(first! * 40 + second!, 0)
  for (const arc of rest) write(arc, 0)
  return Uint8Array.from(octets)
}

/** Names of the bits that are set. A bit without a name becomes `bit<n>`, so bits of later versions are retained. */
export type BitNames<N extends string> = readonly (N | `bit${number}`)[]

/** BIT STRING with named bits, bit 0 first. Encoding removes trailing zero bits (X.690 §11.2.2). */
export const bits = <const N extends string>(...names: readonly N[]): TaggedSchema<BitNames<N>> =>
  primitive<BitNames<N>>(
    'BIT STRING',
    0x03,
    value => {
      const numbers = value.map(name => {
        const known = names.indexOf(name as N)
        const number = known >= 0 ? known : Number(/^bit(\d+)$/.exec(name)?.[1] ?? Number.NaN)
        if (!Number.isSafeInteger(number) || number > 1023)
          throw new Asn1Error('bad-value', `no bit has the name ${name}`)
        return number
      })
      const length = numbers.length === 0 ? 0 : Math.max(...numbers) + 1
      const octets = new Uint8Array(1 + Math.ceil(length / 8))
      octets[0] = (8 - (length % 8)) % 8
      for (const number of numbers) octets[1 + (number >> 3)]! |= 0x80 >> (number & 7)
      return octets
    },
    (bytes, fail) => {
      const unused = bytes[0]
      if (unused === undefined || unused > 7 || (bytes.length === 1 && unused !== 0))
        throw fail('an invalid count of unused bits')
      if (bytes.length > 129) throw fail('more than 1024 bits')
      const found: (N | `bit${number}`)[] = []
      const length = (bytes.length - 1) * 8 - unused
      for (let number = 0; number < length; number++)
        if (bytes[1 + (number >> 3)]! & (0x80 >> (number & 7))) found.push(names[number] ?? `bit${number}`)
      return found
    },
  )
