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
  /** Only these; default: all pending notifications. */
  readonly seqNumbers?: readonly number[] | undefined
  /** Does not remove delivered notifications from the card. */
  readonly keep?: boolean | undefined
}

export interface NotificationsSent {
  readonly sent: readonly NotificationMetadata[]
  /** Still on the card. `error` is absent if an earlier notification to the same address failed. */
  readonly kept: readonly { readonly metadata: NotificationMetadata; readonly error?: unknown }[]
}

export const listNotifications = async (isdr: Isdr): Promise<readonly NotificationMetadata[]> => {
  const answer = await isdr.call(ES10b.ListNotification, {})
  if (answer.notificationMetadataList === undefined)
    throw functionRefused(ES10b.ListNotification, answer.listNotificationsResultError)
  return answer.notificationMetadataList
}

/** A notification as signed by the card. */
export const retrieveNotification = async (
  isdr: Isdr,
  seqNumber: number,
): Promise<WithRawBytes<PendingNotification>> => {
  const answer = await isdr.call(ES10b.RetrieveNotificationsList, { searchCriteria: { seqNumber } })
  if (answer.notificationList === undefined)
    throw functionRefused(ES10b.RetrieveNotificationsList, answer.notificationsListResultError)
  const found = answer.notificationList.find(({ value }) => getNotificationMetadata(value).seqNumber === seqNumber)
  if (found === undefined)
    throw new LpaError('card-mismatch', 'card', `the card lists notification ${seqNumber} but does not return it`, {
      step: 'ES10b.RetrieveNotificationsList',
      field: 'seqNumber',
    })
  return found
}

/**
 * Returns the addresses of notificationConfigurationInfo for `event` (SGP.22 §3.5) for which the card has no
 * notification newer than `before`.
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
 * Removes a notification from the card after its delivery. If the response is lost, the list of the card decides about
 * a retry.
 */
export const removeNotification = async (isdr: Isdr, seqNumber: number): Promise<void> => {
  const remove = () => isdr.call(ES10b.RemoveNotificationFromList, { seqNumber })
  const { deleteNotificationStatus } = await remove().catch(async (error: unknown) => {
    if (!isApduError(error, 'exchange-lost')) throw error
    const isListed = (await listNotifications(isdr)).some(each => each.seqNumber === seqNumber)
    return isListed ? remove() : { deleteNotificationStatus: 'ok' as const }
  })
  if (deleteNotificationStatus !== 'ok')
    throw functionRefused(ES10b.RemoveNotificationFromList, deleteNotificationStatus)
}

/**
 * Delivers pending notifications in the order of their sequence numbers, and removes those that a server acknowledged
 * with 2xx (SGP.22 §3.5). After a failure, later ones to the same address remain pending, to keep their order.
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
        text: `notification ${metadata.seqNumber} remains on the card: ${error.message}`,
        error,
      })
    }
  }
  return { sent, kept }
}

/**
 * A server ignores an invalid signature and acknowledges it (SGP.22 §5.6.4), and the notification would be lost. An
 * installation result has no certificate; it is verified in its session.
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
  throw new LpaError(
    'card-mismatch',
    'card',
    `the signature of notification ${seqNumber} does not match its certificate`,
    {
      step: 'ES10b.RetrieveNotificationsList',
      field: 'euiccNotificationSignature',
    },
  )
}

/** Sends a notification to its server, and removes it from the card after a 2xx response. */
export const deliver = async (
  { isdr, fetch, protocolVersion, signal, keep }: NotificationRequest,
  metadata: NotificationMetadata,
  notification: WithRawBytes<PendingNotification>,
): Promise<void> => {
  const access = { fetch, address: addressOf(metadata), report: isdr.report, protocolVersion, signal }
  await callServer(access, ES9p.HandleNotification, { pendingNotification: notification })
  if (!keep) await removeNotification(isdr, metadata.seqNumber)
}

/** Some profiles have blanks around the address. */
const addressOf = ({ notificationAddress }: NotificationMetadata): string => notificationAddress.trim().toLowerCase()

/** Converts a ProfileInstallationResult to a pending notification. */
export const asNotification = (profileInstallationResult: Uint8Array): WithRawBytes<PendingNotification> => ({
  value: decode(PendingNotification, profileInstallationResult),
  bytes: profileInstallationResult,
})
