import { describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { concat } from '../../src/asn1/bytes.ts'
import { copyMemory, createMemory } from '../../src/euicc/state/memory.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { createTestCard, type TestCard } from './card.ts'
import { authenticateAndPrepare, bind, createDownload, cut, type Download, downloadTo, load } from './smdp-side.ts'

const SEED = 'flipped bytes'

/** Returns `installed`, the reason of the error result, or the status word of the rejected segment. */
const loadPackage = async (card: TestCard, pieces: readonly Uint8Array[]): Promise<string> => {
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

// Runs thousands of sessions with their cryptography, which takes minutes on a busy machine.
describe('a bound profile package with one changed byte', { timeout: 300_000 }, () => {
  it('the card rejects a bound profile package with one changed byte and then installs the correct one', async () => {
    // One package is bound to a stored one-time key. Each byte is tested on a copy of the card, in a new session.
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
      const outcome = await loadPackage(card, withFlip(pieces, offset, mask[offset]!))
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      const where = `byte ${offset} of ${length} xor ${mask[offset]}: ${outcome}`
      expect(['installed', 'nothing'], where).not.toContain(outcome)
      expect(
        card.memory.names().filter(name => /^profile/.test(name)),
        where,
      ).toEqual([])

      // Test the next download after each change in the unprotected part, and after every 64th change in the rest.
      if (offset % 64 !== 0 && offset > 300) continue
      const result = await downloadTo(card)
      expect(result?.profileInstallationResultData.value.finalResult.successResult, where).toBeDefined()
      const { notificationMetadataList } = await card.call(ES10b.ListNotification, {})
      const numbers = notificationMetadataList!.map(({ seqNumber }) => seqNumber)
      expect(new Set(numbers).size, where).toBe(numbers.length)
    }
    // A MAC protects all bytes except tags, lengths and the signed request.
    expect(seen.get('scp03tSecurityError')).toBeGreaterThan(length * 0.9)
    expect([...seen.keys()]).toEqual(expect.arrayContaining(['invalidSignature', 'scp03tStructureError']))
  })
})
