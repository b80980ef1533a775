import type { Isdr } from '../../lpa/card/isdr.ts'
import { findMissing, listNotifications, sendNotifications } from '../../lpa/notifications.ts'
import type { NotificationEventName } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import type { NotificationMetadata } from '../../rsp/notification.ts'
import type { NotifyOptions } from './card-options.ts'
import { withServers } from './servers.ts'
import { type CardWork, onIsdr } from './with-card.ts'

/** Result of a notification delivery: the numbers of sent and of pending notifications. */
export interface NotificationDelivery {
  readonly sent: number
  readonly kept: number
}

export const getAddresses = (notifications: readonly NotificationMetadata[]): string[] =>
  notifications.map(({ notificationAddress }) => notificationAddress)

/** Lists the notifications before an operation, so that the new ones can be identified afterwards. */
export const readPending = (isdr: Isdr): Promise<readonly NotificationMetadata[]> => listNotifications(isdr)

/**
 * Sends all pending notifications after an operation (SGP.22 §3.5). Unsent ones stay on the card and do not fail the
 * operation. In lpac mode the front end sends them.
 */
export const deliverNotifications = async (
  at: CardWork,
  profile: ProfileInfo,
  event: NotificationEventName,
  before: readonly NotificationMetadata[],
): Promise<NotificationDelivery | undefined> => {
  const missing = await onIsdr(at, isdr => findMissing(isdr, profile, event, before))
  for (const address of missing)
    at.terminal.line(
      `note: the card created no ${event.slice('notification'.length).toLowerCase()} notification for ${address}, ` +
        'which the metadata of the profile require (SGP.22 §3.5); this is probably an error of the card',
    )
  if ((at.options as NotifyOptions).notify === false || at.lpac) return undefined
  return onIsdr(at, async isdr => {
    const waiting = await listNotifications(isdr)
    if (waiting.length === 0) return { sent: 0, kept: 0 }
    const { sent, kept } = await withServers(at, isdr, getAddresses(waiting), fetch =>
      sendNotifications({ isdr, fetch, signal: at.runtime.interrupt }),
    )
    at.terminal.line(showDelivery(sent.length, kept.length))
    return { sent: sent.length, kept: kept.length }
  })
}

export const showDelivery = (sent: number, kept: number): string =>
  `${sent} notification${sent === 1 ? '' : 's'} sent` +
  (kept === 0
    ? ''
    : `; ${kept} remain${kept === 1 ? 's' : ''} on the card; to send: esim-bench card notifications send`)
