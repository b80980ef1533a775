import { createHash, sign as signDigest } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { recordCrypto } from '../../benchmarks/crypto-recording.ts'
import { measureDownloads } from '../../benchmarks/measure-downloads.ts'
import { measurePaths } from '../../benchmarks/measure-paths.ts'
import { issueTestPki } from '../../src/rsp/certificates/test-pki.ts'
import { createCliFixture } from '../cli/runtime.ts'

const place = createCliFixture()
const { runtime } = place.runtimeOf(new AbortController().signal)
place.remove()

it('recordCrypto records calls of node:crypto, also by named imports, and restores the module', async () => {
  const { privateKey } = issueTestPki({
    curve: 'P-256',
    smdpHost: 'a.example',
    random: runtime.random,
    now: new Date(),
  }).dpAuth
  const before = createHash
  const recording = await recordCrypto(async () => {
    createHash('sha256').update('a').digest()
    signDigest('sha256', Uint8Array.of(1), privateKey)
  })
  expect(Object.fromEntries(recording.counts)).toEqual({ createHash: 1, sign: 1 })
  recording.replay()
  expect(recording.counts.get('sign')).toBe(1)
  expect(createHash).toBe(before)
})

it('measureDownloads measures downloads and their bare crypto', async () => {
  const done: number[] = []
  const measured = await measureDownloads(runtime, 'nist', 2, count => done.push(count))
  expect(done).toEqual([1, 2])
  // SGP.22 §3.0.1 and §3.1.3: three signatures on each side, and a key agreement.
  expect(measured.operations.sign).toBe(6)
  expect(measured.operations.createECDH).toBe(2)
  expect(measured.apdus).toBeGreaterThan(10)
  expect(measured.apduBytes).toBeGreaterThan(measured.packageBytes)
  const { whole, card, lpa, server } = measured.ms
  expect(card + lpa + server).toBeCloseTo(whole, 1)
  expect(measured.bareCryptoMs).toBeGreaterThan(0)
})

describe('measurePaths', () => {
  it('measurePaths counts exchanges and bytes, and no path has fewer exchanges than the floor', async () => {
    const paths = await measurePaths(runtime, 'nist')
    const [t1, t0, cgla, csim] = paths
    expect(paths).toHaveLength(4)
    for (const { exchanges, floor, bytes, mustCross } of paths) {
      expect(exchanges).toBeGreaterThanOrEqual(floor)
      expect(bytes).toBeGreaterThan(mustCross)
      expect(floor).toBe(Math.ceil(mustCross / 255))
    }
    // An answer of T=0 is fetched by a command of its own; AT commands write each byte as two digits.
    expect(t0!.exchanges).toBeGreaterThan(t1!.exchanges)
    expect(cgla!.bytes).toBeGreaterThan(2 * t1!.bytes)
    expect(csim!.bytes).toBeGreaterThan(2 * t1!.bytes)
  })
})
