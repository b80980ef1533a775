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
import { refuseOnProtected } from '../card/consent.ts'
import { addressesOf } from '../card/deliver-notifications.ts'
import { type ServerOptions, withServers } from '../card/servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from '../card/with-card.ts'
import { createLpacJsonOutput, type LpacJsonOutput, lpacFunction } from './lpac-json-output.ts'

/** Sequence numbers, or all that wait. */
export type Wanted = readonly number[] | 'all'

/** lpac takes the digits that a word begins with, and passes over a word without any. */
export const readLpacNumbers = (words: readonly string[]): number[] =>
  words.flatMap(word => {
    const digits = /^\s*\+?(\d+)/.exec(word)?.[1]
    const number = Number(digits)
    return digits === undefined || number > 0xffff_ffff ? [] : [number]
  })

/** One after another, in the order in which they are given, to the first that fails. */
const each = (
  runtime: CardRuntime,
  options: ServerOptions,
  work: (at: CardWork, lpac: LpacJsonOutput) => Promise<void>,
): Promise<number> =>
  withCard(runtime, { ...options, lpac: true }, async at => {
    const lpac = at.lpac ?? createLpacJsonOutput(runtime)
    await work(at, lpac)
    return 0
  })

const notThere = (): BenchError => new BenchError('no-such-notification', 'the card lists no such notification')

const TOLD: readonly string[] = [
  'ES10b.RetrieveNotificationsList',
  'ES9+.HandleNotification',
  'ES10b.RemoveNotificationFromList',
]

/** `lpac notification process`; what is sent stays on the card, unless `remove`. */
export const processAsLpac = (
  runtime: CardRuntime,
  wanted: Wanted,
  { remove, ...options }: ServerOptions & { readonly remove: boolean },
): Promise<number> =>
  each(runtime, options, (at, lpac) =>
    onIsdr(at, async isdr => {
      lpac.during('es10b_list_notification')
      if (wanted === 'all') lpac.progress('es10b_list_notification')
      const waiting = await listNotifications(isdr)
      lpac.during('es10b_retrieve_notifications_list')
      let current = ''
      at.listen(event => {
        if (event.kind === 'started' && TOLD.includes(event.step)) lpac.progress(lpacFunction(event.step), current)
      })
      const left = new Set(waiting.map(({ seqNumber }) => seqNumber))
      await withServers(at, isdr, addressesOf(waiting), async fetch => {
        for (const seqNumber of wanted === 'all' ? left : wanted) {
          current = String(seqNumber)
          if (!left.has(seqNumber)) {
            lpac.progress('es10b_retrieve_notifications_list', current)
            throw notThere()
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
export const removeAsLpac = (runtime: CardRuntime, wanted: Wanted, options: ServerOptions): Promise<number> =>
  each(runtime, options, (at, lpac) =>
    onIsdr(at, async isdr => {
      lpac.during('es10b_list_notification')
      if (wanted === 'all') lpac.progress('es10b_list_notification')
      const waiting = await listNotifications(isdr)
      lpac.during('es10b_remove_notification_from_list')
      const eid = await readEid(isdr)
      const left = new Map(waiting.map(metadata => [metadata.seqNumber, metadata]))
      for (const seqNumber of wanted === 'all' ? [...left.keys()] : wanted) {
        lpac.progress('es10b_remove_notification_from_list', String(seqNumber))
        const metadata = left.get(seqNumber)
        if (metadata === undefined) throw notThere()
        const iccid = metadata.iccid && iccidToDigits(metadata.iccid)
        refuseOnProtected(at, { eid, iccid }, 'its notifications are not thrown away')
        await removeNotification(isdr, seqNumber)
        left.delete(seqNumber)
      }
      lpac.success()
    }),
  )

/** `lpac notification dump`, which ends without a last line. */
export const dumpAsLpac = (runtime: CardRuntime, wanted: Wanted, options: ServerOptions): Promise<number> =>
  each(runtime, options, (at, lpac) =>
    onIsdr(at, async isdr => {
      lpac.during('es10c_get_eid')
      const eid = await readEid(isdr)
      lpac.during('es10b_list_notification')
      const waiting = await listNotifications(isdr)
      lpac.during('es10b_retrieve_notifications_list')
      for (const seqNumber of wanted === 'all' ? waiting.map(each => each.seqNumber) : wanted) {
        const metadata = waiting.find(other => other.seqNumber === seqNumber)
        if (metadata === undefined) throw notThere()
        const { bytes } = await retrieveNotification(isdr, seqNumber)
        const notificationAddress = metadata.notificationAddress.trim()
        lpac.line('notification', { eid, seqNumber, notificationAddress, pendingNotification: toBase64(bytes) })
      }
    }),
  )
