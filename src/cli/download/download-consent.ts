import { BenchError } from '../../host/error.ts'
import type { Consent, ConsentTerms } from '../../lpa/download.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { ConsentOptions } from '../card/consent.ts'
import type { CardWork } from '../card/with-card.ts'
import { isYes, showName } from '../terminal.ts'
import type { Source } from './download-source.ts'

export interface DownloadConsentOptions extends ConsentOptions {
  readonly confirmationCode?: string
  /** Seconds that a person has to answer. */
  readonly consentTimeout?: number
  /** lpac's own: shows the profile, and asks on stdin. */
  readonly preview?: boolean
}

const CONSENT_SECONDS = 300

/** Who cannot be asked has to have said it beforehand; found out before any server is. */
export const checkCanAsk = (at: CardWork, source: Source, { yes, confirmationCode }: DownloadConsentOptions): void => {
  const needsCode = source.kind === 'code' && source.code.confirmationCodeRequired && confirmationCode === undefined
  if (at.terminal.ask !== undefined) return
  if (needsCode)
    throw new BenchError('usage', 'the activation code asks for a confirmation code: give --confirmation-code')
  if (!yes && !at.lpac)
    throw new BenchError(
      'usage',
      'a profile is installed with consent, and there is no terminal to ask on: add --yes if you agree',
    )
}

const RULES = {
  ppr1: 'while it is on the card, it cannot be disabled (PPR1)',
  ppr2: 'it cannot be deleted from the card (PPR2)',
} as const

/** Preview and question (SGP.22 §3.1.3 step 6): yes, no, or later; who does not answer in time, has not agreed. */
export const askConsent = async (
  at: CardWork,
  { yes, confirmationCode, consentTimeout = CONSENT_SECONDS, preview }: DownloadConsentOptions,
  metadata: StoreMetadataRequest,
  { confirmationCodeRequired, ppr, pprConsentRequired }: ConsentTerms,
): Promise<Consent> => {
  const { terminal } = at
  terminal.line(`profile: ${showName(metadata.profileName)} of ${showName(metadata.serviceProviderName)}`)
  terminal.line(`ICCID: ${iccidToDigits(metadata.iccid)}, ${String(metadata.profileClass)}`)
  for (const rule of ppr)
    terminal.line(`rule: ${RULES[rule]}${pprConsentRequired ? '; the card wants you to agree to it' : ''}`)
  if (at.lpac) {
    if (!(await at.lpac.preview(metadata, preview === true))) return { accepted: false, reason: 'endUserRejection' }
    return { accepted: true, confirmationCode }
  }
  const deadline = AbortSignal.timeout(consentTimeout * 1000)
  const signal = AbortSignal.any([at.runtime.interrupt, deadline])
  if (!yes) {
    const answer = await terminal.ask?.('install it? [y]es, [n]o, [l]ater: ', { signal })
    if (answer === undefined) return { accepted: false, reason: deadline.aborted ? 'timeout' : 'endUserRejection' }
    if (/^\s*l(ater)?\s*$/i.test(answer)) return { accepted: false, reason: 'postponed' }
    if (!isYes(answer)) return { accepted: false, reason: 'endUserRejection' }
  }
  if (!confirmationCodeRequired || confirmationCode !== undefined) return { accepted: true, confirmationCode }
  const typed = await terminal.ask?.('confirmation code of the operator: ', { signal, hidden: true })
  if (typed === undefined && deadline.aborted) return { accepted: false, reason: 'timeout' }
  return { accepted: true, confirmationCode: typed?.trim() }
}
