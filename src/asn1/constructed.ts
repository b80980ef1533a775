import { concat } from './bytes.ts'
import { Asn1Error } from './error.ts'
import { accepts, type Schema, showTag, type TaggedSchema, withTag } from './schema.ts'
import { getChildren, getElementBytes, readTlv, type Tlv } from './tlv.ts'

/** A component that may be absent. */
export interface Optional<T> {
  readonly optional: Schema<T>
}
export const optional = <T>(schema: Schema<T>): Optional<T> => ({ optional: schema })

/** A component with a DEFAULT: always present in the value, not encoded when it equals the default (DER). */
export interface Defaulted<T> {
  readonly schema: Schema<T>
  readonly defaultValue: T
}
export const defaulted = <T>(schema: Schema<T>, defaultValue: T): Defaulted<T> => ({ schema, defaultValue })

type Component = Schema<unknown> | Optional<unknown> | Defaulted<unknown>
type Components = Record<string, Component>
type OptionalNames<C> = { [K in keyof C]: C[K] extends Optional<infer _> ? K : never }[keyof C]
type ValueOf<C> =
  C extends Optional<infer T> ? T : C extends Defaulted<infer T> ? T : C extends Schema<infer T> ? T : never

/** Elements that the schema does not name (EXTENSIBILITY IMPLIED), in their order, retained for re-encoding. */
export const UNKNOWN: unique symbol = Symbol('unknown elements')

export type SequenceValue<C> = { readonly [K in Exclude<keyof C, OptionalNames<C>>]: ValueOf<C[K]> } & {
  readonly [K in OptionalNames<C>]?: ValueOf<C[K]> | undefined
} & { readonly [UNKNOWN]?: readonly Uint8Array[] }

interface Field {
  readonly name: string
  readonly schema: Schema<unknown>
  readonly mandatory: boolean
  readonly defaultValue: unknown
}

const fieldOf = (name: string, component: Component): Field => {
  if ('optional' in component)
    return { name, schema: component.optional as Schema<unknown>, mandatory: false, defaultValue: undefined }
  if ('defaultValue' in component)
    return { name, schema: component.schema as Schema<unknown>, mandatory: false, defaultValue: component.defaultValue }
  return { name, schema: component as Schema<unknown>, mandatory: true, defaultValue: undefined }
}

/** Adds the component `name` to the path of an error. */
const placed = (error: unknown, name: string): unknown => (error instanceof Asn1Error ? error.within(name) : error)

/**
 * SEQUENCE with its components in order; the keys of the object are the component names.
 *
 * Stores an element that no component accepts under {@link UNKNOWN} (EXTENSIBILITY IMPLIED). Rejects a repeated or
 * misplaced component: readers that use the first or the last one would read a signed message differently.
 */
export const sequence = <const C extends Components>(
  components: C,
  name = 'SEQUENCE',
): TaggedSchema<SequenceValue<C>> => {
  const fields = Object.entries(components).map(([key, component]) => fieldOf(key, component))
  const needed = fields.filter(({ mandatory, defaultValue }) => mandatory || defaultValue !== undefined)
  const encodeParts = (value: SequenceValue<C>): readonly Uint8Array[] => {
    const parts: Uint8Array[] = []
    for (const field of fields) {
      const content = (value as Record<string, unknown>)[field.name]
      if (content === undefined) {
        if (field.mandatory)
          throw new Asn1Error('missing-field', 'the mandatory component is absent', { path: [field.name] })
        continue
      }
      if (field.defaultValue !== undefined && content === field.defaultValue) continue
      try {
        parts.push(field.schema.encode(content))
      } catch (error) {
        throw placed(error, field.name)
      }
    }
    const unknown = value[UNKNOWN]
    return unknown === undefined ? parts : [...parts, ...unknown]
  }
  return withTag<SequenceValue<C>>(name, 0x30, {
    constructed: true,
    encodeParts,
    encodeContents: value => concat(...encodeParts(value)),
    decodeContents: tlv => readFields(tlv, fields, needed, name) as SequenceValue<C>,
  })
}

