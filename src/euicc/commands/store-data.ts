import type { DecodedCommand } from '../../apdu/command.ts'
import { concat } from '../../asn1/bytes.ts'

const MORE_BLOCKS = 0x11
const LAST_BLOCK = 0x91

/** The received blocks of one logical channel. */
export interface Assembly {
  readonly parts: readonly Uint8Array[]
}

export type Assembled =
  | { readonly step: 'more'; readonly assembly: Assembly }
  | { readonly step: 'whole'; readonly payload: Uint8Array }
  | { readonly step: 'refused'; readonly status: number }

/**
 * One STORE DATA block (GPCS §11.11, SGP.22 §5.7.2). Block 0 starts a new chain; other numbers must be consecutive. A
 * rejected block discards the chain.
 */
export const assemble = (assembly: Assembly | undefined, { p1, p2, data, ...command }: DecodedCommand): Assembled => {
  if (p1 !== MORE_BLOCKS && p1 !== LAST_BLOCK) return { step: 'refused', status: 0x6a86 }
  if (command.case < 3) return { step: 'refused', status: 0x6700 }
  const before = p2 === 0 ? [] : (assembly?.parts ?? [])
  if (p2 !== before.length) return { step: 'refused', status: 0x6a86 }
  const parts = [...before, data]
  if (p1 === LAST_BLOCK) return { step: 'whole', payload: parts.length === 1 ? data : concat(...parts) }
  // After block number 255 no number is left for the required next block.
  return p2 === 0xff ? { step: 'refused', status: 0x6a84 } : { step: 'more', assembly: { parts } }
}
