/** Values as JSON text, with bytes and dates in it; members that are undefined are left out, as JSON has it. */

const BYTES = '$bytes'
const DATE = '$date'

const toPlain = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Date) return { [DATE]: value.toISOString() }
  if (value instanceof Uint8Array)
    return { [BYTES]: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') }
  if (Array.isArray(value)) return value.map(toPlain)
  const plain: Record<string, unknown> = {}
  for (const name in value) plain[name] = toPlain((value as Record<string, unknown>)[name])
  return plain
}

const fromPlain = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(fromPlain)
  const plain = value as Record<string, unknown>
  const bytes = plain[BYTES]
  if (typeof bytes === 'string') return Uint8Array.from(Buffer.from(bytes, 'base64'))
  const date = plain[DATE]
  if (typeof date === 'string') return new Date(date)
  for (const name in plain) plain[name] = fromPlain(plain[name])
  return plain
}

export const toDocument = (value: unknown): string => JSON.stringify(toPlain(value))

export const fromDocument = <T>(text: string): T => fromPlain(JSON.parse(text)) as T
