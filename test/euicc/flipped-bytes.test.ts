import { describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { concat } from '../../src/asn1/bytes.ts'
import { copyMemory, createMemory } from '../../src/euicc/state/memory.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { createTestCard, type TestCard } from './card.ts'
import { authenticateAndPrepare, bind, createDownload, cut, type Download, downloadTo, load } from './smdp-side.ts'

const SEED = 'flipped bytes'

/** What a card says to a package: `installed`, the reason of the error result, or the status word that refuses a piece. */
const outcomeOf = async (card: TestCard, pieces: readonly Uint8Array[]): Promise<string> => {
  try {
    const result = await load(card.channel, await card.isdr(), pieces)
    const { errorResult } = result?.profileInstallationResultData.value.finalResult ?? {}
    return result === undefined ? 'nothing' : errorResult ? String(errorResult.errorReason) : 'installed'
  } catch (error) {
    if (isApduError(error, 'refused')) return error.status!.toString(16)
    throw error
  }
}

const withFlip = (pieces: readonly Uint8Array[], offset: number, mask: number): Uint8Array[] => {
  let start = 0
  return pieces.map(piece => {
    const at = offset - start
    start += piece.length
    return at >= 0 && at < piece.length ? piece.with(at, piece[at]! ^ mask) : piece
  })
}

// Thousands of sessions, each with its cryptography: minutes where the machine does other things too.
describe('a bound package with one byte changed', { timeout: 300_000 }, () => {
  it('is never installed: always an error, the card as before, and the right package installs next', async () => {
    // One package, bound to a one-time key that the card keeps: each try is a session of its own on a card like it.
    const first = await createTestCard()
    const euiccOtpk = await authenticateAndPrepare(first, createDownload())
    const prepared = await copyMemory(first.memory)
    const order: Download = createDownload({ bppEuiccOtpk: euiccOtpk })
    const pieces = cut(bind(order, euiccOtpk))
    const length = concat(...pieces).length
    const mask = seededRandom(SEED)(length).map(octet => octet || 0x80)
    const seen = new Map<string, number>()

    for (let offset = 0; offset < length; offset++) {
      const card = await createTestCard({ memory: createMemory(prepared) })
      expect(await authenticateAndPrepare(card, order)).toEqual(euiccOtpk)
      const outcome = await outcomeOf(card, withFlip(pieces, offset, mask[offset]!))
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      const where = `byte ${offset} of ${length} xor ${mask[offset]}: ${outcome}`
      expect(['installed', 'nothing'], where).not.toContain(outcome)
      expect(
        card.memory.names().filter(name => /^profile/.test(name)),
        where,
      ).toEqual([])

      // A new session with a new key, after every flip in the unprotected beginning and now and then behind it.
      if (offset % 64 !== 0 && offset > 300) continue
      const result = await downloadTo(card)
      expect(result?.profileInstallationResultData.value.finalResult.successResult, where).toBeDefined()
      const { notificationMetadataList } = await card.call(ES10b.ListNotification, {})
      const numbers = notificationMetadataList!.map(({ seqNumber }) => seqNumber)
      expect(new Set(numbers).size, where).toBe(numbers.length)
    }
    // Nearly every byte is under a MAC; the few that are not are tags, lengths and the signed request.
    expect(seen.get('scp03tSecurityError')).toBeGreaterThan(length * 0.9)
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['invalidSignature', 'scp03tStructureError']))
  })
})
