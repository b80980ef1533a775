import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { testAlgorithm } from '../../../src/profile/aka/test-algorithm.ts'

/**
 * TS 34.108 publishes a rule and no values: XDOUT = K xor RAND; RES, CK, IK and AK begin at bits 0, 8, 16 and 24; MAC =
 * XDOUT xor (SQN || AMF). With the K of TS 34.108 §8.2 and RAND zero, XDOUT equals K.
 */
describe('the 3GPP test algorithm', () => {
  const k = fromHex('000102030405060708090a0b0c0d0e0f')

  it('testAlgorithm cuts all values from K xor RAND', () => {
    const algorithm = testAlgorithm(k)
    const rand = new Uint8Array(16)
    expect(toHex(algorithm.f2(rand))).toBe('000102030405060708090a0b0c0d0e0f')
    expect(toHex(algorithm.f3(rand))).toBe('0102030405060708090a0b0c0d0e0f00')
    expect(toHex(algorithm.f4(rand))).toBe('02030405060708090a0b0c0d0e0f0001')
    expect(toHex(algorithm.f5(rand))).toBe('030405060708')
    expect(toHex(algorithm.f5star(rand))).toBe('030405060708')
    expect(toHex(algorithm.f1(rand, fromHex('101010101010'), fromHex('8000')))).toBe('1011121314158607')
    expect(toHex(algorithm.f1star(rand, fromHex('101010101010'), fromHex('0000')))).toBe('1011121314150607')
  })

  it('testAlgorithm XORs RAND bit by bit', () => {
    const rand = fromHex('ff00ff00ff00ff00ff00ff00ff00ff00')
    expect(toHex(testAlgorithm(k).f2(rand))).toBe('ff01fd03fb05f907f709f50bf30df10f')
    expect(toHex(testAlgorithm(k, 8).f2(rand))).toBe('ff01fd03fb05f907')
  })
})
