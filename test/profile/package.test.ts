import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/asn1/bytes.ts'
import { ProfileElementTypes } from '../../src/profile/elements/profile-element.ts'
import { ProfileError } from '../../src/profile/error.ts'
import { decodeProfilePackage, encodeProfilePackage } from '../../src/profile/package.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from './ts48.ts'

const errorOf = (bytes: Uint8Array): unknown => {
  try {
    decodeProfilePackage(bytes)
    return undefined
  } catch (error) {
    return error
  }
}

describe.skipIf(ts48Missing)(`profile packages of TS.48${ts48Reason}`, () => {
  it.each(TS48_NAMES)('decodeProfilePackage decodes %s, and every element re-encodes to its bytes', name => {
    const bytes = readTs48(name)
    const pkg = decodeProfilePackage(bytes)
    expect(toHex(encodeProfilePackage(pkg))).toBe(toHex(bytes))
    expect(pkg.elements.filter(element => element.kind === 'unknown')).toEqual([])
    for (const element of pkg.elements) {
      if (element.kind === 'unknown') continue
      const again = (ProfileElementTypes[element.kind] as { encode(value: unknown): Uint8Array }).encode(element.value)
      expect(toHex(again), `${element.kind} ${element.identification}`).toBe(toHex(element.bytes))
    }
  })

  it.each(TS48_NAMES)('decodeProfilePackage rejects a truncated %s with an offset inside it', name => {
    const bytes = readTs48(name)
    const wrong: number[] = []
    for (let length = 0; length < bytes.length; length += name === TS48_NAMES[1] ? 1 : 31) {
      const error = errorOf(bytes.subarray(0, length))
      const good = error instanceof ProfileError && (error.offset ?? length + 1) <= length && error.expected
      if (!good) wrong.push(length)
    }
    expect(wrong).toEqual([])
  })

  it.each(TS48_NAMES)('decodeProfilePackage decodes %s with any one byte changed or throws a ProfileError', name => {
    const bytes = readTs48(name)
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, difference) => {
        const changed = bytes.slice()
        changed[at]! ^= difference
        const error = errorOf(changed)
        if (error !== undefined) expect(error).toBeInstanceOf(ProfileError)
      }),
      { seed: 48, numRuns: 400 },
    )
  })
})

describe('invalid profile packages', () => {
  it.each([
    ['nothing', '', 0, 'not-a-package'],
    ['a certificate', '3003020101', 0, 'not-a-package'],
    ['a header alone', `a01d800102810103830a89000000000000000000a500a600`, 24, 'not-a-package'],
  ])('%s', (_name, hex, offset, code) => {
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    if (hex.startsWith('a0')) bytes[1] = bytes.length - 2
    expect(errorOf(bytes)).toMatchObject({ name: 'ProfileError', code, offset })
  })
})

describe('profile elements', () => {
  it('profile elements have the tags of their position in the CHOICE, in the long form from 31', () => {
    const tags = Object.fromEntries(
      Object.entries(ProfileElementTypes).map(([kind, { tag }]) => [kind, tag.toString(16)]),
    )
    expect(tags).toMatchObject({ header: 'a0', end: 'aa', mf: 'b0', 'gsm-access': 'b8', csim: 'b9', 'df-saip': 'bd' })
    expect(tags).toMatchObject({ 'df-snpn': 'be', 'df-5gprose': 'bf1f', iot: 'bf20', 'opt-iot': 'bf21' })
  })

  it('decodeProfilePackage retains unknown elements and components', () => {
    const header = 'a01d800102810103830a89000000000000000000a500a6009f7f02abcd'
    const unknown = 'bf5003010203'
    const end = 'aa05a003810101'
    const bytes = new Uint8Array(Buffer.from(header + unknown + end, 'hex'))
    bytes[1] = header.length / 2 - 2
    const pkg = decodeProfilePackage(bytes)
    expect(pkg.elements.map(({ kind }) => kind)).toEqual(['header', 'unknown', 'end'])
    expect(toHex(encodeProfilePackage(pkg))).toBe(toHex(bytes))
    expect(toHex(ProfileElementTypes.header.encode(pkg.elements[0]!.value as never))).toBe(
      toHex(pkg.elements[0]!.bytes),
    )
  })
})
