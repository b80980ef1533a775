import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { concat, fromHex } from '../../asn1/bytes.ts'
import { CryptoError } from './error.ts'

/** The curves of SGP.22 §2.6.7 in use: NIST P-256 and Brainpool. */
export type CurveName = 'P-256' | 'brainpoolP256r1'

interface Curve {
  /** The name in OpenSSL. */
  readonly openssl: string
  /** namedCurve of AlgorithmIdentifier (RFC 5480 §2.1.1.1, RFC 5639 §4.1). */
  readonly oid: string
  /** The order n of the base point: private scalars are in 1..n-1. */
  readonly order: Uint8Array
  /** SubjectPublicKeyInfo (RFC 5480 §2) before the point. */
  readonly spkiPrefix: Uint8Array
  /** ECPrivateKey (RFC 5915 §3) before the scalar, and between the scalar and the point. */
  readonly sec1: readonly [Uint8Array, Uint8Array]
}

export const CURVES: Readonly<Record<CurveName, Curve>> = {
  'P-256': {
    openssl: 'prime256v1',
    oid: '1.2.840.10045.3.1.7',
    order: fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551'),
    spkiPrefix: fromHex('3059301306072a8648ce3d020106082a8648ce3d030107034200'),
    sec1: [fromHex('30770201010420'), fromHex('a00a06082a8648ce3d030107a144034200')],
  },
  brainpoolP256r1: {
    openssl: 'brainpoolP256r1',
    oid: '1.3.36.3.3.2.8.1.1.7',
    order: fromHex('a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7'),
    spkiPrefix: fromHex('305a301406072a8648ce3d020106092b2403030208010107034200'),
    sec1: [fromHex('30780201010420'), fromHex('a00b06092b2403030208010107a144034200')],
  },
}

export const POINT_LENGTH = 65
const SCALAR_LENGTH = 32

export const findCurveByOid = (oid: string): CurveName | undefined =>
  (Object.keys(CURVES) as CurveName[]).find(name => CURVES[name].oid === oid)

/** Returns the curve of a key. Throws CryptoError `bad-key` for other keys. */
export const getCurve = (key: KeyObject): CurveName => {
  const named = key.asymmetricKeyDetails?.namedCurve
  const found = (Object.keys(CURVES) as CurveName[]).find(name => CURVES[name].openssl === named)
  if (found === undefined) throw new CryptoError('bad-key', 'the key is neither on P-256 nor on brainpoolP256r1')
  return found
}

/** Checks length and form of an uncompressed point (BSI TR-03111 §3.2.1), not that it is on the curve. */
export const checkPointForm = (point: Uint8Array): void => {
  if (point.length !== POINT_LENGTH || point[0] !== 0x04)
    throw new CryptoError('bad-point', `a point consists of '04' and two coordinates, ${POINT_LENGTH} bytes`)
}

/** Creates the public key of an uncompressed point '04' || x || y. */
export const publicKeyFromPoint = (curve: CurveName, point: Uint8Array): KeyObject => {
  checkPointForm(point)
  try {
    return createPublicKey({
      key: Buffer.from(concat(CURVES[curve].spkiPrefix, point)),
      format: 'der',
      type: 'spki',
    })
  } catch (cause) {
    throw new CryptoError('bad-point', `the point is not on ${curve}`, cause)
  }
}

/** Returns the uncompressed point of a public or private key. */
export const getPoint = (key: KeyObject): Uint8Array => {
  getCurve(key)
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(spki.length - POINT_LENGTH))
}

/** True for 1..n-1. It is not constant in time and reveals only how a random value compares with a public number. */
export const isScalar = (curve: CurveName, scalar: Uint8Array): boolean =>
  scalar.length === SCALAR_LENGTH &&
  scalar.some(octet => octet !== 0) &&
  Buffer.compare(scalar, CURVES[curve].order) < 0

/** Draws a scalar from the random source and repeats for values outside 1..n-1 (BSI TR-03111 §4.1.1, by rejection). */
export const drawScalar = (curve: CurveName, random: (length: number) => Uint8Array): Uint8Array => {
  // n of Brainpool is 0.66 of 2^256: 128 rejected values in a row prove a broken random source.
  for (let draw = 0; draw < 128; draw++) {
    const scalar = random(SCALAR_LENGTH)
    if (isScalar(curve, scalar)) return scalar
  }
  throw new CryptoError('bad-scalar', 'the random source returned no scalar in 1..n-1')
}

/** Creates the private key of a scalar of 32 bytes. */
export const privateKeyFromScalar = (curve: CurveName, scalar: Uint8Array): KeyObject => {
  if (!isScalar(curve, scalar)) throw new CryptoError('bad-scalar', `not a scalar of ${curve}`)
  const { openssl, sec1 } = CURVES[curve]
  const ecdh = createECDH(openssl)
  ecdh.setPrivateKey(scalar)
  const der = Buffer.from(concat(sec1[0], scalar, sec1[1], ecdh.getPublicKey()))
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'sec1' })
  } finally {
    der.fill(0)
  }
}
