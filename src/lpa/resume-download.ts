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

/** A download's try, and what it leaves behind for the next one where the way to the card broke in the middle. */
export interface Attempt {
  /** Why the try before this one ended; undefined in the first, and where it is known by now what came of it. */
  lost?: Error | undefined
  /** The session whose package was on its way to the card. */
  loading?: {
    readonly session: RspSession
    readonly packageLength: number
    /** Where it had come before something else got lost. */
    readonly result?: WithRawBytes<ProfileInstallationResult>
  }
  /** What the user has agreed to, and with which code. */
  agreed?: { readonly metadata: StoreMetadataRequest; readonly confirmationCode?: string | undefined }
}

/**
 * Works on the ISD-R, and once more where the answer to a command got lost and nobody knows whether the card carried it
 * out. In between the card is reset, which ends what it was in the middle of. No block is repeated by that: the second
 * time begins by reading from the card what came of the first ({@link findResult}), and goes on with a session of its
 * own, in blocks of the size that the first has learnt.
 *
 * What goes wrong the second time may come of the first, and says nothing about card or server: it is reported, and the
 * loss is the error.
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
    report({ kind: 'noted', text: `${error.message}; the card is reset and asked what came of it`, error })
  }
  try {
    await card.reset()
    return await run()
  } catch (error) {
    if (attempt.lost === undefined || error === attempt.lost || isStop(error)) throw error
    const why = error instanceof Error ? error.message : String(error)
    report({ kind: 'noted', text: `what came of it could not be made good: ${why}`, error })
    throw attempt.lost
  }
}

/** Somebody wants no more of it. */
const isStop = (error: unknown): boolean =>
  isLpaError(error)
    ? error.fault === 'user'
    : error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')

/**
 * What the card has to say of a package that it may or may not have taken whole: its result waits among the
 * notifications (SGP.22 §3.1.3.3), by the transaction id of the session. Undefined where it took no notice, so that the
 * download may begin anew. A profile without its result is none of both: then the loss is what is known.
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
  isdr.report({ kind: 'noted', text: `the card lists ${iccid}, and keeps no result of its installation` })
  throw lost
}

/** The card gave the package up because the device did. */
export const isInterruption = ({ value }: WithRawBytes<ProfileInstallationResult>): boolean =>
  value.profileInstallationResultData.value.finalResult.errorResult?.errorReason === 'installFailedDueToInterruption'
