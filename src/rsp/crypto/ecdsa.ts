import { type KeyObject, sign as signDigest, verify as verifyDigest } from 'node:crypto'
import { getCurve } from './curve.ts'

/** r || s, each 32 bytes (BSI TR-03111 §5.2.1, the plain format that SGP.22 §2.6.7.2 takes; X.509 wraps them in a SEQUENCE instead). */
export const SIGNATURE_LENGTH = 64

/** ECDSA with SHA-256. */
export const sign = (privateKey: KeyObject, bytes: Uint8Array): Uint8Array => {
  getCurve(privateKey)
  return new Uint8Array(signDigest('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }))
}

/** True when `signature` is this key's over `bytes`; false for anything else, a signature of another length among it. */
export const verify = (publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== SIGNATURE_LENGTH) return false
  return verifyDigest('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}
