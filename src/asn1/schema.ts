import { Asn1Error } from './error.ts'
import { encodeTlv, getChildren, getElementBytes, isConstructed, readOnlyTlv, type Tlv } from './tlv.ts'

/**
 * A message as a value: how it looks in bytes, and what it is in TypeScript.
 *
 * `tags` lists the tags an element of this type can begin with; it is how a sequence finds its components and a
 * choice its alternative. `undefined` accepts every tag.
 */
export interface Schema<T> {
  readonly name: string
  readonly tags: readonly number[] | undefined
  encode(value: T): Uint8Array
  decodeTlv(tlv: Tlv): T
}
export type SchemaValue<S> = S extends Schema<infer T> ? T : never

/** A primitive schema knows its content apart from its tag, so that an implicit tag can replace the tag. */
export interface Contents<T> {
  readonly constructed: boolean
  encodeContents(value: T): Uint8Array
  /** The contents in pieces, where they come in pieces: each level then copies them once and not twice. */
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

/** Encodes in DER, but for bytes that were kept as received. */
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

/** A schema from its tag and its contents. */
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

/** `[n] IMPLICIT`: the given tag octets in place of the type's own. The constructed bit must fit the type. */
export const tagged = <T>(tag: number, schema: TaggedSchema<T>): TaggedSchema<T> => {
  if (isConstructed(tag) !== schema.constructed)
    throw new RangeError(`${showTag(tag)} and ${schema.name} disagree whether the encoding is constructed`)
  return withTag(schema.name, tag, schema)
}

/** `[n] EXPLICIT`, which AUTOMATIC TAGS means wherever the type is a CHOICE or an open type: a wrapper around the element. */
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

/** Any element, kept as the bytes it came in: certificates, and what this code has no need to read. */
export const rawElement = (name: string, ...tags: readonly number[]): Schema<Uint8Array> => ({
  name,
  tags: tags.length === 0 ? undefined : tags,
  encode: value => {
    const tlv = readOnlyTlv(value)
    if (tags.length > 0 && !tags.includes(tlv.tag))
      throw new Asn1Error('bad-tag', `tag ${showTag(tlv.tag)} in place of ${name}`)
    return value
  },
  decodeTlv: getElementBytes,
})

/** A value beside the bytes it came from, for everything that is signed. Encoding gives the bytes back, never a re-encoding. */
export interface WithRawBytes<T> {
  readonly value: T
  readonly bytes: Uint8Array
}

/** `schema`, keeping the bytes of the whole element as received. */
export const withRawBytes = <T>(schema: Schema<T>): Schema<WithRawBytes<T>> => ({
  name: schema.name,
  tags: schema.tags,
  encode: ({ bytes }) => bytes,
  decodeTlv: tlv => ({ value: schema.decodeTlv(tlv), bytes: getElementBytes(tlv) }),
})

/** A value with its encoding, made here. */
export const keep = <T>(schema: Schema<T>, value: T): WithRawBytes<T> => ({ value, bytes: schema.encode(value) })
