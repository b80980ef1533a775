import { keep } from '../../asn1/schema.ts'
import { sign } from '../../rsp/crypto/ecdsa.ts'
import type { NotificationEventName } from '../../rsp/identifiers.ts'
import type { ES10b } from '../../rsp/interfaces/es10b.ts'
import {
  getNotificationMetadata,
  NotificationMetadata,
  PendingNotification,
  type ProfileInstallationResult,
} from '../../rsp/notification.ts'
import type { Es10Handlers } from '../commands/answer.ts'
import { type EuiccCredential, type EuiccIdentity, findCredential } from '../state/identity.ts'
import { type CardState, getNotificationAddresses, type Profile, withEntry } from '../state/state.ts'

const stored = (state: CardState, notification: PendingNotification): CardState => ({
  ...state,
  root: { ...state.root, nextSequenceNumber: state.root.nextSequenceNumber + 1 },
  notifications: withEntry(state.notifications, state.root.nextSequenceNumber, keep(PendingNotification, notification)),
})

/** Stores an installation result, whose metadata has `state.root.nextSequenceNumber`, until its delivery. */
export const withInstallationResult = (state: CardState, result: ProfileInstallationResult): CardState =>
  stored(state, { profileInstallationResult: result })

/** Creates a signed notification of `event` for each address in the profile metadata (SGP.22 §3.5). */
export const withNotifications = (
  state: CardState,
  identity: EuiccIdentity,
  profile: Profile,
  event: NotificationEventName,
): CardState => {
  const addresses = getNotificationAddresses(profile, event)
  // If the CI was removed by an update, no server could verify the signature.
  const credential = findCredential(identity, profile.ciPKId)
  if (credential === undefined) return state
  return addresses.reduce(
    (next, notificationAddress) =>
      stored(next, {
        otherSignedNotification: signed(credential, {
          seqNumber: next.root.nextSequenceNumber,
          profileManagementOperation: [event],
          notificationAddress,
          iccid: profile.info.iccid,
        }),
      }),
    state,
  )
}

const signed = (credential: EuiccCredential, metadata: NotificationMetadata) => {
  const tbsOtherNotification = keep(NotificationMetadata, metadata)
  return {
    tbsOtherNotification,
    euiccNotificationSignature: sign(credential.euiccPrivateKey, tbsOtherNotification.bytes),
    euiccCertificate: credential.euicc.der,
    eumCertificate: credential.eum.der,
  }
}

const concerns = (notification: PendingNotification, events: readonly string[] | undefined): boolean =>
  events === undefined ||
  getNotificationMetadata(notification).profileManagementOperation.some(event => events.includes(event))

/** SGP.22 §5.7.9 to §5.7.11. */
export const notificationAnswers: Es10Handlers<
  Pick<typeof ES10b, 'ListNotification' | 'RetrieveNotificationsList' | 'RemoveNotificationFromList'>
> = {
  ListNotification: ({ profileManagementOperation }, { state }) => ({
    response: {
      notificationMetadataList: [...state.notifications.values()]
        .filter(({ value }) => concerns(value, profileManagementOperation))
        .map(({ value }) => getNotificationMetadata(value)),
    },
  }),

  RetrieveNotificationsList: ({ searchCriteria }, { state }) => ({
    response: {
      notificationList: [...state.notifications]
        .filter(
          ([number, { value }]) =>
            (searchCriteria?.seqNumber === undefined || searchCriteria.seqNumber === number) &&
            concerns(value, searchCriteria?.profileManagementOperation),
        )
        .map(([, notification]) => notification),
    },
  }),

  RemoveNotificationFromList: ({ seqNumber }, { state }) =>
    state.notifications.has(seqNumber)
      ? {
          response: { deleteNotificationStatus: 'ok' },
          state: { ...state, notifications: withEntry(state.notifications, seqNumber, undefined) },
        }
      : { response: { deleteNotificationStatus: 'nothingToDelete' } },
}
