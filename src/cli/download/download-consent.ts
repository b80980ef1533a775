import { BenchError } from '../../host/error.ts'
import type { Consent, ConsentTerms } from '../../lpa/download.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { DownloadOptions } from '../card/card-options.ts'
import type { CardWork } from '../card/with-card.ts'
import { formatName, isYes } from '../terminal.ts'
import type { DownloadSource } from './download-source.ts'

/** Time for the answer of the user if --consent-timeout is not given. */
const CONSENT_SECONDS = 300

/** Without a terminal, checks before the first request that the options contain all answers. */
export const checkCanAsk = (at: CardWork, source: DownloadSource, { yes, confirmationCode }: DownloadOptions): void => {
  const needsCode = source.kind === 'code' && source.code.confirmationCodeRequired && confirmationCode === undefined
  if (at.terminal.ask !== undefined) return
  if (needsCode)
    throw new BenchError(
      'usage',
      'the activation code requires a confirmation code, and there is no terminal to ask on; give --confirmation-code',
    )
  if (!yes && !at.lpac)
    throw new BenchError(
      'usage',
      'installing a profile needs consent, and there is no terminal to ask on; add --yes to consent',
    )
}

const RULES = {
  ppr1: 'the profile cannot be disabled (PPR1)',
  ppr2: 'the profile cannot be deleted (PPR2)',
} as const

/** Shows the profile and asks for consent (SGP.22 §3.1.3 step 6). A missing answer is no consent. */
export const askConsent = async (
  at: CardWork,
  { yes, confirmationCode, consentTimeout = CONSENT_SECONDS, preview }: DownloadOptions,
  metadata: StoreMetadataRequest,
  { confirmationCodeRequired, ppr, pprConsentRequired }: ConsentTerms,
): Promise<Consent> => {
  const { terminal } = at
  terminal.line(`profile: ${formatName(metadata.profileName)} of ${formatName(metadata.serviceProviderName)}`)
  terminal.line(`ICCID: ${iccidToDigits(metadata.iccid)}, ${String(metadata.profileClass)}`)
  for (const rule of ppr)
    terminal.line(`rule: ${RULES[rule]}${pprConsentRequired ? '; the card requires your consent to this rule' : ''}`)
  if (at.lpac) {
    if (!(await at.lpac.preview(metadata, preview === true))) return { accepted: false, reason: 'endUserRejection' }
    return { accepted: true, confirmationCode }
  }
  const deadline = AbortSignal.timeout(consentTimeout * 1000)
  const signal = AbortSignal.any([at.runtime.interrupt, deadline])
  if (!yes) {
    const answer = await terminal.ask?.('Install the profile? [y]es, [n]o, [l]ater: ', { signal })
    if (answer === undefined) return { accepted: false, reason: deadline.aborted ? 'timeout' : 'endUserRejection' }
    if (/^\s*l(ater)?\s*$/i.test(answer)) return { accepted: false, reason: 'postponed' }
    if (!isYes(answer)) return { accepted: false, reason: 'endUserRejection' }
  }
  if (!confirmationCodeRequired || confirmationCode !== undefined) return { accepted: true, confirmationCode }
  const typed = await terminal.ask?.('Confirmation code of the operator: ', { signal, hidden: true })
  if (typed === undefined && deadline.aborted) return { accepted: false, reason: 'timeout' }
  return { accepted: true, confirmationCode: typed?.trim() }
}
