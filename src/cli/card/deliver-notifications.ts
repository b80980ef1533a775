import type { Isdr } from '../../lpa/card/isdr.ts'
import { findMissing, listNotifications, sendNotifications } from '../../lpa/notifications.ts'
import type { NotificationEventName } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import type { NotificationMetadata } from '../../rsp/notification.ts'
import { type ServerOptions, withServers } from './servers.ts'
import { type CardWork, onIsdr } from './with-card.ts'

export interface NotifyOptions extends ServerOptions {
  /** False with `--no-notify`. */
  readonly notify?: boolean
}

/** What the servers were told after an operation, for the result in JSON. */
export interface NotificationDelivery {
  readonly sent: number
  readonly kept: number
}

export const addressesOf = (notifications: readonly NotificationMetadata[]): string[] =>
  notifications.map(({ notificationAddress }) => notificationAddress)

/** What waits on the card before an operation: what is there behind it and was not before is the operation's. */
export const readWaiting = (isdr: Isdr): Promise<readonly NotificationMetadata[]> => listNotifications(isdr)

/**
 * After each operation the servers are told what waits, as a phone does (SGP.22 §3.5). What cannot be sent stays on
 * the card: an operation that succeeded is not undone by a server that is away. With lpac's form its front ends send.
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
      `note: the card made no ${event.slice('notification'.length).toLowerCase()} notification for ${address}, which ` +
        "the profile's metadata ask for (SGP.22 §3.5); that is the card's fault, most likely",
    )
  if ((at.options as NotifyOptions).notify === false || at.lpac) return undefined
  return onIsdr(at, async isdr => {
    const waiting = await listNotifications(isdr)
    if (waiting.length === 0) return { sent: 0, kept: 0 }
    const { sent, kept } = await withServers(at, isdr, addressesOf(waiting), fetch =>
      sendNotifications({ isdr, fetch, signal: at.runtime.interrupt }),
    )
    at.terminal.line(showTold(sent.length, kept.length))
    return { sent: sent.length, kept: kept.length }
  })
}

export const showTold = (sent: number, kept: number): string =>
  `${sent} notification${sent === 1 ? '' : 's'} sent` +
  (kept === 0 ? '' : `; ${kept} wait${kept === 1 ? 's' : ''} on the card: esim-bench card notifications send`)
