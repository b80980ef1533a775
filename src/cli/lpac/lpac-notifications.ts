import { toBase64 } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { readEid } from '../../lpa/card/euicc.ts'
import {
  listNotifications,
  removeNotification,
  retrieveNotification,
  sendNotifications,
} from '../../lpa/notifications.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { ServerOptions } from '../card/card-options.ts'
import { refuseOnProtected } from '../card/consent.ts'
import { getAddresses } from '../card/deliver-notifications.ts'
import { withServers } from '../card/servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from '../card/with-card.ts'
import type { CardOptions } from '../options.ts'
import { createLpacJsonOutput, type LpacJsonOutput, lpacFunction } from './lpac-json-output.ts'

/** Sequence numbers, or all pending notifications. */
export type NotificationSelection = readonly number[] | 'all'

/** Parses sequence numbers as lpac does: it uses the leading digits and ignores words without digits. */
export const parseLpacNumbers = (words: readonly string[]): number[] =>
  words.flatMap(word => {
    const digits = /^\s*\+?(\d+)/.exec(word)?.[1]
    const number = Number(digits)
    return digits === undefined || number > 0xffff_ffff ? [] : [number]
  })

/** Runs `work` with lpac output. */
const withLpacCard = (
  runtime: CardRuntime,
  options: CardOptions,
  work: (at: CardWork, lpac: LpacJsonOutput) => Promise<void>,
): Promise<number> =>
  withCard(runtime, { ...options, lpac: true }, async at => {
    const lpac = at.lpac ?? createLpacJsonOutput(runtime)
    await work(at, lpac)
    return 0
  })

const createNotFoundError = (): BenchError =>
  new BenchError('no-such-notification', 'the card lists no such notification')

const REPORTED_STEPS: readonly string[] = [
  'ES10b.RetrieveNotificationsList',
  'ES9+.HandleNotification',
  'ES10b.RemoveNotificationFromList',
]

/** `lpac notification process`. Sent notifications stay on the card without `remove`. */
export const processAsLpac = (
  runtime: CardRuntime,
  selection: NotificationSelection,
  { remove, ...options }: ServerOptions & { readonly remove: boolean },
): Promise<number> =>
  withLpacCard(runtime, options, (at, lpac) =>
    onIsdr(at, async isdr => {
      lpac.setStep('es10b_list_notification')
      if (selection === 'all') lpac.progress('es10b_list_notification')
      const waiting = await listNotifications(isdr)
      lpac.setStep('es10b_retrieve_notifications_list')
      let current = ''
      at.listen(event => {
        if (event.kind === 'started' && REPORTED_STEPS.includes(event.step))
          lpac.progress(lpacFunction(event.step), current)
      })
      const left = new Set(waiting.map(({ seqNumber }) => seqNumber))
      await withServers(at, isdr, getAddresses(waiting), async fetch => {
        for (const seqNumber of selection === 'all' ? left : selection) {
          current = String(seqNumber)
          if (!left.has(seqNumber)) {
            lpac.progress('es10b_retrieve_notifications_list', current)
            throw createNotFoundError()
          }
          const signal = at.runtime.interrupt
          const { kept } = await sendNotifications({ isdr, fetch, signal, seqNumbers: [seqNumber], keep: !remove })
          if (kept[0]) throw kept[0].error
          if (remove) left.delete(seqNumber)
        }
      })
      lpac.success()
    }),
  )

/** `lpac notification remove`. */
export const removeAsLpac = (
  runtime: CardRuntime,
  selection: NotificationSelection,
  options: CardOptions,
): Promise<number> =>
  withLpacCard(runtime, options, (at, lpac) =>
    onIsdr(at, async isdr => {
      lpac.setStep('es10b_list_notification')
      if (selection === 'all') lpac.progress('es10b_list_notification')
      const waiting = await listNotifications(isdr)
      lpac.setStep('es10b_remove_notification_from_list')
      const eid = await readEid(isdr)
      const left = new Map(waiting.map(metadata => [metadata.seqNumber, metadata]))
      for (const seqNumber of selection === 'all' ? [...left.keys()] : selection) {
        lpac.progress('es10b_remove_notification_from_list', String(seqNumber))
        const metadata = left.get(seqNumber)
        if (metadata === undefined) throw createNotFoundError()
        const iccid = metadata.iccid && iccidToDigits(metadata.iccid)
        refuseOnProtected(at, { eid, iccid }, 'its notifications are not deleted')
        await removeNotification(isdr, seqNumber)
        left.delete(seqNumber)
      }
      lpac.success()
    }),
  )

/** `lpac notification dump`, which prints no last line. */
export const dumpAsLpac = (
  runtime: CardRuntime,
  selection: NotificationSelection,
  options: CardOptions,
): Promise<number> =>
  withLpacCard(runtime, options, (at, lpac) =>
    onIsdr(at, async isdr => {
      lpac.setStep('es10c_get_eid')
      const eid = await readEid(isdr)
      lpac.setStep('es10b_list_notification')
      const waiting = await listNotifications(isdr)
      lpac.setStep('es10b_retrieve_notifications_list')
      for (const seqNumber of selection === 'all' ? waiting.map(each => each.seqNumber) : selection) {
        const metadata = waiting.find(other => other.seqNumber === seqNumber)
        if (metadata === undefined) throw createNotFoundError()
        const { bytes } = await retrieveNotification(isdr, seqNumber)
        const notificationAddress = metadata.notificationAddress.trim()
        lpac.line('notification', { eid, seqNumber, notificationAddress, pendingNotification: toBase64(bytes) })
      }
    }),
  )
