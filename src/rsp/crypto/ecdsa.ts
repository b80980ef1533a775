import { type KeyObject, sign as signDigest, verify as verifyDigest } from 'node:crypto'
import { getCurve } from './curve.ts'

/** r || s, each 32 bytes (BSI TR-03111 §5.2.1, the plain format of SGP.22 §2.6.7.2; X.509 uses a SEQUENCE). */
export const SIGNATURE_LENGTH = 64

/** Signs with ECDSA and SHA-256. */
export const sign = (privateKey: KeyObject, bytes: Uint8Array): Uint8Array => {
  getCurve(privateKey)
  return new Uint8Array(signDigest('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }))
}

/** True if the signature verifies. A signature of another length returns false. */
export const verify = (publicKey: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean => {
  if (signature.length !== SIGNATURE_LENGTH) return false
  return verifyDigest('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}
