/** Why a key, a point or a protected segment is invalid. */
export type CryptoErrorCode =
  | 'bad-point' // not 65 bytes, not uncompressed, or not on the curve
  | 'bad-scalar' // not 32 bytes, or not in 1..n-1
  | 'bad-key' // a key of another algorithm, curve or length
  | 'bad-structure' // tag, length or size of a segment (SCP03t)
  | 'bad-mac' // MAC of a segment, or bytes after it (SCP03t)
  | 'closed' // the session keys were deleted

/** A cryptographic error. The message contains no key material and no value computed from it. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode

  constructor(code: CryptoErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'CryptoError'
    this.code = code
  }
}
