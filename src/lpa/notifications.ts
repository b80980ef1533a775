import { isApduError } from '../apdu/errors.ts'
import { equalBytes } from '../asn1/bytes.ts'
import { decode, type WithRawBytes } from '../asn1/schema.ts'
import type { Fetch } from '../rsp/fetch.ts'
import type { NotificationEventName } from '../rsp/identifiers.ts'
import { ES9p } from '../rsp/interfaces/es9p.ts'
import { ES10b } from '../rsp/interfaces/es10b.ts'
import type { ProfileInfo } from '../rsp/metadata.ts'
import { getNotificationMetadata, type NotificationMetadata, PendingNotification } from '../rsp/notification.ts'
import { functionRefused, type Isdr } from './card/isdr.ts'
import { LpaError } from './errors.ts'
import { isGenuine } from './server/judge-refusal.ts'
import { callServer } from './server/server-call.ts'

export interface NotificationRequest {
  readonly isdr: Isdr
  readonly fetch: Fetch
  readonly protocolVersion?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Only these; all that wait where absent. */
  readonly seqNumbers?: readonly number[] | undefined
  /** Leaves on the card what a server has taken, for somebody who removes it himself. */
  readonly keep?: boolean | undefined
}

export interface NotificationsSent {
  readonly sent: readonly NotificationMetadata[]
  /** Still on the card; another call tries them again. `error` is absent where an earlier one to the same address failed. */
  readonly kept: readonly { readonly metadata: NotificationMetadata; readonly error?: unknown }[]
}

export const listNotifications = async (isdr: Isdr): Promise<readonly NotificationMetadata[]> => {
  const answer = await isdr.call(ES10b.ListNotification, {})
  if (answer.notificationMetadataList === undefined)
    throw functionRefused(ES10b.ListNotification, answer.listNotificationsResultError)
  return answer.notificationMetadataList
}

/** One notification as the card signed it. */
export const retrieveNotification = async (
  isdr: Isdr,
  seqNumber: number,
): Promise<WithRawBytes<PendingNotification>> => {
  const answer = await isdr.call(ES10b.RetrieveNotificationsList, { searchCriteria: { seqNumber } })
  if (answer.notificationList === undefined)
    throw functionRefused(ES10b.RetrieveNotificationsList, answer.notificationsListResultError)
  const found = answer.notificationList.find(({ value }) => getNotificationMetadata(value).seqNumber === seqNumber)
  if (found === undefined)
    throw new LpaError('card-mismatch', 'card', `the card lists notification ${seqNumber} and does not give it out`, {
      step: 'ES10b.RetrieveNotificationsList',
      field: 'seqNumber',
    })
  return found
}

/**
 * Addresses to which the profile's metadata promise a notification of `event` (SGP.22 §3.5), and for which the card
 * lists none that is newer than `before`.
 */
export const findMissing = async (
  isdr: Isdr,
  profile: Pick<ProfileInfo, 'iccid' | 'notificationConfigurationInfo'>,
  event: NotificationEventName,
  before: readonly NotificationMetadata[],
): Promise<readonly string[]> => {
  const promised = (profile.notificationConfigurationInfo ?? [])
    .filter(({ profileManagementOperation }) => profileManagementOperation.includes(event))
    .map(({ notificationAddress }) => notificationAddress.trim().toLowerCase())
  if (promised.length === 0) return []
  const old = new Set(before.map(({ seqNumber }) => seqNumber))
  const made = (await listNotifications(isdr)).filter(
    each =>
      !old.has(each.seqNumber) &&
      each.profileManagementOperation.includes(event) &&
      (each.iccid === undefined || profile.iccid === undefined || equalBytes(each.iccid, profile.iccid)),
  )
  const addresses = made.map(addressOf)
  return promised.filter(address => !addresses.includes(address))
}

/**
 * Takes a notification off the card. It is then lost: call it when a server has it. Whether a removal was carried out
 * whose answer got lost, the card's list tells.
 */
