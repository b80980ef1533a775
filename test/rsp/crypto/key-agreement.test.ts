import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { hashConfirmationCode } from '../../../src/rsp/crypto/confirmation-code.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import { CryptoError } from '../../../src/rsp/crypto/error.ts'
import {
  agreeSecret,
  deriveSessionKeys,
  deriveSessionKeysFromSecret,
  deriveX963,
  forgetKeyPair,
  generateOneTimeKeyPair,
} from '../../../src/rsp/crypto/key-agreement.ts'
import { seededRandom } from '../seeded-random.ts'

describe('ECKA', () => {
  const VECTORS: Record<string, { curve: CurveName; a: string; b: string; pointA: string; pointB: string; z: string }> =
    {
      'P-256: RFC 5903 §8.1': {
        curve: 'P-256',
        a: 'c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433',
        pointA:
          '04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3',
        b: 'c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53',
        pointB:
          '04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab',
        z: 'd6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de',
      },
      'brainpoolP256r1: RFC 7027 Appendix A.1': {
        curve: 'brainpoolP256r1',
        a: '81db1ee100150ff2ea338d708271be38300cb54241d79950f77b063039804f1d',
        pointA:
          '0444106e913f92bc02a1705d9953a8414db95e1aaa49e81d9e85f929a8e3100be58ab4846f11caccb73ce49cbdd120f5a900a69fd32c272223f789ef10eb089bdc',
        b: '55e40bc41e37e3e2ad25c3c6654511ffa8474a91a0032087593852d3e7d76bd3',
        pointB:
          '048d2d688c6cf93e1160ad04cc4429117dc2c41825e1e9fca0addd34e6f1b39f7b990c57520812be512641e47034832106bc7d3e8dd0e4c7f1136d7006547cec6a',
        z: '89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b',
      },
    }

  it.each(Object.entries(VECTORS))('%s', (_name, { curve, a, b, pointA, pointB, z }) => {
    expect(toHex(agreeSecret(curve, fromHex(a), fromHex(pointB)))).toBe(z)
    expect(toHex(agreeSecret(curve, fromHex(b), fromHex(pointA)))).toBe(z)
  })

  it.each(Object.entries(VECTORS))('agreeSecret rejects a point off the curve %s', (_name, { curve, a, pointB }) => {
    const off = fromHex(pointB)
    off[64]! ^= 1
    for (const point of [off, new Uint8Array(65), fromHex(pointB).subarray(0, 64)])
      expect(() => agreeSecret(curve, fromHex(a), point)).toThrow(
        expect.objectContaining({ name: 'CryptoError', code: 'bad-point' }),
      )
  })
})

describe('X9.63 key derivation', () => {
  /** NIST CAVP, CAVS 12.0, ansx963_2001.rsp, [SHA-256]. */
  it.each([
    [
      '192 bits of secret, no SharedInfo, 128 bits, COUNT = 0',
      '96c05619d56c328ab95fe84b18264b08725b85e33fd34f08',
      '',
      '443024c3dae66b95e6f5670601558f71',
    ],
    [
      '192 bits of secret, no SharedInfo, 128 bits, COUNT = 1',
      '96f600b73ad6ac5629577eced51743dd2c24c21b1ac83ee4',
      '',
      'b6295162a7804f5667ba9070f82fa522',
    ],
    [
      '192 bits of secret, 128 bits of SharedInfo, 1024 bits, COUNT = 0',
      '22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d',
      '75eef81aa3041e33b80971203d2c0c52',
      'c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21',
    ],
    [
      '192 bits of secret, 128 bits of SharedInfo, 1024 bits, COUNT = 1',
      '7e335afa4b31d772c0635c7b0e06f26fcd781df947d2990a',
      'd65a4812733f8cdbcdfb4b2f4c191d87',
      'c0bd9e38a8f9de14c2acd35b2f3410c6988cf02400543631e0d6a4c1d030365acbf398115e51aaddebdc9590664210f9aa9fed770d4c57edeafa0b8c14f93300865251218c262d63dadc47dfa0e0284826793985137e0a544ec80abf2fdf5ab90bdaea66204012efe34971dc431d625cd9a329b8217cc8fd0d9f02b13f2f6b0b',
    ],
  ])('%s', (_name, secret, sharedInfo, keyData) => {
    expect(toHex(deriveX963(fromHex(secret), fromHex(sharedInfo), keyData.length / 2))).toBe(keyData)
  })
})

