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
import { type CardOptions, readInput } from '../options.ts'
import { table } from '../table.ts'
import { printJson } from '../terminal.ts'
import type { RemoveOptions, ServerOptions } from './card-options.ts'
import { viewNotification } from './card-view.ts'
import { askFirst, refuseOnProtected } from './consent.ts'
import { getAddresses } from './deliver-notifications.ts'
import { withServers } from './servers.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from './with-card.ts'

/** Parses sequence numbers; 0 is valid. */
const parseNumbers = (texts: readonly string[]): number[] =>
  texts.map(text => {
    if (/^\d{1,9}$/.test(text)) return Number(text)
    throw new BenchError(
      'usage',
      `${JSON.stringify(text)} is not a sequence number; \`esim-bench card notifications list\` shows them`,
    )
  })

const createNotFoundError = (missing: readonly number[], waiting: readonly NotificationMetadata[]): BenchError =>
  new BenchError(
    'no-such-notification',
    `the card has no notification ${missing.join(', ')}; ` +
      (waiting.length === 0
        ? 'no notifications are pending'
        : `the pending ones are ${waiting.map(({ seqNumber }) => seqNumber).join(', ')}`),
  )

const pick = (
  waiting: readonly NotificationMetadata[],
  numbers: readonly number[],
): readonly NotificationMetadata[] => {
  const missing = numbers.filter(number => !waiting.some(({ seqNumber }) => seqNumber === number))
  if (missing.length > 0) throw createNotFoundError(missing, waiting)
  return numbers.length === 0 ? waiting : waiting.filter(({ seqNumber }) => numbers.includes(seqNumber))
}

export const listNotificationsCommand = (runtime: CardRuntime, options: CardOptions): Promise<number> =>
  withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const waiting = await listNotifications(isdr)
      at.lpac?.success(waiting.map(lpacNotification))
      at.json({ rig: at.device.rig.name, notifications: waiting.map(viewNotification) })
      if (waiting.length === 0) at.terminal.line('no notifications are pending on this card')
      for (const line of table(waiting.map(toRow))) at.terminal.line(line)
      return 0
    }),
  )

const toRow = (metadata: NotificationMetadata): string[] => {
  const { seqNumber, operation, iccid, address } = viewNotification(metadata)
  return [String(seqNumber), operation, iccid ?? '', `to ${address}`]
}

/** Sends notifications. Those that a server acknowledged with 2xx are removed from the card. */
export const sendNotificationsCommand = (
  runtime: CardRuntime,
  texts: readonly string[],
  options: ServerOptions,
): Promise<number> => {
  const numbers = parseNumbers(texts)
  if (options.lpac) return processAsLpac(runtime, numbers.length === 0 ? 'all' : numbers, { ...options, remove: true })
  return withCard(runtime, options, at =>
    onIsdr(at, async isdr => {
      const chosen = pick(await listNotifications(isdr), numbers)
      const { sent, kept } = await withServers(at, isdr, getAddresses(chosen), fetch =>
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
  options: RemoveOptions,
): Promise<number> => {
  const numbers = parseNumbers(texts)
  const { all = false } = options
  if (all === numbers.length > 0)
    throw new BenchError('usage', 'no notifications are selected; give either sequence numbers or --all')
  if (options.lpac) return removeAsLpac(runtime, all ? 'all' : numbers, options)
  return withCard(runtime, options, async at => {
    const { eid, chosen } = await onIsdr(at, async isdr => ({
      eid: await readEid(isdr),
      chosen: pick(await listNotifications(isdr), numbers),
    }))
    if (chosen.length === 0) {
      at.json({ removed: [] })
      at.terminal.line('no notifications are pending on this card')
      return 0
    }
    for (const { iccid } of chosen)
      refuseOnProtected(at, { eid, iccid: iccid && iccidToDigits(iccid) }, 'its notifications are not deleted')
    const list = chosen.map(({ seqNumber }) => seqNumber).join(', ')
    at.terminal.line('warning: the servers will not be notified of these profile changes')
    for (const line of table(chosen.map(toRow))) at.terminal.line(line)
    await askFirst(at, `delete ${chosen.length} notification(s) (${list}) without sending them`)
    await onIsdr(at, async isdr => {
      for (const { seqNumber } of chosen) await removeNotification(isdr, seqNumber)
    })
    at.json({ removed: chosen.map(viewNotification) })
    at.terminal.line(`removed ${list}`)
    return 0
  })
}

/** One line of a dump, with the keys of lpac, so that either program can replay it. */
interface DumpLine {
  readonly type: 'notification'
  readonly eid: string
  readonly seqNumber: number
  readonly notificationAddress: string
  /** Base64 of the signed PendingNotification. */
  readonly pendingNotification: string
}

/** Prints the signed notifications, one JSON object a line. The card keeps them. */
export const dumpNotificationsCommand = (
  runtime: CardRuntime,
  texts: readonly string[],
  options: CardOptions,
): Promise<number> => {
  const numbers = parseNumbers(texts)
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

/** Sends the notifications of a dump. The card supplies only its CI list; its own notifications remain. */
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
      if (other) at.terminal.line(`note: the dump is from the card ${other.eid}; this card is ${eid}`)
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
            }).then(() => undefined, toMessage)
            done.push({ seqNumber: line.seqNumber, address, ...(error === undefined ? {} : { error }) })
          }
          return done
        },
      )
      return reportReplay(at, results)
    }),
  )
}

const reportReplay = (
  at: CardWork,
  results: readonly { seqNumber: number; address: string; error?: string }[],
): number => {
  const failed = results.filter(({ error }) => error !== undefined)
  at.json({ replayed: results })
  for (const { seqNumber, address, error } of results)
    at.terminal.line(`${seqNumber} to ${address}: ${error ?? 'accepted'}`)
  if (at.lpac && failed[0]) return at.lpac.failure('es9p_handle_notification', failed[0].error)
  at.lpac?.success()
  return failed.length > 0 ? 1 : 0
}

const toMessage = (error: unknown): string => {
  if (!isLpaError(error)) throw error
  return (error satisfies LpaError).message
}

const readDump = (path: string) => {
  const text = Buffer.from(readInput(path, 'dump')).toString('utf8')
  const lines = text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      const parsed = JSON.parse(line) as Partial<DumpLine>
      // lpac ends its dump with a line that contains the result.
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
        `${path}, line ${index + 1} is not a notification of a dump: ${(cause as Error).message}`,
        {
          cause,
        },
      )
    }
  })
  if (lines.length === 0) throw new BenchError('file-unreadable', `${path} contains no notifications`)
  return lines
}