export const removeNotification = async (isdr: Isdr, seqNumber: number): Promise<void> => {
  const remove = () => isdr.call(ES10b.RemoveNotificationFromList, { seqNumber })
  const { deleteNotificationStatus } = await remove().catch(async (error: unknown) => {
    if (!isApduError(error, 'exchange-lost')) throw error
    const isThere = (await listNotifications(isdr)).some(each => each.seqNumber === seqNumber)
    return isThere ? remove() : { deleteNotificationStatus: 'ok' as const }
  })
  if (deleteNotificationStatus !== 'ok')
    throw functionRefused(ES10b.RemoveNotificationFromList, deleteNotificationStatus)
}

/**
 * Sends what waits, each to its own address, in the order of the sequence numbers, and removes what a server has
 * acknowledged with 2xx (SGP.22 §3.5). What one server does not take does not hold up the others; behind a failure,
 * the later ones to the same address wait, so that no server hears of a delete before the install.
 */
export const sendNotifications = async (request: NotificationRequest): Promise<NotificationsSent> => {
  const { isdr, seqNumbers } = request
  const waiting = [...(await listNotifications(isdr))]
    .filter(({ seqNumber }) => seqNumbers === undefined || seqNumbers.includes(seqNumber))
    .sort((a, b) => a.seqNumber - b.seqNumber)
  const sent: NotificationMetadata[] = []
  const kept: { metadata: NotificationMetadata; error?: unknown }[] = []
  const failed = new Set<string>()
  for (const metadata of waiting) {
    const address = addressOf(metadata)
    if (failed.has(address)) {
      kept.push({ metadata })
      continue
    }
    try {
      const notification = await retrieveNotification(isdr, metadata.seqNumber)
      checkSignature(notification.value, metadata)
      await deliver(request, metadata, notification)
      sent.push(metadata)
    } catch (error) {
      if (!(error instanceof LpaError)) throw error
      failed.add(address)
      kept.push({ metadata, error })
      isdr.report({
        kind: 'noted',
        text: `notification ${metadata.seqNumber} stays on the card: ${error.message}`,
        error,
      })
    }
  }
  return { sent, kept }
}

/**
 * A server passes over what does not verify, and answers like to the rest (SGP.22 §5.6.4): such a notification would
 * be gone from the card, and nobody would know. The result of an installation carries no certificate; it was checked
 * in its session.
 */
const checkSignature = (
  { otherSignedNotification }: PendingNotification,
  { seqNumber }: NotificationMetadata,
): void => {
  if (otherSignedNotification === undefined) return
  const { tbsOtherNotification, euiccNotificationSignature, euiccCertificate } = otherSignedNotification
  const claim = {
    covered: [tbsOtherNotification.bytes],
    signature: euiccNotificationSignature,
    certificate: euiccCertificate,
  }
  if (isGenuine(claim)) return
  throw new LpaError('card-mismatch', 'card', `notification ${seqNumber} is not signed by the key of its certificate`, {
    step: 'ES10b.RetrieveNotificationsList',
    field: 'euiccNotificationSignature',
  })
}

/** Hands one notification to its server, and removes it from the card once the server has answered 2xx. */
export const deliver = async (
  { isdr, fetch, protocolVersion, signal, keep }: NotificationRequest,
  metadata: NotificationMetadata,
  notification: WithRawBytes<PendingNotification>,
): Promise<void> => {
  const access = { fetch, address: addressOf(metadata), report: isdr.report, protocolVersion, signal }
  await callServer(access, ES9p.HandleNotification, { pendingNotification: notification })
  if (!keep) await removeNotification(isdr, metadata.seqNumber)
}

/** Profiles in the field have blanks around the address. */
const addressOf = ({ notificationAddress }: NotificationMetadata): string => notificationAddress.trim().toLowerCase()

/** A ProfileInstallationResult as the pending notification that it is. */
export const asNotification = (profileInstallationResult: Uint8Array): WithRawBytes<PendingNotification> => ({
  value: decode(PendingNotification, profileInstallationResult),
  bytes: profileInstallationResult,
})
