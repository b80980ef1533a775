import { fromBase64, toBase64 } from '../../asn1/bytes.ts'
import { decode } from '../../asn1/schema.ts'
import { BenchError } from '../../host/error.ts'
import { readEid } from '../../lpa/card/euicc.ts'
import { isLpaError, type LpaError } from '../../lpa/errors.ts'
import {
  listNotifications,
  removeNotification,
  retrieveNotification,
  sendNotifications,
} from '../../lpa/notifications.ts'
import { callServer } from '../../lpa/server/server-call.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import { ES9p } from '../../rsp/interfaces/es9p.ts'
import { type NotificationMetadata, PendingNotification } from '../../rsp/notification.ts'
import { dumpAsLpac, processAsLpac, removeAsLpac } from '../lpac/lpac-notifications.ts'
import { lpacNotification } from '../lpac/lpac-view.ts'
import { readInput } from '../options.ts'
import { table } from '../table.ts'
import { printJson } from '../terminal.ts'
import { viewNotification } from './card-view.ts'
import { askFirst, type ConsentOptions, refuseOnProtected } from './consent.ts'
import { addressesOf } from './deliver-notifications.ts'
import { type ServerOptions, withServers } from './servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from './with-card.ts'

/** Sequence numbers as a person gives them; 0 is one. */
const readNumbers = (texts: readonly string[]): number[] =>
  texts.map(text => {
    if (/^\d{1,9}$/.test(text)) return Number(text)
    throw new BenchError('usage', `${JSON.stringify(text)} is not a sequence number as \`notifications list\` shows it`)
  })

const notThere = (missing: readonly number[], waiting: readonly NotificationMetadata[]): BenchError =>
  new BenchError(
    'no-such-notification',
    `no notification ${missing.join(', ')} waits on this card; ` +
      (waiting.length === 0 ? 'none does' : `there are ${waiting.map(({ seqNumber }) => seqNumber).join(', ')}`),
  )

const pick = (
  waiting: readonly NotificationMetadata[],
  numbers: readonly number[],
): readonly NotificationMetadata[] => {
  const missing = numbers.filter(number => !waiting.some(({ seqNumber }) => seqNumber === number))
  if (missing.length > 0) throw notThere(missing, waiting)
  return numbers.length === 0 ? waiting : waiting.filter(({ seqNumber }) => numbers.includes(seqNumber))
}

export const listNotificationsCommand = (runtime: CardRuntime, options: ServerOptions): Promise<number> =>
  withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const waiting = await listNotifications(isdr)
      at.lpac?.success(waiting.map(lpacNotification))
      at.json({ rig: at.device.rig.name, notifications: waiting.map(viewNotification) })
      if (waiting.length === 0) at.terminal.line('no notifications wait on this card')
      for (const line of table(waiting.map(rowOf))) at.terminal.line(line)
      return 0
    }),
  )

const rowOf = (metadata: NotificationMetadata): string[] => {
  const { seqNumber, operation, iccid, address } = viewNotification(metadata)
  return [String(seqNumber), operation, iccid ?? '', `to ${address}`]
}

/** Sends; what a server has answered with 2xx goes off the card, and the rest stays. */
export const sendNotificationsCommand = (
  runtime: CardRuntime,
  texts: readonly string[],
  options: ServerOptions,
): Promise<number> => {
  const numbers = readNumbers(texts)
  if (options.lpac) return processAsLpac(runtime, numbers.length === 0 ? 'all' : numbers, { ...options, remove: true })
  return withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const chosen = pick(await listNotifications(isdr), numbers)
      const { sent, kept } = await withServers(at, isdr, addressesOf(chosen), fetch =>
        sendNotifications({
          ...{ isdr, fetch, signal: at.runtime.interrupt },
          seqNumbers: chosen.map(({ seqNumber }) => seqNumber),
        }),
      )
      at.json({
        sent: sent.map(viewNotification),
        kept: kept.map(({ metadata, error }) => ({
          ...viewNotification(metadata),
          ...(error instanceof Error ? { error: error.message } : {}),
        })),
      })
      at.terminal.line(`${sent.length} sent, ${kept.length} kept`)
      return kept.length > 0 ? 1 : 0
    }),
  )
}

