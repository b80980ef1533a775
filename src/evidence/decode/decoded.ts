import { toHex } from '../../asn1/bytes.ts'
import type { Decoded } from '../events.ts'

/** Converts a decoded value to JSON: bytes become hexadecimal, absent members and raw bytes are omitted. */
export const toDecoded = (value: unknown): Decoded => {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return toHex(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return value.map(toDecoded)
  if (typeof value === 'object') {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    const hasRawBytes =
      members.length === 2 && 'value' in value && 'bytes' in value && value.bytes instanceof Uint8Array
    return hasRawBytes
      ? toDecoded(value.value)
      : Object.fromEntries(members.map(([name, member]) => [name, toDecoded(member)]))
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : String(value)
}