const readFields = (
  tlv: Tlv,
  fields: readonly Field[],
  needed: readonly Field[],
  name: string,
): Record<string, unknown> => {
  const value: Record<string | symbol, unknown> = {}
  let unknown: Uint8Array[] | undefined
  let at = 0
  for (let offset = tlv.valueStart; offset < tlv.end; ) {
    const element = readTlv(tlv.buffer, offset, tlv.end)
    offset = element.end
    let index = at
    while (index < fields.length && !accepts(fields[index]!.schema, element.tag)) index++
    const field = fields[index]
    if (field === undefined) {
      const early = fields.slice(0, at).find(known => accepts(known.schema, element.tag))
      if (early !== undefined)
        throw new Asn1Error(
          'bad-tag',
          `${showTag(element.tag)} (${early.name}) is repeated or out of order in ${name}`,
          { offset: element.start },
        )
      unknown ??= []
      unknown.push(getElementBytes(element))
      continue
    }
    try {
      value[field.name] = field.schema.decodeTlv(element)
    } catch (error) {
      throw placed(error, field.name)
    }
    at = index + 1
  }
  for (const field of needed) {
    if (value[field.name] !== undefined) continue
    if (field.mandatory)
      throw new Asn1Error('missing-field', `missing in ${name}`, { path: [field.name], offset: tlv.start })
    value[field.name] = field.defaultValue
  }
  if (unknown !== undefined) Object.defineProperty(value, UNKNOWN, { value: unknown, enumerable: false })
  return value
}

/** SEQUENCE OF. */
export const sequenceOf = <T>(item: Schema<T>, name = `SEQUENCE OF ${item.name}`): TaggedSchema<readonly T[]> => {
  const encodeParts = (values: readonly T[]): readonly Uint8Array[] =>
    values.map((value, index) => {
      try {
        return item.encode(value)
      } catch (error) {
        throw placed(error, `${index}`)
      }
    })
  return withTag<readonly T[]>(name, 0x30, {
    constructed: true,
    encodeParts,
    encodeContents: values => concat(...encodeParts(values)),
    decodeContents: tlv =>
      getChildren(tlv).map((element, index) => {
        try {
          if (!accepts(item, element.tag))
            throw new Asn1Error('bad-tag', `tag ${showTag(element.tag)} where ${item.name} is expected`, {
              offset: element.start,
            })
          return item.decodeTlv(element)
        } catch (error) {
          throw placed(error, `${index}`)
        }
      }),
  })
}

type Alternatives = Record<string, Schema<unknown>>
/** Exactly one alternative: `{ profileInfoListOk: … }` or `{ profileInfoListError: … }`. */
export type ChoiceValue<A> = {
  [K in keyof A]: { readonly [P in K]: ValueOf<A[K]> } & { readonly [P in Exclude<keyof A, K>]?: never }
}[keyof A]

/** CHOICE. An untagged choice has the tags of its alternatives; `explicit` adds an own tag. */
export const choice = <const A extends Alternatives>(alternatives: A, name = 'CHOICE'): Schema<ChoiceValue<A>> => {
  const entries = Object.entries(alternatives) as unknown as [string, Schema<unknown>][]
  const notOne = () =>
    new Asn1Error('bad-value', `${name} needs exactly one of ${entries.map(([key]) => key).join(', ')}`)
  return {
    name,
    tags: entries.flatMap(([, schema]) => schema.tags ?? []),
    encode: value => {
      const given = value as Record<string, unknown>
      let chosen: [string, Schema<unknown>] | undefined
      for (const entry of entries) {
        if (given[entry[0]] === undefined) continue
        if (chosen !== undefined) throw notOne()
        chosen = entry
      }
      if (chosen === undefined) throw notOne()
      const [key, schema] = chosen
      try {
        return schema.encode(given[key])
      } catch (error) {
        throw placed(error, key)
      }
    },
    decodeTlv: tlv => {
      for (const [key, schema] of entries) {
        if (!accepts(schema, tlv.tag)) continue
        try {
          return { [key]: schema.decodeTlv(tlv) } as ChoiceValue<A>
        } catch (error) {
          throw placed(error, key)
        }
      }
      throw new Asn1Error('bad-tag', `tag ${showTag(tlv.tag)} is not an alternative of ${name}`, { offset: tlv.start })
    },
  }
}
