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
  /** Keeps it, and starts to tell it; returns when it is kept. */
  report(progress: ProgressToReport): Promise<void>
  reportNotification(notification: NotificationToReport): Promise<void>
  /** Tells what could not be told before. */
  deliver(): Promise<void>
  /** `deliver`, for who does not wait for it. */
  start(): void
  /** Resolves when nothing is being told any more. */
  settled(): Promise<void>
}

/** Downloads go on while an operator is away; each of them asking it again would be no help to anybody. */
const REST_MS = 5_000
/** So many are read at once: after a month without its operator there may be more than fit into memory. */
const AT_ONCE = 50

/** What came of telling: taken, to be told again, or not to be told yet. */
type Told = 'taken' | 'silent' | 'early'

/**
 * What this server tells others: ES2+.HandleDownloadProgressInfo (SGP.22 §5.3.5) and HandleNotification to operators,
 * ES12.DeleteEvent to SM-DSs. The card's session waits for none of them: each is kept until it was taken, and told
 * again when somebody calls `deliver`, or with the next one after a rest.
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
  /** Who is being told something just now; `again`: something was added meanwhile. */
  const lanes = new Map<string, { again: boolean; readonly done: Promise<void> }>()
  /** Rounds over all who are to be told something. */
  const rounds = new Set<Promise<void>>()
  /** Until when a server that did not answer is left alone, whatever there is to tell it. */
  const restsUntil = new Map<string, number>()
  const rests = (requester: string): boolean => (restsUntil.get(requester) ?? 0) > clock().getTime()

  /** One server that does not answer, or has much to be told, does not hold up the others. */
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
          if (await tellAll(requester)) restsUntil.delete(requester)
          else restsUntil.set(requester, clock().getTime() + REST_MS)
        } while (lane.again)
      } finally {
        // In the same step as the last look at `again`: whoever adds something from now on opens a lane of its own.
        lanes.delete(requester)
      }
    }
    const lane = { again: false, done: run() }
    lanes.set(requester, lane)
    return lane.done
  }

  /** In the order in which it happened. False: it did not answer. */
  const tellAll = async (requester: string): Promise<boolean> => {
    // Another server of this store may know it; here there is nothing to be read for it, however much waits.
    if (operatorOf?.(requester) === undefined && smdsOf?.(requester) === undefined) return true
    for (let left = 0; ; ) {
      const waiting = await store.listProgressOf(requester, left, AT_ONCE)
      await store.synced()
      for (const progress of waiting) {
        const told = await tell(progress)
        if (told === 'silent') return false
        if (told === 'taken') await store.dropProgress(progress.id)
        else left++
      }
      if (waiting.length < AT_ONCE) return true
    }
  }

  const tell = async ({ id, requester, request }: Progress): Promise<Told> => {
    if (request.name === 'DeleteEvent') return deleteEvent(id, requester, request)
    const operator = operatorOf?.(requester)
    if (operator === undefined) return 'early'
    const header = { functionRequesterIdentifier: 'SM-DP+', functionCallIdentifier: id }
    const outcome =
      request.name === 'HandleNotification'
        ? await callServer(operator, ES2p.HandleNotification, request.message, header)
        : await callServer(operator, ES2p.HandleDownloadProgressInfo, request.message, header)
    // A refusal stays a refusal; only an operator that is not well is asked again.
    return 'unanswered' in outcome ? 'silent' : 'taken'
  }

  /** SGP.22 §3.6.3. */
  const deleteEvent = async (
    id: string,
    smdsAddress: string,
    { iccid, message, notBefore }: EventDeletion,
  ): Promise<Told> => {
    const order = await store.findOrder(iccid)
    if (order !== undefined && needsEvent(order, message.eventId)) return 'early'
    // Confirmed with another event than this, it does not come to need it any more: a call that was killed in the
    // middle has been made again.
    const isWaitedFor = notBefore > clock()
    if (isWaitedFor && order?.matchingId === undefined) return 'early'
    const smds = smdsOf?.(smdsAddress)
    if (smds === undefined) return 'early'
    const header = { functionRequesterIdentifier: address, functionCallIdentifier: id }
    const outcome = await callServer(smds, ES12.DeleteEvent, message, header)
    if ('done' in outcome) return 'taken'
    // 8.9: the SM-DS could not tell its root. Any other refusal says that there is no such event; it may yet be raised.
    if ('unanswered' in outcome || outcome.refused.subjectCode === '8.9') return 'silent'
    return isWaitedFor ? 'early' : 'taken'
  }

  const deliverToAll = async (isWanted: (requester: string) => boolean): Promise<void> => {
    await Promise.all((await store.listRequesters()).filter(isWanted).map(deliverTo))
  }
  const round = (isWanted: (requester: string) => boolean): Promise<void> => {
    const made = deliverToAll(isWanted).finally(() => rounds.delete(made))
    rounds.add(made)
    return made
  }
  const notice = (error: unknown): void => onDefect(error, 'delivery')
  const deliver = (): Promise<void> => round(() => true)
  const start = (): void => void round(requester => !rests(requester)).catch(notice)

  const keep = async (requester: string | undefined, request: ProgressRequest, once?: string): Promise<void> => {
    if (requester === undefined || operatorOf?.(requester) === undefined) return
    const id = once === undefined ? random(8) : createHash('sha256').update(once).digest().subarray(0, 16)
    await store.addProgress({ id: toHex(id), requester, request, at: clock() })
    if (!rests(requester)) void deliverTo(requester).catch(notice)
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
