import { createHash } from 'node:crypto'
import { toBase64, toHex } from '../../../asn1/bytes.ts'
import { ES2p } from '../../../rsp/interfaces/es2p.ts'
import { ES12 } from '../../../rsp/interfaces/es12.ts'
import { callServer } from '../../rsp-server/server-call.ts'
import { iccidText } from '../iccid.ts'
import { needsEvent } from '../order.ts'
import type { NotificationToReport, ProgressToReport, SmdpSettings } from '../settings.ts'
import type { EventDeletion, Progress, ProgressRequest } from '../store.ts'

export interface ProgressReports {
  /** Stores the report and starts its delivery; resolves when it is stored. */
  report(progress: ProgressToReport): Promise<void>
  reportNotification(notification: NotificationToReport): Promise<void>
  /** Delivers all stored reports. */
  deliver(): Promise<void>
  /** Starts `deliver` in the background. */
  start(): void
  /** Resolves when no delivery is running. */
  settled(): Promise<void>
}

/** The pause after a server did not respond. Downloads continue meanwhile and must not call it each time. */
const PAUSE_MS = 5_000
/** The reports that are read together. Those of a month may not fit into memory. */
const BATCH_SIZE = 50

/** The result of a delivery: acknowledged, no response, or not yet possible. */
type DeliveryResult = 'acknowledged' | 'unanswered' | 'early'

/**
 * Delivers ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5) and HandleNotification to operators, and ES12.DeleteEvent to
 * SM-DSs. Sessions do not wait for a delivery. A report stays stored until it is acknowledged; `deliver`, or the next
 * report after a pause, sends it again.
 */
