import { ProfileError } from '../error.ts'

/**
 * The seven functions of an authentication and key agreement algorithm (TS 33.102 §6.3, TS 33.105 §5.1).
 *
 * `rand` has 16 bytes, `sqn` 6, `amf` 2. The algorithm defines the lengths of MAC, RES, CK and IK: TUAK is
 * configurable; Milenage and the test algorithm have MACs of 8 bytes.
 */
export interface AkaAlgorithm {
  readonly name: 'milenage' | 'tuak' | 'usim-test-algorithm'
  /** Network authentication: MAC-A. */
  f1(rand: Uint8Array, sqn: Uint8Array, amf: Uint8Array): Uint8Array
  /** Resynchronization message authentication: MAC-S. */
  f1star(rand: Uint8Array, sqn: Uint8Array, amf: Uint8Array): Uint8Array
  /** User authentication: RES. */
  f2(rand: Uint8Array): Uint8Array
  /** Cipher key: CK. */
  f3(rand: Uint8Array): Uint8Array
  /** Integrity key: IK. */
  f4(rand: Uint8Array): Uint8Array
  /** Anonymity key: AK. */
  f5(rand: Uint8Array): Uint8Array
  /** Anonymity key of the resynchronization message: AK*. */
  f5star(rand: Uint8Array): Uint8Array
}

export const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const out = new Uint8Array(a.length)
  for (let i = 0; i < a.length; i++) out[i] = a[i]! ^ b[i]!
  return out
}

/** Rejects a value of another length. The message contains the name of the parameter and not its value. */
export const expectLength = (name: string, value: Uint8Array, ...lengths: readonly number[]): void => {
  if (!lengths.includes(value.length))
    throw new ProfileError('bad-parameter', `${name} has ${value.length} bytes; ${lengths.join(' or ')} are required`)
}

/** Conversion function c3 of TS 33.102 §6.8.1.2: the 8-byte GSM key from CK and IK of 16 bytes. */
export const gsmKey = (ck: Uint8Array, ik: Uint8Array): Uint8Array =>
  [ck.subarray(0, 8), ck.subarray(8, 16), ik.subarray(0, 8), ik.subarray(8, 16)].reduce(xor)

/** Conversion function c2 of TS 33.102 §6.8.1.2: the 4-byte GSM response from RES, zero-padded to 16 bytes. */
export const gsmResponse = (res: Uint8Array): Uint8Array => {
  const out = new Uint8Array(4)
  for (let i = 0; i < Math.min(res.length, 16); i++) out[i & 3]! ^= res[i]!
  return out
}
