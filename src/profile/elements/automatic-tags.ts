import {
  type Defaulted,
  defaulted,
  type Optional,
  optional,
  type SequenceValue,
  sequence,
} from '../../asn1/constructed.ts'
import { explicit, type Schema, type TaggedSchema, tagged } from '../../asn1/schema.ts'

type Component = Schema<unknown> | Optional<unknown> | Defaulted<unknown>

/** The tag octets of a context class tag as one number. */
const contextTag = (number: number, constructed: boolean): number => {
  const first = constructed ? 0xa0 : 0x80
  return number < 31 ? first | number : ((first | 31) << 8) | number
}

/** `[number]` of AUTOMATIC TAGS (X.680 §25): implicit, but explicit around a CHOICE, which has no tag to replace. */
export const numbered = <T>(number: number, schema: Schema<T>): TaggedSchema<T> => {
  if ('constructed' in schema) {
    const own = schema as TaggedSchema<T>
    return tagged(contextTag(number, own.constructed), own)
  }
  return explicit(contextTag(number, true), schema)
}

const withNumber = (component: Component, number: number): Component => {
  if ('optional' in component) return optional(numbered(number, component.optional))
  if ('defaultValue' in component) return defaulted(numbered(number, component.schema), component.defaultValue)
  return numbered(number, component)
}

/** A SEQUENCE whose components have the tags [0], [1], … in order. */
export const automatic = <const C extends Record<string, Component>>(
  components: C,
  name = 'SEQUENCE',
): TaggedSchema<SequenceValue<C>> =>
  sequence(
    Object.fromEntries(Object.entries(components).map(([key, part], number) => [key, withNumber(part, number)])),
    name,
  ) as unknown as TaggedSchema<SequenceValue<C>>
