import { isSoftwareAtr } from '../../euicc/atr.ts'
import { EMULATED_IMEI } from '../../euicc/plug/at-modem-front.ts'
import type { RigSummary } from '../events.ts'

/**
 * What a run on this card is a run on: the software eUICC stays software behind a reader or a socket, where its ATR
 * tells, and in the emulated modem, whose IMEI tells.
 */
export const withSubject = (summary: RigSummary, atr: Uint8Array, imei?: string): RigSummary =>
  isSoftwareAtr(atr) || imei === EMULATED_IMEI ? { ...summary, subject: 'software' } : summary
