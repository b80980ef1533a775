/** Concatenates byte arrays. */
export const concat = (...parts: readonly Uint8Array[]): Uint8Array => {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Compares byte by byte, not in constant time: do not use it for secrets. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lower-case hexadecimal. */
export const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

/** Reads hexadecimal in either case and skips blanks. Throws a RangeError for other text. */
export const fromHex = (text: string): Uint8Array => {
  const digits = /\s/.test(text) ? text.replace(/\s+/g, '') : text
  if (digits.length % 2 !== 0 || /[^0-9a-fA-F]/.test(digits))
    throw new RangeError('not hexadecimal: an even number of digits 0-9 a-f is expected')
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

/** Standard base64 with padding. */
export const toBase64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

/** Reads standard base64. Skips line breaks and blanks, which some servers send. Throws a RangeError for other text. */
export const fromBase64 = (text: string): Uint8Array => {
  const digits = /\s/.test(text) ? text.replace(/\s+/g, '') : text
  const bytes = Buffer.from(digits, 'base64')
  // Node skips characters that are not base64, so the length shows whether it skipped any.
  const length = digits.length - (digits.endsWith('==') ? 2 : digits.endsWith('=') ? 1 : 0)
  if (length % 4 === 1 || bytes.length !== Math.floor((length * 3) / 4)) throw new RangeError('not base64')
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
