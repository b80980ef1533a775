import { createECDH, createHash, type ECDH } from 'node:crypto'
import { concat } from '../../asn1/bytes.ts'
import { CURVES, type CurveName, checkPointForm, drawScalar, isScalar } from './curve.ts'
import { CryptoError } from './error.ts'

/**
 * otPK / otSK of one key agreement (SGP.22 §2.6.3). `privateKey` is the scalar: never log it, call `forgetKeyPair`
 * after use.
 */
export interface OneTimeKeyPair {
  readonly curve: CurveName
  readonly publicKey: Uint8Array
  readonly privateKey: Uint8Array
}

/** The result of the key agreement (SGP.22 Annex G). */
export interface SessionKeys {
  readonly initialMacChainingValue: Uint8Array
  readonly sEnc: Uint8Array
  readonly sMac: Uint8Array
}

/** AES in GlobalPlatform Card Specification Table 11-16, the only key type of ControlRefTemplate. */
export const KEY_TYPE_AES = 0x88
export const KEY_LENGTH = 16

// Setting a scalar costs a point multiplication. The ECDH object of a generated pair is retained, so that a key
// agreement does not repeat it.
const agreements = new WeakMap<Uint8Array, ECDH>()

const agreementOf = (curve: CurveName, privateKey: Uint8Array): ECDH => {
  const known = agreements.get(privateKey)
  if (known !== undefined) return known
  if (!isScalar(curve, privateKey)) throw new CryptoError('bad-scalar', `not a scalar of ${curve}`)
  const ecdh = createECDH(CURVES[curve].openssl)
  ecdh.setPrivateKey(privateKey)
  agreements.set(privateKey, ecdh)
  return ecdh
}

/** Generates a one-time key pair from the given random source. */
export const generateOneTimeKeyPair = (curve: CurveName, random: (length: number) => Uint8Array): OneTimeKeyPair => {
  const privateKey = new Uint8Array(drawScalar(curve, random))
  return { curve, privateKey, publicKey: new Uint8Array(agreementOf(curve, privateKey).getPublicKey()) }
}

/** Overwrites the scalar. The pair cannot be used afterwards. */
export const forgetKeyPair = (pair: OneTimeKeyPair): void => {
  agreements.delete(pair.privateKey)
  pair.privateKey.fill(0)
}

export const forgetSessionKeys = (keys: SessionKeys): void => {
  keys.initialMacChainingValue.fill(0)
  keys.sEnc.fill(0)
  keys.sMac.fill(0)
}

/**
 * ECKA (BSI TR-03111 §4.3.1): returns the x coordinate of the shared point. Rejects a point that is not on the curve.
 */
export const agreeSecret = (curve: CurveName, privateKey: Uint8Array, peerPoint: Uint8Array): Uint8Array => {
  checkPointForm(peerPoint)
  const ecdh = agreementOf(curve, privateKey)
  try {
    return ecdh.computeSecret(peerPoint)
  } catch (cause) {
    throw new CryptoError('bad-point', `the point of the peer is not on ${curve}`, cause)
  }
}

/** X9.63 key derivation with SHA-256 (BSI TR-03111 §4.3.3). */
export const deriveX963 = (secret: Uint8Array, sharedInfo: Uint8Array, length: number): Uint8Array => {
  const out = new Uint8Array(Math.ceil(length / 32) * 32)
  for (let counter = 1; (counter - 1) * 32 < length; counter++) {
    const block = concat(secret, Uint8Array.of(counter >>> 24, counter >>> 16, counter >>> 8, counter), sharedInfo)
    out.set(createHash('sha256').update(block).digest(), (counter - 1) * 32)
    block.fill(0)
  }
  return out.subarray(0, length)
}

export interface KeyAgreement {
  readonly curve: CurveName
  readonly privateKey: Uint8Array
  readonly peerPoint: Uint8Array
  readonly hostId: Uint8Array
  /** The EID, 16 bytes. */
  readonly eid: Uint8Array
  readonly keyType?: number
  readonly keyLength?: number
}

/**
 * Derives the session keys from a shared secret (SGP.22 Annex G): SharedInfo is key type || key length || hostId (LV)
 * || EID (LV).
 */
export const deriveSessionKeysFromSecret = (
  secret: Uint8Array,
  {
    hostId,
    eid,
    keyType = KEY_TYPE_AES,
    keyLength = KEY_LENGTH,
  }: Omit<KeyAgreement, 'curve' | 'privateKey' | 'peerPoint'>,
): SessionKeys => {
  const sharedInfo = concat(Uint8Array.of(keyType, keyLength, hostId.length), hostId, Uint8Array.of(eid.length), eid)
  const derived = deriveX963(secret, sharedInfo, 3 * keyLength)
  const part = (index: number) => derived.slice(index * keyLength, (index + 1) * keyLength)
  const keys = { initialMacChainingValue: part(0), sEnc: part(1), sMac: part(2) }
  derived.fill(0)
  return keys
}

/** Runs ECKA and the key derivation. Both ends derive the same keys from their scalar and the point of the peer. */
export const deriveSessionKeys = ({ curve, privateKey, peerPoint, ...context }: KeyAgreement): SessionKeys => {
  const secret = agreeSecret(curve, privateKey, peerPoint)
  const keys = deriveSessionKeysFromSecret(secret, context)
  secret.fill(0)
  return keys
}
