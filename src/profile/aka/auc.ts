import { concat, equalBytes } from '../../asn1/bytes.ts'
import { type AkaAlgorithm, expectLength, xor } from './algorithm.ts'
import { IND_VALUES, joinSqn, MAX_SEQ, splitSqn } from './sequence-number.ts'

/** An authentication vector (TS 33.102 §6.3.2) with its SQN. */
export interface AuthenticationVector {
  readonly rand: Uint8Array
  readonly autn: Uint8Array
  readonly xres: Uint8Array
  readonly ck: Uint8Array
  readonly ik: Uint8Array
  readonly sqn: Uint8Array
}

/** Returns the following sequence number: the next SEQ and the next IND (TS 33.102 C.1.1.1, C.1.2). */
export const nextSqn = (sqn: Uint8Array): Uint8Array => {
  const { seq, ind } = splitSqn(sqn)
  return joinSqn({ seq: seq >= MAX_SEQ ? 1 : seq + 1, ind: (ind + 1) % IND_VALUES })
}

/** AMF with the separation bit, which EPS and 5GS require (TS 33.102 annex H, TS 33.401 §6.1.1). */
const EPS_AMF = Uint8Array.of(0x80, 0x00)

/** Generates a vector. The caller provides `rand` and must never use one twice. */
export const generateVector = (
  algorithm: AkaAlgorithm,
  input: { readonly rand: Uint8Array; readonly sqn: Uint8Array; readonly amf?: Uint8Array },
): AuthenticationVector => {
  const { rand, sqn, amf = EPS_AMF } = input
  expectLength('RAND', rand, 16)
  expectLength('SQN', sqn, 6)
  expectLength('AMF', amf, 2)
  return {
    rand,
    autn: concat(xor(sqn, algorithm.f5(rand)), amf, algorithm.f1(rand, sqn, amf)),
    xres: algorithm.f2(rand),
    ck: algorithm.f3(rand),
    ik: algorithm.f4(rand),
    sqn,
  }
}

/**
 * Reads AUTS (TS 33.102 §6.3.5) and returns the SQN_MS of the USIM, from which the AuC continues. `undefined` if MAC-S
 * is invalid: the AUTS is from another USIM or for another RAND.
 */
export const resynchronize = (
  algorithm: AkaAlgorithm,
  input: { readonly rand: Uint8Array; readonly auts: Uint8Array },
): Uint8Array | undefined => {
  const { rand, auts } = input
  if (auts.length < 14) return undefined
  const sqnMs = xor(auts.subarray(0, 6), algorithm.f5star(rand))
  const macS = algorithm.f1star(rand, sqnMs, new Uint8Array(2))
  return equalBytes(macS, auts.subarray(6)) ? sqnMs : undefined
}
