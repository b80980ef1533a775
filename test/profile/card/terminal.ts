import { fromHex, toHex } from '../../../src/asn1/bytes.ts'
import { answerCardCommand } from '../../../src/profile/card/answer-command.ts'
import { type CardChanges, type CardFiles, startCard, startSelection } from '../../../src/profile/card/card-files.ts'
import type { InstalledProfile } from '../../../src/profile/file-tree.ts'

/**
 * Drives one logical channel of a card with APDUs in hexadecimal without the channel in the class byte: `A4 00 04 02
 * 3F00 00`.
 */
export const startTerminal = (profile: InstalledProfile, changes?: CardChanges) => {
  let card: CardFiles = startCard(profile, changes, length => new Uint8Array(length).fill(0x42))
  let selection = startSelection(card)
  /** Sends INS P1 P2, data and Le; returns data and status word in hexadecimal. */
  const send = (ins: number, p1: number, p2: number, data = '', le?: number): string => {
    const outcome = answerCardCommand(card, selection, { ins, p1, p2, data: fromHex(data), le })
    ;({ card, selection } = outcome)
    return toHex(outcome.data ?? new Uint8Array(0)) + outcome.status.toString(16)
  }
  return {
    send,
    select: (path: string) => send(0xa4, path.length === 4 ? 0x00 : 0x08, 0x04, path),
    selectAid: (aid: string) => send(0xa4, 0x04, 0x04, aid),
    changes: () => card.changes,
  }
}
