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
 * The subject of a run. The software eUICC counts as software also behind a reader (by its ATR), in the emulated modem
 * (by its IMEI), and if the card states it itself.
 */
export const withSubject = (summary: RigSummary, { card, modem, isSoftware }: OpenedCard): RigSummary =>
  isSoftware || isSoftwareAtr(card.atr) || modem?.identity.imei === EMULATED_IMEI
    ? { ...summary, subject: 'software' }
    : summary

/** Whether the card states that it is a software eUICC. False if the query fails. */
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
