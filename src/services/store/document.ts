/**
 * Values as JSON text with bytes and dates; undefined members are left out. In encrypted documents, the bytes follow
 * the text after a zero octet: `{"$bytes":[start,end]}` counts from there.
 */

const BYTES = '$bytes'
const DATE = '$date'

type WriteBytes = (bytes: Uint8Array) => string | readonly [start: number, end: number]

const toPlain = (value: unknown, write: WriteBytes): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Date) return { [DATE]: value.toISOString() }
  if (value instanceof Uint8Array) return { [BYTES]: write(value) }
  if (Array.isArray(value)) return value.map(item => toPlain(item, write))
  const plain: Record<string, unknown> = {}
  for (const name in value) plain[name] = toPlain((value as Record<string, unknown>)[name], write)
  return plain
}

const fromPlain = (value: unknown, behind: Uint8Array): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(item => fromPlain(item, behind))
  const plain = value as Record<string, unknown>
  const bytes = plain[BYTES]
  if (typeof bytes === 'string') return Uint8Array.from(Buffer.from(bytes, 'base64'))
  if (Array.isArray(bytes)) return new Uint8Array(behind.subarray(bytes[0], bytes[1]))
  const date = plain[DATE]
  if (typeof date === 'string') return new Date(date)
  for (const name in plain) plain[name] = fromPlain(plain[name], behind)
  return plain
}

const NOTHING = new Uint8Array()
const inText: WriteBytes = bytes => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

export const toDocument = (value: unknown): string => JSON.stringify(toPlain(value, inText))

export const fromDocument = <T>(text: string): T => fromPlain(JSON.parse(text), NOTHING) as T

export const toPackedDocument = (value: unknown): Uint8Array => {
  const parts: Uint8Array[] = []
  let end = 0
  const plain = toPlain(value, bytes => {
    parts.push(bytes)
    end += bytes.length
    return [end - bytes.length, end]
  })
  return Buffer.concat([Buffer.from(`${JSON.stringify(plain)}\0`), ...parts])
}

export const fromPackedDocument = <T>(packed: Uint8Array): T => {
  const document = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  const end = document.indexOf(0)
  const text = document.toString('utf8', 0, end < 0 ? document.length : end)
  return fromPlain(JSON.parse(text), document.subarray(end + 1)) as T
}
