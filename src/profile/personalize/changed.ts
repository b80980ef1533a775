import { UNKNOWN } from '../../asn1/constructed.ts'

/** Returns a value with other components. Unknown components (EXTENSIBILITY IMPLIED) are retained. */
export const changed = <T extends object>(value: T, changes: Partial<T>): T => {
  const copy = { ...value, ...changes }
  const unknown = (value as { readonly [UNKNOWN]?: unknown })[UNKNOWN]
  if (unknown !== undefined) Object.defineProperty(copy, UNKNOWN, { value: unknown, enumerable: false })
  return copy
}
