import type { Card } from '../apdu/channel.ts'
import { isApduError } from '../apdu/errors.ts'
import { equalBytes } from '../asn1/bytes.ts'
import type { WithRawBytes } from '../asn1/schema.ts'
import { iccidToDigits } from '../rsp/identifiers.ts'
import type { StoreMetadataRequest } from '../rsp/metadata.ts'
import type { ProfileInstallationResult } from '../rsp/notification.ts'
import { type Isdr, type IsdrOptions, withIsdr } from './card/isdr.ts'
import { listProfiles } from './card/profiles.ts'
import { isLpaError } from './errors.ts'
import { listNotifications, retrieveNotification } from './notifications.ts'
import { silent } from './report.ts'
import type { RspSession } from './session.ts'

/** The state of an attempt, which the next one uses after a lost response. */
export interface Attempt {
  /** The error of the previous attempt; undefined in the first one, and after its result is known. */
  lost?: Error | undefined
  /** The session whose package was being sent. */
  loading?: {
    readonly session: RspSession
    readonly packageLength: number
    /** The result, if it was received before the loss. */
    readonly result?: WithRawBytes<ProfileInstallationResult>
  }
  /** The user's consent and confirmation code. */
  agreed?: { readonly metadata: StoreMetadataRequest; readonly confirmationCode?: string | undefined }
}

/**
 * Runs `work` on the ISD-R, and once more after a reset if a response was lost. No STORE DATA block is repeated: the
 * second attempt first reads the result from the card ({@link findResult}). If the retry fails too, its error is
 * reported and the first one thrown: the second may be a consequence.
 */
export const retryAfterLostResponse = async <T>(
  card: Pick<Card, 'exclusive' | 'reset'>,
  options: IsdrOptions,
  work: (isdr: Isdr, attempt: Attempt) => Promise<T>,
): Promise<T> => {
  const report = options.report ?? silent
  const attempt: Attempt = {}
  let { segmentSize } = options
  const run = (): Promise<T> => {
    const onLearned: IsdrOptions['onLearned'] = fact => {
      if ('segmentSize' in fact) segmentSize = fact.segmentSize
      options.onLearned?.(fact)
    }
    const knowing = { ...options, segmentSize, onLearned }
    return card.exclusive(channel => withIsdr(channel, knowing, isdr => work(isdr, attempt)))
  }
  try {
    return await run()
  } catch (error) {
    if (!isApduError(error, 'exchange-lost', 'timed-out')) throw error
    attempt.lost = error
    report({ kind: 'noted', text: `${error.message}; the card is reset, and the result is read from the card`, error })
  }
  try {
    await card.reset()
    return await run()
  } catch (error) {
    if (attempt.lost === undefined || error === attempt.lost || isStop(error)) throw error
    const reason = error instanceof Error ? error.message : String(error)
    report({ kind: 'noted', text: `the recovery failed: ${reason}`, error })
    throw attempt.lost
  }
}

/** The user or caller stopped the procedure. */
const isStop = (error: unknown): boolean =>
  isLpaError(error)
    ? error.fault === 'user'
    : error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')

/**
 * Finds the installation result in the notifications (SGP.22 §3.1.3.3) by transaction id. Undefined if the card
 * installed nothing, so the download may restart. Throws the first error if the profile exists without a result.
 */
export const findResult = async (
  isdr: Isdr,
  { lost, loading }: Attempt,
): Promise<WithRawBytes<ProfileInstallationResult> | undefined> => {
  if (loading === undefined) return undefined
  const { transactionId, profileMetadata } = loading.session
  const installations = (await listNotifications(isdr))
    .filter(({ profileManagementOperation }) => profileManagementOperation.includes('notificationInstall'))
    .sort((a, b) => b.seqNumber - a.seqNumber)
  for (const { seqNumber } of installations) {
    const { value, bytes } = await retrieveNotification(isdr, seqNumber)
    const result = value.profileInstallationResult
    if (result === undefined) continue
    if (equalBytes(result.profileInstallationResultData.value.transactionId, transactionId))
      return { value: result, bytes }
  }
  const iccid = iccidToDigits(profileMetadata.iccid)
  if ((await listProfiles(isdr, { profile: { iccid } })).length === 0) return undefined
  isdr.report({ kind: 'noted', text: `the card lists ${iccid}, but has no result of its installation` })
  throw lost
}

/** The card aborted the package because of an interruption. */
export const isInterruption = ({ value }: WithRawBytes<ProfileInstallationResult>): boolean =>
  value.profileInstallationResultData.value.finalResult.errorResult?.errorReason === 'installFailedDueToInterruption'
