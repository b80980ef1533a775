/** What was wrong with a key, a point or a protected segment. */
export type CryptoErrorCode =
  | 'bad-point' // not 65 bytes, not uncompressed, or not on the curve
  | 'bad-scalar' // not 32 bytes, or not in 1..n-1
  | 'bad-key' // a key of another algorithm, curve or length
  | 'bad-structure' // a segment's tag, length or size (SCP03t)
  | 'bad-mac' // a segment's MAC, or what stands behind it (SCP03t)
  | 'closed' // the session keys were forgotten

/** A cryptographic refusal. The message never holds key material, nor anything computed from it. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode

  constructor(code: CryptoErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CryptoError'
    this.code = code
  }
}
