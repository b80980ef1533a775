import type { Card } from '../apdu/channel.ts'
import { isApduError } from '../apdu/errors.ts'
import { isSoftwareAtr } from '../euicc/commands/atr.ts'
import { EMULATED_IMEI } from '../euicc/emulator/at-modem-front.ts'
import { isSoftwareAccreditation } from '../euicc/state/identity.ts'
import type { RigSummary } from '../evidence/events.ts'
import { type IsdrOptions, withIsdr } from '../lpa/card/isdr.ts'
import { isLpaError } from '../lpa/errors.ts'
import { ES10b } from '../rsp/interfaces/es10b.ts'
import type { OpenedCard } from './links/link.ts'

/**
 * What a run on this card is a run on: the software eUICC stays software behind a reader, where its ATR tells, in the
 * emulated modem, whose IMEI tells, and where the card itself was asked.
 */
export const withSubject = (summary: RigSummary, { card, modem, isSoftware }: OpenedCard): RigSummary =>
  isSoftware || isSoftwareAtr(card.atr) || modem?.identity.imei === EMULATED_IMEI
    ? { ...summary, subject: 'software' }
    : summary

/** Asks the card itself, where the way to it tells nothing of it. One that does not say is none. */
export const isSoftwareCard = async (card: Pick<Card, 'atr' | 'exclusive'>, options: IsdrOptions): Promise<boolean> => {
  if (isSoftwareAtr(card.atr)) return true
  try {
    const { value } = await card.exclusive(channel =>
      withIsdr(channel, options, isdr => isdr.call(ES10b.GetEUICCInfo2, {})),
    )
    return isSoftwareAccreditation(value.sasAcreditationNumber)
  } catch (error) {
    if (isLpaError(error) || isApduError(error)) return false
    throw error
  }
}