export const createProgressReports = ({
  address,
  store,
  clock,
  random,
  operatorOf,
  smdsOf,
  onDefect = () => {},
}: Pick<
  SmdpSettings,
  'address' | 'store' | 'clock' | 'random' | 'operatorOf' | 'smdsOf' | 'onDefect'
>): ProgressReports => {
  /** The running deliveries by server. `again`: a report was added during the delivery. */
  const lanes = new Map<string, { again: boolean; readonly done: Promise<void> }>()
  /** The running rounds over all servers. */
  const rounds = new Set<Promise<void>>()
  const pausedUntil = new Map<string, number>()
  const isPaused = (requester: string): boolean => (pausedUntil.get(requester) ?? 0) > clock().getTime()

  /** Delivers to one server. Servers do not wait for one another. */
  const deliverTo = (requester: string): Promise<void> => {
    const known = lanes.get(requester)
    if (known !== undefined) {
      known.again = true
      return known.done
    }
    const run = async (): Promise<void> => {
      await Promise.resolve()
      try {
        do {
          lane.again = false
          if (await sendAll(requester)) pausedUntil.delete(requester)
          else pausedUntil.set(requester, clock().getTime() + PAUSE_MS)
        } while (lane.again)
      } finally {
        // No await after the last check of `again`: a later report starts its own delivery.
        lanes.delete(requester)
      }
    }
    const lane = { again: false, done: run() }
    lanes.set(requester, lane)
    return lane.done
  }

  /** Sends the reports of one server in their order. False: the server did not respond. */
  const sendAll = async (requester: string): Promise<boolean> => {
    // Only another server of this store knows the address of this requester.
    if (operatorOf?.(requester) === undefined && smdsOf?.(requester) === undefined) return true
    for (let left = 0; ; ) {
      const waiting = await store.listProgressOf(requester, left, BATCH_SIZE)
      await store.synced()
      for (const progress of waiting) {
        const result = await send(progress)
        if (result === 'unanswered') return false
        if (result === 'acknowledged') await store.dropProgress(progress.id)
        else left++
      }
      if (waiting.length < BATCH_SIZE) return true
    }
  }

  const send = async ({ id, requester, request }: Progress): Promise<DeliveryResult> => {
    if (request.name === 'DeleteEvent') return deleteEvent(id, requester, request)
    const operator = operatorOf?.(requester)
    if (operator === undefined) return 'early'
    const header = { functionRequesterIdentifier: 'SM-DP+', functionCallIdentifier: id }
    const outcome =
      request.name === 'HandleNotification'
        ? await callServer(operator, ES2p.HandleNotification, request.message, header)
        : await callServer(operator, ES2p.HandleDownloadProgressInfo, request.message, header)
    // The operator would reject a repeated report again. Repeat only after no response.
    return 'unanswered' in outcome ? 'unanswered' : 'acknowledged'
  }

  /** SGP.22 §3.6.3. */
  const deleteEvent = async (
    id: string,
    smdsAddress: string,
    { iccid, message, notBefore }: EventDeletion,
  ): Promise<DeliveryResult> => {
    const order = await store.findOrder(iccid)
    if (order !== undefined && needsEvent(order, message.eventId)) return 'early'
    // An order with a matching id was confirmed with another event: the interrupted call was repeated.
    const isWaitedFor = notBefore > clock()
    if (isWaitedFor && order?.matchingId === undefined) return 'early'
    const smds = smdsOf?.(smdsAddress)
    if (smds === undefined) return 'early'
    const header = { functionRequesterIdentifier: address, functionCallIdentifier: id }
    const outcome = await callServer(smds, ES12.DeleteEvent, message, header)
    if ('done' in outcome) return 'acknowledged'
    // 8.9: the SM-DS did not reach its root. Any other code means an unknown event, which may still be registered.
    if ('unanswered' in outcome || outcome.refused.subjectCode === '8.9') return 'unanswered'
    return isWaitedFor ? 'early' : 'acknowledged'
  }

  const deliverToAll = async (isWanted: (requester: string) => boolean): Promise<void> => {
    await Promise.all((await store.listRequesters()).filter(isWanted).map(deliverTo))
  }
  const round = (isWanted: (requester: string) => boolean): Promise<void> => {
    const made = deliverToAll(isWanted).finally(() => rounds.delete(made))
    rounds.add(made)
    return made
  }
  const reportDefect = (error: unknown): void => onDefect(error, 'delivery')
  const deliver = (): Promise<void> => round(() => true)
  const start = (): void => void round(requester => !isPaused(requester)).catch(reportDefect)

  const keep = async (requester: string | undefined, request: ProgressRequest, once?: string): Promise<void> => {
    if (requester === undefined || operatorOf?.(requester) === undefined) return
    const id = once === undefined ? random(8) : createHash('sha256').update(once).digest().subarray(0, 16)
    await store.addProgress({ id: toHex(id), requester, request, at: clock() })
    if (!isPaused(requester)) void deliverTo(requester).catch(reportDefect)
  }
  const now = (): string => `${clock().toISOString().slice(0, 19)}Z`

  return {
    deliver,
    start,
    report: ({ requester, iccid, profileType, eid, point, failure, resultData, once }) =>
      keep(
        requester,
        {
          name: 'HandleDownloadProgressInfo',
          message: {
            eid,
            iccid: iccidText(iccid),
            profileType,
            timestamp: now(),
            notificationPointId: point,
            notificationPointStatus: failure
              ? { status: 'Failed', statusCodeData: failure }
              : { status: 'Executed-Success' },
            resultData: resultData && toBase64(resultData),
          },
        },
        once,
      ),
    reportNotification: ({ requester, iccid, profileType, eid, event, notification, once }) =>
      keep(
        requester,
        {
          name: 'HandleNotification',
          message: {
            eid,
            iccid: iccidText(iccid),
            profileType,
            timestamp: now(),
            notificationEvent: event,
            notificationEventStatus: { status: 'Executed-Success' },
            resultData: toBase64(notification),
          },
        },
        once,
      ),
    async settled() {
      while (rounds.size + lanes.size > 0)
        await Promise.allSettled([...rounds, ...[...lanes.values()].map(({ done }) => done)])
    },
  }
}
