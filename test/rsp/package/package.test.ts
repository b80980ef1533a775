import { describe, expect, it } from 'vitest'
import { concat, fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { decode, encode } from '../../../src/asn1/schema.ts'
import { encodeTlv, getChildren, getContent, getElementBytes, readOnlyTlv } from '../../../src/asn1/tlv.ts'
import { drawScalar, getPoint, privateKeyFromScalar, publicKeyFromPoint } from '../../../src/rsp/crypto/curve.ts'
import { sign } from '../../../src/rsp/crypto/ecdsa.ts'
import { CryptoError } from '../../../src/rsp/crypto/error.ts'
import { generateOneTimeKeyPair } from '../../../src/rsp/crypto/key-agreement.ts'
import { iccidFromDigits } from '../../../src/rsp/identifiers.ts'
import { BoundProfilePackage } from '../../../src/rsp/interfaces/es8p.ts'
import { StoreMetadataRequest } from '../../../src/rsp/metadata.ts'
import { bindProfilePackage, type PackageToBind, protectProfile } from '../../../src/rsp/package/bind.ts'
import { PackageError } from '../../../src/rsp/package/error.ts'
import { type OpenedCommand, openPackage, type PackageToOpen } from '../../../src/rsp/package/open.ts'
import { seededRandom } from '../seeded-random.ts'

const EID = fromHex('89049032123451234512345678901235')
const TRANSACTION = fromHex('00112233445566778899aabbccddeeff')
const PROFILE = seededRandom('profile')(2500)
const METADATA = encode(StoreMetadataRequest, {
  iccid: iccidFromDigits('8949000000000000001'),
  serviceProviderName: 'A provider',
  profileName: 'A profile',
  iconType: 'png',
  icon: new Uint8Array(1000).fill(7),
  profileClass: 'operational',
})

/** Both ends of one session and the package between them. */
const sessionOf = (curve: 'P-256' | 'brainpoolP256r1', more: Partial<PackageToBind> = {}) => {
  const random = seededRandom(curve)
  const smdpPrivateKey = privateKeyFromScalar(curve, drawScalar(curve, random))
  const euiccOneTimeKey = generateOneTimeKeyPair(curve, random)
  const toBind: PackageToBind = {
    profile: PROFILE,
    metadata: METADATA,
    transactionId: TRANSACTION,
    eid: EID,
    hostId: fromHex('0102030405'),
    smdpOneTimeKey: generateOneTimeKeyPair(curve, random),
    euiccOtpk: euiccOneTimeKey.publicKey,
    smdpPrivateKey,
    configureISDP: { dpProprietaryData: { dpOid: '2.999.10' } },
    ...more,
  }
  const toOpen: PackageToOpen = {
    transactionId: TRANSACTION,
    eid: EID,
    euiccOneTimeKey,
    smdpPublicKey: publicKeyFromPoint(curve, getPoint(smdpPrivateKey)),
  }
  return { toBind, toOpen, bound: bindProfilePackage(toBind) }
}

/** The offsets at which SGP.22 §2.5.5 cuts the package, so that a changed package is cut at the same places. */
const cutsOf = (bound: Uint8Array): number[] => {
  const outer = readOnlyTlv(bound)
  const [initialise, ...sequences] = getChildren(outer)
  return [
    initialise!.end,
    ...sequences.flatMap(sequence => {
      const ends = getChildren(sequence).map(segment => segment.end)
      return sequence.tag === 0xa0 || sequence.tag === 0xa2 ? ends : [sequence.valueStart, ...ends]
    }),
  ]
}
const cut = (bound: Uint8Array, cuts: readonly number[]): Uint8Array[] =>
  cuts.map((end, i) => bound.subarray(cuts[i - 1] ?? 0, end))

const open = (toOpen: PackageToOpen, pieces: readonly Uint8Array[]) => {
  const opened = openPackage(toOpen)
  const commands = pieces.flatMap(piece => opened.feed(piece))
  return { commands, complete: opened.complete }
}
const profileOf = (commands: readonly OpenedCommand[]): string =>
  toHex(
    concat(...commands.map(command => (command.command === 'loadProfileElements' ? command.data : new Uint8Array()))),
  )

/** `command code` of the PackageError. */
const refusalOf = (work: () => { complete: boolean }): string => {
  try {
    return work().complete ? 'accepted' : 'incomplete'
  } catch (error) {
    if (error instanceof PackageError) return `${error.command} ${error.code}`
    throw error
  }
}

const VARIANTS = (['P-256', 'brainpoolP256r1'] as const).flatMap(curve => [
  [`${curve}, session keys`, curve, {}] as const,
  [
    `${curve}, profile protection keys`,
    curve,
    { profile: protectProfile(PROFILE, { random: seededRandom('ppk') }) },
  ] as const,
  [`${curve}, small segments`, curve, { segmentSize: 120 }] as const,
])

describe.each(VARIANTS)('a bound package (%s)', (_name, curve, more) => {
  const { toOpen, bound } = sessionOf(curve, more)
  const cuts = cutsOf(bound)
  const pieces = cut(bound, cuts)

  it('bindProfilePackage returns a BoundProfilePackage whose segments are within the maximum size', () => {
    const { sequenceOf86, secondSequenceOf87 } = decode(BoundProfilePackage, bound)
    expect(sequenceOf86.length).toBeGreaterThan(1)
    expect(secondSequenceOf87 !== undefined).toBe('profile' in more)
    const limit = 'segmentSize' in more ? more.segmentSize : 1020
    for (const piece of pieces.slice(3)) expect(piece.length).toBeLessThanOrEqual(limit + 4)
  })

  it('openPackage returns the bound commands in order', () => {
    const { commands, complete } = open(toOpen, pieces)
    expect(complete).toBe(true)
    expect(profileOf(commands)).toBe(toHex(PROFILE))
    const names = [...new Set(commands.map(({ command }) => command))]
    expect(names).toEqual([
      'initialiseSecureChannel',
      'configureISDP',
      'storeMetadata',
      ...('profile' in more ? ['replaceSessionKeys'] : []),
      'loadProfileElements',
    ])
    const metadata = commands.find(({ command }) => command === 'storeMetadata')
    expect(metadata).toMatchObject({ bytes: METADATA, request: { profileName: 'A profile', iconType: 'png' } })
    expect(commands.find(({ command }) => command === 'configureISDP')).toMatchObject({
      request: { dpProprietaryData: { dpOid: '2.999.10' } },
    })
  })

  it('openPackage accepts the package in one piece and in pieces of one element', () => {
    expect(profileOf(open(toOpen, [bound]).commands)).toBe(toHex(PROFILE))
    const buffered = pieces.map(piece => Buffer.from(piece))
    expect(open(toOpen, buffered).complete).toBe(true)
  })

  it('openPackage rejects the package with any one byte changed', () => {
    // The rest of the package is the same on both curves, so the slow curve tests every seventh byte of it.
    const step = curve === 'P-256' ? 1 : 7
    for (let at = 0; at < bound.length; at += at < cuts[0]! ? 1 : step) {
      const changed = bound.slice()
      changed[at]! ^= 1 << (at % 8)
      // Cut like the valid package up to the changed byte; the LPA sends nothing after an error.
      const upTo = cuts.findIndex(end => end > at)
      const sent = cut(changed, cuts).slice(0, upTo + 1)
      const refusal = refusalOf(() => {
        open(toOpen, sent)
        // An invalid package length is detected when the lengths of its parts are known.
        return open(toOpen, cut(changed, cuts))
      })
      expect(refusal, `byte ${at}`).toMatch(/^\w+ \w+$/)
    }
  })

  it('openPackage rejects the package with a piece dropped, repeated, swapped or truncated', () => {
    for (const [i, piece] of pieces.entries()) {
      const without = pieces.filter((_, j) => j !== i)
      const cases = {
        dropped: without,
        repeated: [...pieces.slice(0, i + 1), ...pieces.slice(i)],
        short: pieces.map((p, j) => (j === i ? p.subarray(0, -1) : p)),
        swapped: i + 1 < pieces.length ? [...without.slice(0, i + 1), piece, ...without.slice(i + 1)] : without,
      }
      for (const [name, wrong] of Object.entries(cases))
        expect(
          refusalOf(() => open(toOpen, wrong)),
          `piece ${i} ${name}`,
        ).not.toBe('accepted')
    }
  })

  it('openPackage is incomplete before the last piece and rejects bytes after it', () => {
    const opened = openPackage(toOpen)
    for (const [i, piece] of pieces.entries()) {
      expect(opened.complete, `before piece ${i}`).toBe(false)
      opened.feed(piece)
    }
    expect(opened.complete).toBe(true)
    expect(() => opened.feed(Uint8Array.of(0))).toThrow(PackageError)
  })

  it('openPackage accepts the package only for its card, session and server', () => {
    const other = generateOneTimeKeyPair(curve, seededRandom('other'))
    const otherServer = publicKeyFromPoint(curve, other.publicKey)
    const cases: [Partial<PackageToOpen>, string][] = [
      [{ transactionId: fromHex('00') }, 'initialiseSecureChannel invalidTransactionId'],
      [{ euiccOneTimeKey: other }, 'initialiseSecureChannel invalidSignature'],
      [{ smdpPublicKey: otherServer }, 'initialiseSecureChannel invalidSignature'],
      [{ eid: fromHex('89049032123451234512345678901236') }, 'configureISDP scp03tSecurityError'],
    ]
    for (const [change, refusal] of cases) expect(refusalOf(() => open({ ...toOpen, ...change }, pieces))).toBe(refusal)
  })

  it('openPackage rejects every piece after an error', () => {
    const opened = openPackage(toOpen)
    opened.feed(pieces[0]!)
    expect(opened.command).toBe('configureISDP')
    expect(() => opened.feed(pieces[2]!)).toThrow(PackageError)
    expect(() => opened.feed(pieces[1]!)).toThrow(PackageError)
    opened.close()
  })
})

describe('the secure channel', () => {
  const { toBind, toOpen, bound } = sessionOf('P-256')

  /** The package with other components and a valid signature. */
  const resigned = (change: (components: Uint8Array[]) => void, signed = true): Uint8Array => {
    const [initialise, ...rest] = getChildren(readOnlyTlv(bound)).map(getElementBytes)
    const components = getChildren(readOnlyTlv(initialise!)).map(getElementBytes)
    const signature = components.pop()!
    change(components)
    const euiccOtpk = encodeTlv(0x5f49, toBind.euiccOtpk)
    const again = encodeTlv(0x5f37, sign(toBind.smdpPrivateKey, concat(...components, euiccOtpk)))
    return encodeTlv(0xbf36, encodeTlv(0xbf23, ...components, signed ? again : signature), ...rest)
  }
  const CRT = (keyType: string, keyLen: string) => fromHex(`a60d8001${keyType}8101${keyLen}84050102030405`)

  it.each([
    ['as it was', () => {}, 'accepted'],
    ['another operation', (c: Uint8Array[]) => c.splice(0, 1, fromHex('820102')), 'unsupportedRemoteOperationType'],
    ['another transaction', (c: Uint8Array[]) => c.splice(1, 1, fromHex('800101')), 'invalidTransactionId'],
    ['keys of another type', (c: Uint8Array[]) => c.splice(2, 1, CRT('89', '10')), 'unsupportedCrtValues'],
    ['longer keys', (c: Uint8Array[]) => c.splice(2, 1, CRT('88', '20')), 'unsupportedCrtValues'],
    [
      'a point off the curve',
      (c: Uint8Array[]) => c.splice(3, 1, concat(fromHex('5f494104'), new Uint8Array(64))),
      'incorrectInputValues',
    ],
    ['a short point', (c: Uint8Array[]) => c.splice(3, 1, fromHex('5f490104')), 'incorrectInputValues'],
    ['no point', (c: Uint8Array[]) => c.splice(3, 1), 'incorrectInputValues'],
    ['a component of a later version', (c: Uint8Array[]) => c.push(fromHex('890100')), 'accepted'],
  ])('openPackage rejects a secure channel with %s', (_name, change, expected) => {
    const result = refusalOf(() => open(toOpen, [resigned(change)]))
    expect(result).toBe(expected === 'accepted' ? expected : `initialiseSecureChannel ${expected}`)
  })

  it('openPackage rejects bytes after the signature', () => {
    const [initialise, ...rest] = getChildren(readOnlyTlv(bound))
    const longer = encodeTlv(0xbf23, getContent(initialise!), fromHex('890100'))
    const wrong = encodeTlv(0xbf36, longer, ...rest.map(getElementBytes))
    expect(refusalOf(() => open(toOpen, [wrong]))).toBe('initialiseSecureChannel incorrectInputValues')
  })

  it('bindProfilePackage rejects a one-time key that is not a point', () => {
    const euiccOtpk = new Uint8Array(65).fill(4)
    expect(() => bindProfilePackage({ ...toBind, euiccOtpk })).toThrow(CryptoError)
  })

  it.each([
    ['metadata that is none', { metadata: fromHex('bf2500') }, 'storeMetadata incorrectInputValues'],
    [
      'metadata with something behind it',
      { metadata: concat(METADATA, Uint8Array.of(5, 0)) },
      'storeMetadata incorrectInputValues',
    ],
    ['no metadata', { metadata: new Uint8Array(0) }, 'storeMetadata incorrectInputValues'],
  ])('openPackage accepts a valid secure channel and rejects %s around it', (_name, change, refusal) => {
    expect(refusalOf(() => open(toOpen, [bindProfilePackage({ ...toBind, ...change })]))).toBe(refusal)
  })
})

describe('a protected profile', () => {
  it('bindProfilePackage binds a protected profile to many cards with the same segments', () => {
    const profile = protectProfile(PROFILE, { random: seededRandom('once') })
    for (const curve of ['P-256', 'brainpoolP256r1'] as const) {
      const { toOpen, bound } = sessionOf(curve, { profile })
      expect(toHex(bound.subarray(-profile.segments.length))).toBe(toHex(profile.segments))
      expect(profileOf(open(toOpen, [bound]).commands)).toBe(toHex(PROFILE))
    }
  })

  it('an error contains no profile protection keys', () => {
    const profile = protectProfile(PROFILE, { random: seededRandom('once') })
    const { toOpen, bound } = sessionOf('P-256', { profile })
    const changed = bound.slice()
    changed[bound.length - 1]! ^= 1
    const keys = [...Object.values(profile.keys), toOpen.euiccOneTimeKey.privateKey].map(toHex)
    try {
      open(toOpen, [changed])
      expect.unreachable()
    } catch (error) {
      const shown = `${JSON.stringify(error)} ${String(error)} ${String((error as Error).cause)}`
      for (const key of keys) expect(shown).not.toContain(key)
    }
  })
})
