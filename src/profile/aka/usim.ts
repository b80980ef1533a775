import { concat, equalBytes } from '../../asn1/bytes.ts'
import { type AkaAlgorithm, gsmKey, xor } from './algorithm.ts'
import { IND_VALUES, joinSqn, type SequenceNumber, splitSqn } from './sequence-number.ts'

/** AMF* of the resynchronization message (TS 33.102 §6.3.3): zeros, so that it need not be transmitted. */
const DUMMY_AMF = new Uint8Array(2)
/** With this AMF the test algorithm requests resynchronization for any SQN (TS 34.108 §8.1.2.2, AMFRESYNCH). */
const RESYNCH_AMF = Uint8Array.of(0xff, 0xff)

/** The rules for the freshness of a sequence number (TS 33.102 C.2). */
export interface FreshnessRules {
  /**
   * C.2.1, C.3.1: the maximum by which SEQ may exceed the highest SEQ, as a protection against wrapping. Absent: no
   * check.
   */
  readonly delta?: number
  /** C.2.2: the maximum by which SEQ may be below the highest SEQ. Absent: no check. */
  readonly ageLimit?: number
  /** The maximum number of authentications. Absent: no limit. */
  readonly maxAuthentications?: number
}

/** The state of a USIM between authentications: the highest accepted SEQ of each IND. */
export interface UsimState {
  readonly seqs: readonly number[]
  readonly authentications: number
}
export const initialUsimState = (seqs: readonly number[] = []): UsimState => ({
  seqs: Array.from({ length: IND_VALUES }, (_, ind) => seqs[ind] ?? 0),
  authentications: 0,
})

export type AuthenticationAnswer =
  | {
      readonly result: 'success'
      readonly res: Uint8Array
      readonly ck: Uint8Array
      readonly ik: Uint8Array
      readonly kc: Uint8Array
    }
  | { readonly result: 'synchronization-failure'; readonly auts: Uint8Array }
  | { readonly result: 'mac-failure' | 'exhausted' }

/** SQN_MS: the highest accepted sequence number with its index. */
const highest = (seqs: readonly number[]): SequenceNumber => {
  let ind = 0
  for (let i = 1; i < seqs.length; i++) if (seqs[i]! > seqs[ind]!) ind = i
  return { seq: seqs[ind]!, ind }
}

const isFresh = (sqn: SequenceNumber, seqs: readonly number[], rules: FreshnessRules): boolean => {
  const { seq: highestSeq } = highest(seqs)
  if (rules.delta !== undefined && sqn.seq - highestSeq > rules.delta) return false
  if (rules.ageLimit !== undefined && highestSeq - sqn.seq > rules.ageLimit) return false
  return sqn.seq > seqs[sqn.ind]!
}

/**
 * The USIM side of authentication and key agreement (TS 33.102 §6.3.3) as a pure function: returns the new state and
 * the result. The SEQ values change only if the MAC is valid and SQN is fresh.
 */
export const answerChallenge = (
  algorithm: AkaAlgorithm,
  rules: FreshnessRules,
  state: UsimState,
  rand: Uint8Array,
  autn: Uint8Array,
): { state: UsimState; answer: AuthenticationAnswer } => {
  if (rules.maxAuthentications !== undefined && state.authentications >= rules.maxAuthentications)
    return { state, answer: { result: 'exhausted' } }
  // Without a limit the USIM does not count, so a failed authentication does not change the state.
  const counted =
    rules.maxAuthentications === undefined ? state : { ...state, authentications: state.authentications + 1 }

  // AUTN = SQN xor AK || AMF || MAC
  const sqnBytes = xor(autn.subarray(0, 6), algorithm.f5(rand))
  const amf = autn.subarray(6, 8)
  if (!equalBytes(algorithm.f1(rand, sqnBytes, amf), autn.subarray(8)))
    return { state: counted, answer: { result: 'mac-failure' } }

  const sqn = splitSqn(sqnBytes)
  const fresh =
    algorithm.name === 'usim-test-algorithm' ? !equalBytes(amf, RESYNCH_AMF) : isFresh(sqn, state.seqs, rules)
  if (!fresh) {
    // AUTS = SQN_MS xor AK* || MAC-S
    const sqnMs = joinSqn(highest(state.seqs))
    const auts = concat(xor(sqnMs, algorithm.f5star(rand)), algorithm.f1star(rand, sqnMs, DUMMY_AMF))
    return { state: counted, answer: { result: 'synchronization-failure', auts } }
  }
  const ck = algorithm.f3(rand)
  const ik = algorithm.f4(rand)
  return {
    state: { ...counted, seqs: state.seqs.with(sqn.ind, Math.max(sqn.seq, state.seqs[sqn.ind]!)) },
    answer: { result: 'success', res: algorithm.f2(rand), ck, ik, kc: gsmKey(ck.subarray(0, 16), ik.subarray(0, 16)) },
  }
}
