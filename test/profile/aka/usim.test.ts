import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBytes, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { generateVector, nextSqn, resynchronize } from '../../../src/profile/aka/auc.ts'
import { milenage } from '../../../src/profile/aka/milenage.ts'
import { joinSqn, splitSqn } from '../../../src/profile/aka/sequence-number.ts'
import { testAlgorithm } from '../../../src/profile/aka/test-algorithm.ts'
import { tuak } from '../../../src/profile/aka/tuak.ts'
import { answerChallenge, initialUsimState, type UsimState } from '../../../src/profile/aka/usim.ts'

// TS 35.207 test set 1
const algorithm = milenage({
  k: fromHex('465b5ce8b199b49faa5f0a2ee238a6bc'),
  opc: fromHex('cd63cb71954a9f4e48a5994e37a02baf'),
})
const rand = fromHex('23553cbe9637a89d218ae64dae47bf35')
const sqnOf = (seq: number, ind: number): Uint8Array => joinSqn({ seq, ind })
const challenge = (sqn: Uint8Array) => generateVector(algorithm, { rand, sqn })
const stateWith = (seq: number, ind: number): UsimState => {
  const seqs: number[] = []
  seqs[ind] = seq
  return initialUsimState(seqs)
}
const answerTo = (state: UsimState, sqn: Uint8Array, rules = {}) =>
  answerChallenge(algorithm, rules, state, rand, challenge(sqn).autn)

describe('answerChallenge, the USIM side of AKA (TS 33.102 §6.3.3, annex C)', () => {
  it('answerChallenge returns RES, CK and IK of TS 35.207 set 1', () => {
    const vector = generateVector(algorithm, { rand, sqn: fromHex('ff9bb4d0b607'), amf: fromHex('b9b9') })
    expect(toHex(vector.autn)).toBe('55f328b43577b9b94a9ffac354dfafb3')
    const { answer } = answerChallenge(algorithm, {}, initialUsimState(), rand, vector.autn)
    expect(answer).toMatchObject({ result: 'success', res: vector.xres, ck: vector.ck, ik: vector.ik })
  })

  it('answerChallenge reports only the MAC failure if the MAC is invalid', () => {
    const { autn } = challenge(sqnOf(5, 0))
    for (let bit = 0; bit < 128; bit++) {
      const changed = autn.slice()
      changed[bit >> 3]! ^= 0x80 >> (bit & 7)
      const { state, answer } = answerChallenge(algorithm, {}, stateWith(9, 3), rand, changed)
      expect(answer).toEqual({ result: 'mac-failure' })
      expect(state.seqs).toEqual(stateWith(9, 3).seqs)
    }
  })

  it('answerChallenge stores one SEQ for each IND: a lower SEQ is fresh with another IND, a repeated vector never', () => {
    const { state, answer } = answerTo(initialUsimState(), sqnOf(100, 1))
    expect(answer.result).toBe('success')
    expect(answerTo(state, sqnOf(99, 2)).answer.result).toBe('success')
    expect(answerTo(state, sqnOf(100, 1)).answer.result).toBe('synchronization-failure')
    expect(answerTo(state, sqnOf(99, 1)).answer.result).toBe('synchronization-failure')
    expect(answerTo(state, sqnOf(101, 1)).answer.result).toBe('success')
  })

  it('answerChallenge accepts a SEQ jump of exactly delta and no more', () => {
    const state = stateWith(1000, 0)
    expect(answerTo(state, sqnOf(1050, 1), { delta: 50 }).answer.result).toBe('success')
    expect(answerTo(state, sqnOf(1051, 1), { delta: 50 }).answer.result).toBe('synchronization-failure')
    expect(answerTo(state, sqnOf(1051, 1)).answer.result).toBe('success')
  })

  it('answerChallenge accepts an age of exactly the limit and no more', () => {
    const state = stateWith(1000, 0)
    expect(answerTo(state, sqnOf(990, 1), { ageLimit: 10 }).answer.result).toBe('success')
    expect(answerTo(state, sqnOf(989, 1), { ageLimit: 10 }).answer.result).toBe('synchronization-failure')
  })

  it('answerChallenge stops after the maximum number of authentications of the profile', () => {
    const first = answerTo(initialUsimState(), sqnOf(1, 0), { maxAuthentications: 1 })
    expect(first.answer.result).toBe('success')
    expect(answerTo(first.state, sqnOf(2, 0), { maxAuthentications: 1 }).answer).toEqual({ result: 'exhausted' })
  })

  it.each([
    ['Milenage', algorithm],
    [
      'TUAK with 256-bit key and 128-bit MAC',
      tuak({ k: new Uint8Array(32).fill(7), topc: new Uint8Array(32), macLength: 16 }),
    ],
    ['the test algorithm', testAlgorithm(fromHex('000102030405060708090a0b0c0d0e0f'))],
  ])('resynchronize sets the SQN of the AuC with %s, and the next vector succeeds', (_name, subject) => {
    const state = stateWith(70_000, 3)
    const amf = subject.name === 'usim-test-algorithm' ? fromHex('ffff') : fromHex('8000')
    const stale = generateVector(subject, { rand, sqn: sqnOf(1, 3), amf })
    const { answer } = answerChallenge(subject, {}, state, rand, stale.autn)
    if (answer.result !== 'synchronization-failure') throw new Error(answer.result)
    const sqnMs = resynchronize(subject, { rand, auts: answer.auts })
    expect(sqnMs && splitSqn(sqnMs)).toEqual({ seq: 70_000, ind: 3 })
    const next = generateVector(subject, { rand, sqn: nextSqn(sqnMs!) })
    expect(answerChallenge(subject, {}, state, rand, next.autn).answer.result).toBe('success')
    expect(resynchronize(subject, { rand: rand.map(b => b ^ 1), auts: answer.auts })).toBeUndefined()
    expect(resynchronize(subject, { rand, auts: answer.auts.subarray(0, 13) })).toBeUndefined()
  })

  it('answerChallenge never accepts a vector twice, in any order of vectors', () => {
    const sqns = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 3 })), { maxLength: 30 })
    fc.assert(
      fc.property(sqns, arrivals => {
        let state = initialUsimState()
        const accepted: Uint8Array[] = []
        for (const [seq, ind] of arrivals) {
          const sqn = sqnOf(seq, ind)
          const outcome = answerTo(state, sqn)
          if (outcome.answer.result === 'success') {
            expect(accepted.some(earlier => equalBytes(earlier, sqn))).toBe(false)
            accepted.push(sqn)
          } else expect(outcome.state.seqs).toEqual(state.seqs)
          state = outcome.state
        }
      }),
      { seed: 33102 },
    )
  })
})