describe('session keys', () => {
  /** Source: osmocom pySim, tests/unittests/test_esim_bsp.py; the second is from another SM-DP+. */
  it.each([
    [
      'BSP_Test',
      {
        secret: '8902dca391bbb22570fe60c176076246f568b1941265dff1d729e63039658089',
        eid: '89049032123451234512345678901335',
        sEnc: 'd782d575b22a38334556a3d9a1e2ae6b',
        sMac: 'a35addc192ae8f934e2932116c7e89e7',
        initialMacChainingValue: '734bc93ddb10c71c5ad13d420dc08b5b',
      },
    ],
    [
      'BSP_Test_mode51',
      {
        secret: 'c9a993dd4879a8f7161f2085410edd4f9652f1df37be097ba96ba2ca6be528fe',
        eid: '89049032123451234512345678901235',
        sEnc: '472f5bfadd97f21d34f3ce9b51b92751',
        sMac: '9ec07f5b36a13e12a991d66e294e6242',
        initialMacChainingValue: '406d507b448a699e7a36a38494debbde',
      },
    ],
  ])('deriveSessionKeys returns the keys of %s', (_name, { secret, eid, ...expected }) => {
    const keys = deriveSessionKeysFromSecret(fromHex(secret), {
      hostId: new Uint8Array(8).fill(0x80),
      eid: fromHex(eid),
    })
    expect(Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, toHex(key)]))).toEqual(expected)
  })

  it.each(['P-256', 'brainpoolP256r1'] as const)('deriveSessionKeys returns the same keys at both ends (%s)', curve => {
    const card = generateOneTimeKeyPair(curve, seededRandom('card'))
    const server = generateOneTimeKeyPair(curve, seededRandom('server'))
    const context = { curve, hostId: fromHex('0102'), eid: fromHex('89049032123451234512345678901235') }
    const onCard = deriveSessionKeys({ ...context, privateKey: card.privateKey, peerPoint: server.publicKey })
    const onServer = deriveSessionKeys({ ...context, privateKey: server.privateKey, peerPoint: card.publicKey })
    expect(onCard).toEqual(onServer)
    // A copy of the scalar, such as a card restores after a power cycle, leads to the same keys.
    expect(deriveSessionKeys({ ...context, privateKey: card.privateKey.slice(), peerPoint: server.publicKey })).toEqual(
      onCard,
    )
    const other = { ...context, eid: fromHex('89049032123451234512345678901236') }
    expect(deriveSessionKeys({ ...other, privateKey: card.privateKey, peerPoint: server.publicKey }).sMac).not.toEqual(
      onCard.sMac,
    )
  })

  it('deriveSessionKeys rejects a pair whose scalar was overwritten', () => {
    const pair = generateOneTimeKeyPair('P-256', seededRandom('a'))
    const peer = generateOneTimeKeyPair('P-256', seededRandom('b'))
    forgetKeyPair(pair)
    expect(pair.privateKey).toEqual(new Uint8Array(32))
    expect(() => agreeSecret('P-256', pair.privateKey, peer.publicKey)).toThrow(CryptoError)
  })

  it('generateOneTimeKeyPair depends on the seeded random source only', () => {
    expect(generateOneTimeKeyPair('P-256', seededRandom('x'))).toEqual(
      generateOneTimeKeyPair('P-256', seededRandom('x')),
    )
    expect(generateOneTimeKeyPair('P-256', seededRandom('x'))).not.toEqual(
      generateOneTimeKeyPair('P-256', seededRandom('y')),
    )
  })
})

describe('hashCc', () => {
  it('hashConfirmationCode is SHA-256 over SHA-256 of the code and the transaction id (computed with `openssl dgst -sha256`)', () => {
    const transactionId = fromHex('00112233445566778899aabbccddeeff')
    expect(toHex(hashConfirmationCode('abc', transactionId))).toBe(
      '21e858b8992003a2b31fc0bbbe6f8c36ecc35d0b36b10a1ef78c4747bd1c2fbe',
    )
    // The example of FIPS 180-4: SHA-256("abc").
    const inner = fromHex('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(toHex(hashConfirmationCode('abc', transactionId))).toBe(
      createHash('sha256').update(concat(inner, transactionId)).digest('hex'),
    )
  })
})
