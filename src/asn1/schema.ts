import { Asn1Error } from './error.ts'
import { encodeTlv, getChildren, getElementBytes, isConstructed, readOnlyTlv, type Tlv } from './tlv.ts'

/**
 * The encoding of a message and its TypeScript type.
 *
 * `tags` lists the tags with which an element of this type can begin; sequences and choices select components by it.
 * `undefined` accepts every tag.
 */
export interface Schema<T> {
  readonly name: string
  readonly tags: readonly number[] | undefined
  encode(value: T): Uint8Array
  decodeTlv(tlv: Tlv): T
}
export type SchemaValue<S> = S extends Schema<infer T> ? T : never

/** The content of a type without its tag, so that an implicit tag can replace the tag. */
export interface Contents<T> {
  readonly constructed: boolean
  encodeContents(value: T): Uint8Array
  /** The content in parts, if it consists of parts. Each nesting level then copies the bytes once instead of twice. */
  readonly encodeParts?: ((value: T) => readonly Uint8Array[]) | undefined
  decodeContents(tlv: Tlv): T
}
export type TaggedSchema<T> = Schema<T> & Contents<T> & { readonly tag: number }

/** Decodes the one element that fills `bytes`. */
export const decode = <T>(schema: Schema<T>, bytes: Uint8Array): T => {
  const tlv = readOnlyTlv(bytes)
  expectTag(schema, tlv)
  return schema.decodeTlv(tlv)
}

/** Encodes in DER, except for bytes that were retained as received. */
export const encode = <T>(schema: Schema<T>, value: T): Uint8Array => schema.encode(value)

export const accepts = (schema: Schema<unknown>, tag: number): boolean =>
  schema.tags === undefined || schema.tags.includes(tag)

const expectTag = (schema: Schema<unknown>, tlv: Tlv): void => {
  if (!accepts(schema, tlv.tag))
    throw new Asn1Error(
      'bad-tag',
      `tag ${showTag(tlv.tag)} where ${schema.name} (${(schema.tags ?? []).map(showTag).join(' or ')}) is expected`,
      {
        offset: tlv.start,
      },
    )
}

export const showTag = (tag: number): string => `'${tag.toString(16).toUpperCase().padStart(2, '0')}'`

/** Creates a schema from its tag and its contents. */
export const withTag = <T>(
  name: string,
  tag: number,
  { constructed, encodeContents, encodeParts, decodeContents }: Contents<T>,
): TaggedSchema<T> => ({
  name,
  tag,
  tags: [tag],
  constructed,
  encodeContents,
  encodeParts,
  decodeContents,
  encode:
    encodeParts === undefined
      ? value => encodeTlv(tag, encodeContents(value))
      : value => encodeTlv(tag, ...encodeParts(value)),
  decodeTlv: decodeContents,
})

/** `[n] IMPLICIT`: replaces the tag of the type. The constructed bit must match the type. */
export const tagged = <T>(tag: number, schema: TaggedSchema<T>): TaggedSchema<T> => {
  if (isConstructed(tag) !== schema.constructed)
    throw new RangeError(`${showTag(tag)} and ${schema.name} disagree whether the encoding is constructed`)
  return withTag(schema.name, tag, schema)
}

/** `[n] EXPLICIT`: a wrapper around the element. AUTOMATIC TAGS use it for a CHOICE and for an open type. */
export const explicit = <T>(tag: number, schema: Schema<T>): TaggedSchema<T> =>
  withTag(schema.name, tag, {
    constructed: true,
    encodeContents: value => schema.encode(value),
    decodeContents: tlv => {
      const inner = getChildren(tlv)
      if (inner.length === 0) throw new Asn1Error('missing-field', `${schema.name} is absent`, { offset: tlv.start })
      if (inner.length > 1)
        throw new Asn1Error('over-long', `more than one element in ${schema.name}`, { offset: inner[1]!.start })
      expectTag(schema, inner[0]!)
      return schema.decodeTlv(inner[0]!)
    },
  })

/** Any element as its bytes: certificates, and elements that this code does not interpret. */
export const rawElement = (name: string, ...tags: readonly number[]): Schema<Uint8Array> => ({
  name,
  tags: tags.length === 0 ? undefined : tags,
  encode: value => {
    const tlv = readOnlyTlv(value)
    if (tags.length > 0 && !tags.includes(tlv.tag))
      throw new Asn1Error('bad-tag', `tag ${showTag(tlv.tag)} instead of ${name}`)
    return value
  },
  decodeTlv: getElementBytes,
})

/**
 * A decoded value with the bytes as received, for signed data. Encoding returns these bytes and never re-encodes the
 * value.
 */
export interface WithRawBytes<T> {
  readonly value: T
  readonly bytes: Uint8Array
}

/** Retains the bytes of the whole element as received. */
export const withRawBytes = <T>(schema: Schema<T>): Schema<WithRawBytes<T>> => ({
  name: schema.name,
  tags: schema.tags,
  encode: ({ bytes }) => bytes,
  decodeTlv: tlv => ({ value: schema.decodeTlv(tlv), bytes: getElementBytes(tlv) }),
})

/** Encodes a value and returns it with its bytes. */
export const keep = <T>(schema: Schema<T>, value: T): WithRawBytes<T> => ({ value, bytes: schema.encode(value) })