export const removeNotificationsCommand = (
  runtime: CardRuntime,
  texts: readonly string[],
  options: ConsentOptions & { readonly all?: boolean },
): Promise<number> => {
  const numbers = readNumbers(texts)
  const { all = false } = options
  if (all === numbers.length > 0) throw new BenchError('usage', 'remove which? give sequence numbers, or --all')
  if (options.lpac) return removeAsLpac(runtime, all ? 'all' : numbers, options)
  return withCard(runtime, options, async at => {
    const { eid, chosen } = await onIsdr(at, async isdr => ({
      eid: await readEid(isdr),
      chosen: pick(await listNotifications(isdr), numbers),
    }))
    if (chosen.length === 0) {
      at.json({ removed: [] })
      at.terminal.line('no notifications wait on this card')
      return 0
    }
    for (const { iccid } of chosen)
      refuseOnProtected(at, { eid, iccid: iccid && iccidToDigits(iccid) }, 'its notifications are not thrown away')
    const list = chosen.map(({ seqNumber }) => seqNumber).join(', ')
    at.terminal.line('warning: the servers of these notifications will never learn what happened to the profiles')
    for (const line of table(chosen.map(rowOf))) at.terminal.line(line)
    await askFirst(at, `remove ${chosen.length} notification(s) (${list}) that no server has heard of`)
    await onIsdr(at, async isdr => {
      for (const { seqNumber } of chosen) await removeNotification(isdr, seqNumber)
    })
    at.json({ removed: chosen.map(viewNotification) })
    at.terminal.line(`removed ${list}`)
    return 0
  })
}

/** One line of a dump, in lpac's keys: either's dump can be replayed. */
interface DumpLine {
  readonly type: 'notification'
  readonly eid: string
  readonly seqNumber: number
  readonly notificationAddress: string
  /** Base64 of the signed PendingNotification. */
  readonly pendingNotification: string
}

/** The notifications as the card signed them, a line of JSON each; nothing goes off the card. */
export const dumpNotificationsCommand = (
  runtime: CardRuntime,
  texts: readonly string[],
  options: ServerOptions,
): Promise<number> => {
  const numbers = readNumbers(texts)
  if (options.lpac) return dumpAsLpac(runtime, numbers.length === 0 ? 'all' : numbers, options)
  return withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const eid = await readEid(isdr)
      for (const { seqNumber, notificationAddress } of pick(await listNotifications(isdr), numbers)) {
        const { bytes } = await retrieveNotification(isdr, seqNumber)
        const pendingNotification = toBase64(bytes)
        const line: DumpLine = { type: 'notification', eid, seqNumber, notificationAddress, pendingNotification }
        printJson(runtime, line)
      }
      return 0
    }),
  )
}

/** Sends what a dump holds. The card gives its trust and nothing else: what it lists stays as it is. */
export const replayNotificationsCommand = (
  runtime: CardRuntime,
  path: string,
  options: ServerOptions,
): Promise<number> => {
  const lines = readDump(path)
  return withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const eid = await readEid(isdr)
      const other = lines.find(line => line.eid !== eid)
      if (other) at.terminal.line(`note: the dump is of the card ${other.eid}; the one here is ${eid}`)
      const results = await withServers(
        at,
        isdr,
        lines.map(line => line.notificationAddress),
        async fetch => {
          const done: { seqNumber: number; address: string; error?: string }[] = []
          for (const line of lines) {
            const address = line.notificationAddress.trim().toLowerCase()
            const access = { fetch, address, report: isdr.report, signal: at.runtime.interrupt }
            const error = await callServer(access, ES9p.HandleNotification, {
              pendingNotification: line.notification,
            }).then(() => undefined, asMessage)
            done.push({ seqNumber: line.seqNumber, address, ...(error === undefined ? {} : { error }) })
          }
          return done
        },
      )
      return sayReplayed(at, results)
    }),
  )
}

const sayReplayed = (
  at: CardWork,
  results: readonly { seqNumber: number; address: string; error?: string }[],
): number => {
  const failed = results.filter(({ error }) => error !== undefined)
  at.json({ replayed: results })
  for (const { seqNumber, address, error } of results)
    at.terminal.line(`${seqNumber} to ${address}: ${error ?? 'taken'}`)
  if (at.lpac && failed[0]) return at.lpac.failure('es9p_handle_notification', failed[0].error)
  at.lpac?.success()
  return failed.length > 0 ? 1 : 0
}

const asMessage = (error: unknown): string => {
  if (!isLpaError(error)) throw error
  return (error satisfies LpaError).message
}

const readDump = (path: string) => {
  const text = Buffer.from(readInput(path, 'dump')).toString('utf8')
  const lines = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      const parsed = JSON.parse(line) as Partial<DumpLine>
      // The last line of lpac's own, which says how the dump ended.
      if ((parsed.type as string) === 'lpa') return []
      const { eid = '', seqNumber, notificationAddress, pendingNotification } = parsed
      if (
        typeof seqNumber !== 'number' ||
        typeof notificationAddress !== 'string' ||
        typeof pendingNotification !== 'string'
      )
        throw new TypeError('seqNumber, notificationAddress and pendingNotification are expected')
      const bytes = fromBase64(pendingNotification)
      return [
        { eid, seqNumber, notificationAddress, notification: { value: decode(PendingNotification, bytes), bytes } },
      ]
    } catch (cause) {
      throw new BenchError(
        'file-unreadable',
        `${path}, line ${index + 1}: no notification of a dump: ${(cause as Error).message}`,
        {
          cause,
        },
      )
    }
  })
  if (lines.length === 0) throw new BenchError('file-unreadable', `${path} holds no notifications`)
  return lines
}
