import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import {
  CURVES,
  type CurveName,
  drawScalar,
  findCurveByOid,
  getCurve,
  getPoint,
  privateKeyFromScalar,
  publicKeyFromPoint,
} from '../../../src/rsp/crypto/curve.ts'
import { SIGNATURE_LENGTH, sign, verify } from '../../../src/rsp/crypto/ecdsa.ts'
import { CryptoError } from '../../../src/rsp/crypto/error.ts'

const CURVE_NAMES: readonly CurveName[] = ['P-256', 'brainpoolP256r1']

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

/** RFC 5903 §8.1 and RFC 7027 Appendix A.1: a scalar and its point. */
const KEYS: Record<CurveName, { scalar: string; point: string }> = {
  'P-256': {
    scalar: 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
    point:
      '04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3',
  },
  brainpoolP256r1: {
    scalar: '81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d',
    point:
      '0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc',
  },
}

describe.each(CURVE_NAMES)('keys on %s', curve => {
  const { scalar, point } = KEYS[curve]

  it('privateKeyFromScalar returns the key of the published point', () => {
    const key = privateKeyFromScalar(curve, fromHex(scalar))
    expect(toHex(getPoint(key))).toBe(point)
    expect(getCurve(key)).toBe(curve)
  })

  it('getPoint returns the point from which publicKeyFromPoint made the key', () => {
    const key = publicKeyFromPoint(curve, fromHex(point))
    expect(toHex(getPoint(key))).toBe(point)
    expect(getCurve(key)).toBe(curve)
  })

  it('findCurveByOid finds the curve', () => {
    expect(findCurveByOid(CURVES[curve].oid)).toBe(curve)
    expect(findCurveByOid('1.3.132.0.34')).toBeUndefined()
  })

  it.each([
    ['one byte short', (p: Uint8Array) => p.subarray(1)],
    ['one byte long', (p: Uint8Array) => concat(p, Uint8Array.of(0))],
    ['empty', () => new Uint8Array(0)],
    ['compressed', (p: Uint8Array) => concat(Uint8Array.of(2), p.subarray(1, 33))],
    ['of a hybrid form', (p: Uint8Array) => concat(Uint8Array.of(6), p.subarray(1))],
    ['off the curve', (p: Uint8Array) => concat(p.subarray(0, 64), Uint8Array.of(p[64]! ^ 1))],
    ['all zero', () => Uint8Array.from({ length: 65 }, (_, i) => (i === 0 ? 4 : 0))],
  ])('publicKeyFromPoint rejects a point that is %s', (_name, spoil) => {
    expect(codeOf(() => publicKeyFromPoint(curve, spoil(fromHex(point))))).toBe('bad-point')
  })

  it.each([
    ['zero', () => new Uint8Array(32)],
    ['the order', () => CURVES[curve].order],
    ['too short', () => new Uint8Array(31).fill(1)],
  ])('privateKeyFromScalar rejects a scalar that is %s', (_name, make) => {
    expect(codeOf(() => privateKeyFromScalar(curve, make()))).toBe('bad-scalar')
  })

  it('drawScalar repeats until the scalar is in range', () => {
    const draws = [new Uint8Array(32).fill(0xff), new Uint8Array(32), fromHex(scalar)]
    expect(toHex(drawScalar(curve, () => draws.shift()!))).toBe(scalar)
    expect(codeOf(() => drawScalar(curve, length => new Uint8Array(length)))).toBe('bad-scalar')
  })

  it('sign returns r || s, and verify accepts nothing else', () => {
    const key = privateKeyFromScalar(curve, fromHex(scalar))
    const publicKey = publicKeyFromPoint(curve, fromHex(point))
    const bytes = fromHex('00112233')
    const signature = sign(key, bytes)
    expect(signature).toHaveLength(SIGNATURE_LENGTH)
    expect(verify(publicKey, bytes, signature)).toBe(true)
    expect(verify(publicKey, fromHex('00112234'), signature)).toBe(false)
    for (let i = 0; i < signature.length; i++) {
      const flipped = signature.slice()
      flipped[i]! ^= 0x01
      expect(verify(publicKey, bytes, flipped), `byte ${i}`).toBe(false)
    }
    for (const odd of [new Uint8Array(0), signature.subarray(1), concat(signature, Uint8Array.of(0))])
      expect(verify(publicKey, bytes, odd)).toBe(false)
    for (const edge of [new Uint8Array(64), concat(CURVES[curve].order, CURVES[curve].order)])
      expect(verify(publicKey, bytes, edge)).toBe(false)
  })
})

describe('ECDSA', () => {
  it('verify accepts the signature of RFC 6979 A.2.5 (P-256, SHA-256, "sample")', () => {
    const key = publicKeyFromPoint(
      'P-256',
      fromHex(
        '0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299',
      ),
    )
    const signature = fromHex(
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
    )
    expect(verify(key, new TextEncoder().encode('sample'), signature)).toBe(true)
  })

  it('publicKeyFromPoint rejects a point of the other curve', () => {
    expect(codeOf(() => publicKeyFromPoint('brainpoolP256r1', fromHex(KEYS['P-256'].point)))).toBe('bad-point')
  })
})
