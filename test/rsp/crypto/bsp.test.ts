import { describe, expect, it } from 'vitest'
import { concat, fromBase64, fromHex, toBase64, toHex } from '../../../src/asn1/bytes.ts'
import {
  authenticatedCapacity,
  type Bsp,
  encryptedCapacity,
  openBsp,
  protectSegments,
  SEGMENT_LIMIT,
} from '../../../src/rsp/crypto/bsp.ts'
import { createCmac } from '../../../src/rsp/crypto/cmac.ts'
import { CryptoError } from '../../../src/rsp/crypto/error.ts'
import type { SessionKeys } from '../../../src/rsp/crypto/key-agreement.ts'
import { PROFILE_SEGMENTS } from './bsp-vectors.ts'

describe('AES-CMAC', () => {
  const message = fromHex(
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  )
  /** RFC 4493 §4. One CMAC object computes all four, so that state left from a message would be found. */
  const cmac = createCmac(fromHex('2b7e151628aed2a6abf7158809cf4f3c'))
  it.each([
    ['Example 1: no bytes', 0, 'bb1d6929e95937287fa37d129b756746'],
    ['Example 2: 16 bytes', 16, '070a16b46b4d4144f79bdd9dd04a287c'],
    ['Example 3: 40 bytes', 40, 'dfa66747de9ae63030ca32611497c827'],
    ['Example 4: 64 bytes', 64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('%s', (_name, length, mac) => {
    expect(toHex(cmac(message.subarray(0, length)))).toBe(mac)
    expect(toHex(cmac(message.subarray(0, length >> 1), message.subarray(length >> 1, length)))).toBe(mac)
  })
})

const keysOf = (sEnc: string, sMac: string, initialMacChainingValue: string): SessionKeys => ({
  sEnc: fromHex(sEnc),
  sMac: fromHex(sMac),
  initialMacChainingValue: fromHex(initialMacChainingValue),
})
/** Source of keys and segments: another SM-DP+, in osmocom pySim, tests/unittests/test_esim_bsp.py, BSP_Test_mode51. */
const SESSION = keysOf(
  '472f5bfadd97f21d34f3ce9b51b92751',
  '9ec07f5b36a13e12a991d66e294e6242',
  '406d507b448a699e7a36a38494debbde',
)
const PROFILE = keysOf(
  '01010203040506070809' + '0a0b0c0d0e0f',
  '02010203040506070809' + '0a0b0c0d0e0f',
  '00010203040506070809' + '0a0b0c0d0e0f',
)
const COMMANDS = [
  {
    name: 'ConfigureISDP',
    tag: 0x87,
    plain: 'bf2400',
    segment: '8718f6fe031e4b9cfe87c8e1e62f3fde85c49412d7722a6a2d89',
  },
  {
    name: 'StoreMetadata',
    tag: 0x88,
    plain: 'bf252d5a0a98001032547698103214910947534d415f54455354921147534d415f544553545f50524f46494c45950100',
    segment:
      '8838bf252d5a0a98001032547698103214910947534d415f54455354921147534d415f544553545f50524f46494c459501008a62cc9adbb5ccbc',
  },
  {
    name: 'ReplaceSessionKeys, its counter stepped by the segment with a MAC only',
    tag: 0x87,
    plain:
      'bf26368010000102030405060708090a0b0c0d0e0f8110010102030405060708090a0b0c0d0e0f8210020102030405060708090a0b0c0d0e0f',
    segment:
      '8748a14c800a001992351cd46ad2945654674369701d82b7b46567652bc8fbed234939fc57fba748015525fd6c651e9d3d1330652d42a0cfad950e912122af4ec5362d3c0bc535729c40',
  },
]

const seal = (bsp: Bsp, tag: number, plain: Uint8Array) =>
  tag === 0x88 ? bsp.authenticate(tag, plain) : bsp.encrypt(tag, plain)
const unseal = (bsp: Bsp, tag: number, segment: Uint8Array) =>
  tag === 0x88 ? bsp.verify(tag, segment) : bsp.decrypt(tag, segment)
const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

describe('the segments of another SM-DP+', () => {
  it('protectSegments returns the same bytes with session keys', () => {
    const bsp = openBsp(SESSION)
    for (const { name, tag, plain, segment } of COMMANDS)
      expect(toHex(seal(bsp, tag, fromHex(plain))), name).toBe(segment)
  })

  it('decrypt opens the segments of another SM-DP+ with session keys', () => {
    const bsp = openBsp(SESSION)
    for (const { name, tag, plain, segment } of COMMANDS)
      expect(toHex(unseal(bsp, tag, fromHex(segment))), name).toBe(plain)
  })

  it('a session protects and opens consecutive full segments with profile protection keys', () => {
    const server = openBsp(PROFILE)
    const card = openBsp(PROFILE)
    for (const { plain, protected: segment } of PROFILE_SEGMENTS) {
      expect(toBase64(server.encrypt(0x86, fromBase64(plain)))).toBe(segment)
      expect(toBase64(card.decrypt(0x86, fromBase64(segment)))).toBe(plain)
    }
  })

  it('protectSegments cuts where the other SM-DP+ cuts', () => {
    const profile = concat(...PROFILE_SEGMENTS.map(({ plain }) => fromBase64(plain)))
    expect(protectSegments(openBsp(PROFILE), 0x86, profile).map(toBase64)).toEqual(
      PROFILE_SEGMENTS.map(segment => segment.protected),
    )
  })
})

describe('an invalid segment', () => {
  it.each([
    [0x86, 'bf2400'],
    [0x86, ''],
    [0x87, '00'.repeat(16)],
    [0x88, 'bf2500'],
  ])(
    'a session rejects a segment of tag %i and content %s with any byte changed, and then every segment',
    (tag, hex) => {
      const segment = seal(openBsp(SESSION), tag, fromHex(hex))
      for (let at = 0; at < segment.length; at++)
        for (const bit of [0x01, 0x80, 0xff]) {
          const changed = segment.slice()
          changed[at]! ^= bit
          const card = openBsp(SESSION)
          expect(
            codeOf(() => unseal(card, tag, changed)),
            `byte ${at}`,
          ).toMatch(/^bad-(mac|structure)$/)
          expect(toHex(unseal(card, tag, segment))).toBe(hex)
        }
    },
  )

  it('a session rejects a segment that is repeated, dropped or out of order', () => {
    const server = openBsp(SESSION)
    const [first, second] = [server.encrypt(0x86, fromHex('01')), server.encrypt(0x86, fromHex('02'))]
    const card = openBsp(SESSION)
    expect(codeOf(() => card.decrypt(0x86, second))).toBe('bad-mac')
    expect(toHex(card.decrypt(0x86, first))).toBe('01')
    expect(codeOf(() => card.decrypt(0x86, first))).toBe('bad-mac')
  })

  it.each([
    ['no TLV', 'ff', 'bad-structure'],
    ['shorter than it says', '861900', 'bad-structure'],
    ['too short for a MAC', `8607${'00'.repeat(7)}`, 'bad-structure'],
    ['nothing but a MAC', `8608${'00'.repeat(8)}`, 'bad-structure'],
    ['not of whole blocks', `8617${'00'.repeat(23)}`, 'bad-structure'],
    ['of another tag', `8718${'00'.repeat(24)}`, 'bad-structure'],
    ['over-long', `86820409${'00'.repeat(1033)}`, 'bad-structure'],
    ['of zeros', `8618${'00'.repeat(24)}`, 'bad-mac'],
  ])('a session rejects a segment that is %s', (_name, hex, code) => {
    expect(codeOf(() => openBsp(SESSION).decrypt(0x86, fromHex(hex)))).toBe(code)
  })

  it('a session rejects a segment with a valid MAC and invalid padding', () => {
    // Sealed with a MAC only, the content is then decrypted as ciphertext.
    const forged = openBsp(SESSION).authenticate(0x86, new Uint8Array(16))
    expect(codeOf(() => openBsp(SESSION).decrypt(0x86, forged))).toBe('bad-mac')
  })
})

describe('the segment size', () => {
  it.each([32, 126, 129, 130, 137, 138, 255, 258, 259, 260, 261, 267, 268, 500, 1019, SEGMENT_LIMIT])(
    'protectSegments fills segments of %i bytes and never exceeds the size',
    size => {
      const data = Uint8Array.from({ length: 3000 }, (_, i) => i)
      for (const tag of [0x86, 0x88]) {
        const segments = protectSegments(openBsp(SESSION), tag, data, size)
        const longest = Math.max(...segments.map(segment => segment.length))
        expect(longest).toBeLessThanOrEqual(size)
        expect(longest).toBeGreaterThan(size - (tag === 0x88 ? 3 : 18))
        const card = openBsp(SESSION)
        expect(concat(...segments.map(segment => unseal(card, tag, segment)))).toEqual(data)
      }
    },
  )

  it('a segment of the standard size has the capacity that SGP.22 states', () => {
    expect(encryptedCapacity(SEGMENT_LIMIT)).toBe(1007)
    expect(authenticatedCapacity(SEGMENT_LIMIT)).toBe(1008)
  })

  it.each([0, 8, 10, 25, 1021])('protectSegments rejects a segment size of %i bytes', size => {
    expect(codeOf(() => protectSegments(openBsp(SESSION), 0x86, new Uint8Array(1), size))).toBe('bad-structure')
  })

  it('protectSegments returns at least one segment, also for no data', () => {
    expect(protectSegments(openBsp(SESSION), 0x86, new Uint8Array(0))).toHaveLength(1)
  })
})

describe('the session', () => {
  it('a closed session rejects every call', () => {
    const bsp = openBsp(SESSION)
    const segment = openBsp(SESSION).encrypt(0x86, fromHex('01'))
    bsp.close()
    bsp.close()
    for (const work of [() => bsp.encrypt(0x86, fromHex('01')), () => bsp.decrypt(0x86, segment)])
      expect(codeOf(work)).toBe('closed')
  })

  it.each([
    ['S-ENC', { ...SESSION, sEnc: new Uint8Array(15) }],
    ['S-MAC', { ...SESSION, sMac: new Uint8Array(32) }],
    ['the chaining value', { ...SESSION, initialMacChainingValue: new Uint8Array(8) }],
  ])('openBsp rejects an invalid length of %s', (_name, keys) => {
    expect(codeOf(() => openBsp(keys))).toBe('bad-key')
  })
})
