import { isSoftwareAtr } from '../../euicc/atr.ts'
import type { RigSummary } from '../events.ts'

/**
 * What a run on this card is a run on: the software eUICC stays software behind a reader or a socket, where its ATR
 * tells. Through a modem no ATR comes, and a rig is taken for what it says it is.
 */
export const withSubject = (summary: RigSummary, atr: Uint8Array): RigSummary =>
  isSoftwareAtr(atr) ? { ...summary, subject: 'software' } : summary
