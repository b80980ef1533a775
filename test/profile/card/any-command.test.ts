import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { answerCardCommand } from '../../../src/profile/card/answer-command.ts'
import { startCard, startSelection } from '../../../src/profile/card/card-files.ts'
import { decodeCardChanges, encodeCardChanges } from '../../../src/profile/card/saved-changes.ts'
import { ProfileError } from '../../../src/profile/error.ts'
import { installProfile, SUPPORTED_SERVICES } from '../../../src/profile/install.ts'
import { decodeProfilePackage, encodeProfilePackage } from '../../../src/profile/package.ts'
import { readTs48, TS48_NAMES, ts48Missing, ts48Reason } from '../ts48.ts'

const capabilities = { services: new Set(SUPPORTED_SERVICES), freeMemory: 100_000 }
const own = encodeProfilePackage(
  buildProfilePackage({
    iccid: '89999011234567890123',
    imsi: '999010000000123',
    algorithm: { name: 'milenage', k: new Uint8Array(16).fill(1), opc: new Uint8Array(16).fill(2) },
    serviceProviderName: 'Example Mobile',
    random: length => new Uint8Array(length),
  }),
)
const samples = [
  ...(ts48Missing ? [] : TS48_NAMES.map(name => [name, readTs48(name)] as const)),
  ['our own', own] as const,
]

const fids = [
  0x3f00, 0x7fff, 0x7f10, 0x2f00, 0x2fe2, 0x2f06, 0x6f07, 0x6f38, 0x6f3c, 0x6f80, 0x5fc0, 0x5fd0, 0x5f3a, 0x4f01,
]
const byte = fc.integer({ min: 0, max: 255 })
const le = fc.option(fc.integer({ min: 1, max: 256 }), { nil: undefined })
const bytes = fc.uint8Array({ maxLength: 40 })
const ins = fc.constantFrom(
  0xa4,
  0xf2,
  0xb0,
  0xd6,
  0xb2,
  0xdc,
  0xa2,
  0x32,
  0xcb,
  0xdb,
  0x20,
  0x24,
  0x26,
  0x28,
  0x2c,
  0x04,
  0x44,
  0x88,
  0x78,
)
/** Random commands, often valid enough to reach the files. */
const command = fc.oneof(
  fc
    .constantFrom(...fids)
    .map(fid => ({ ins: 0xa4, p1: 0, p2: 4, data: Uint8Array.of(fid >> 8, fid & 0xff), le: 256 })),
  fc
    .constantFrom(2, 4)
    .map(code => ({ ins: 0xa4, p1: 4, p2: 4, data: Uint8Array.of(0xa0, 0, 0, 0, 0x87, 0x10, code), le: 256 })),
  fc.record({
    ins: fc.constantFrom(0xb0, 0xb2, 0xa2),
    p1: fc.constantFrom(0, 1, 2, 0x87),
    p2: fc.constantFrom(0, 2, 3, 4, 6),
    data: bytes,
    le,
  }),
  fc.record({ ins, p1: byte, p2: byte, data: bytes, le }),
)

/** The profile of a package, if it decodes and installs. */
const installed = (pkg: Uint8Array) => {
  try {
    return installProfile(decodeProfilePackage(pkg), capabilities).profile
  } catch (error) {
    if (error instanceof ProfileError) return undefined
    throw error
  }
}

describe(`a card with arbitrary commands${ts48Reason}`, () => {
  it.each(samples)(
    'answerCardCommand returns a status word for each command and a state that can be restored: %s',
    (_name, pkg) => {
      const profile = installProfile(decodeProfilePackage(pkg), capabilities).profile!
      fc.assert(
        fc.property(fc.array(command, { maxLength: 60 }), commands => {
          let card = startCard(profile, undefined, length => new Uint8Array(length).fill(7))
          let selection = startSelection(card)
          for (const one of commands) {
            const outcome = answerCardCommand(card, selection, one)
            ;({ card, selection } = outcome)
            expect([0x60, 0x90]).toContain((outcome.status >> 8) & 0xf0)
            expect(outcome.data?.length ?? 0).toBeLessThanOrEqual(256)
          }
          expect(decodeCardChanges(profile, encodeCardChanges(card.changes))).toEqual(card.changes)
        }),
        { seed: 102221, numRuns: 60 },
      )
    },
  )

  it.each(samples)('answerCardCommand does not throw for a damaged profile that installs: %s', (_name, pkg) => {
    const damage = fc.tuple(fc.integer({ min: 0, max: pkg.length - 1 }), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(damage, fc.array(command, { maxLength: 40 }), ([at, difference], commands) => {
        const damaged = pkg.slice()
        damaged[at]! ^= difference
        const profile = installed(damaged)
        if (profile === undefined) return
        let card = startCard(profile)
        let selection = startSelection(card)
        for (const one of commands) ({ card, selection } = answerCardCommand(card, selection, one))
        expect(card.profile).toBe(profile)
      }),
      { seed: 31102, numRuns: 100 },
    )
  })
})
