import type { FetchLayer } from '../../rsp/fetch.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import { ES9p } from '../../rsp/interfaces/es9p.ts'
import { getNotificationMetadata } from '../../rsp/notification.ts'
import type { SmdpStore } from '../../server/smdp/store.ts'

/** One call of a function, for the log. Contains no secrets. */
export interface CalledFunction {
  readonly at: Date
  /** `ES9+.AuthenticateClient` */
  readonly name: string
  readonly status: string
  /** Subject code, reason code and message of a refusal. */
  readonly refusal?: string
  readonly iccid?: string
  readonly matchingId?: string
  readonly ms: number
}

type Json = Record<string, unknown> | undefined

const readJson = async (message: Request | Response): Promise<Json> => {
  if (!/json/i.test(message.headers.get('content-type') ?? '')) return undefined
  try {
    const value: unknown = await message.json()
    return typeof value === 'object' && value !== null ? (value as Json) : undefined
  } catch {
    return undefined
  }
}
const textOf = (json: Json, member: string): string | undefined => {
  const value = json?.[member]
  return typeof value === 'string' ? value : undefined
}

interface Status {
  readonly status?: string
  readonly statusCodeData?: { readonly subjectCode?: string; readonly reasonCode?: string; readonly message?: string }
}
const statusOf = (response: Response, json: Json): { status: string; refusal?: string } => {
  const status = (json?.header as { functionExecutionStatus?: Status } | undefined)?.functionExecutionStatus
  if (status?.status === undefined) return { status: `HTTP ${response.status}` }
  const { subjectCode, reasonCode, message } = status.statusCodeData ?? {}
  if (subjectCode === undefined) return { status: status.status }
  return { status: status.status, refusal: `${subjectCode}/${reasonCode}${message ? ` ${message}` : ''}` }
}

/**
 * Logs each call after its response. Finds the order by the session, or by the ICCID in the request of an operator.
 * Does not decode the signed parts of other messages.
 */
export const logFunctions = (
  rows: readonly { readonly interface: string; readonly name: string; readonly path: string }[],
  at: { store: SmdpStore; clock: () => Date; stopwatch: () => number; log: (called: CalledFunction) => void },
): FetchLayer => {
  const byPath = new Map(rows.map(row => [row.path, row]))
  return next =>
    async function logFunctions(request) {
      const { pathname } = new URL(request.url)
      const row = byPath.get(pathname)
      const asked = await readJson(request.clone() as Request)
      const began = at.stopwatch()
      const response = await next(request)
      const ms = at.stopwatch() - began
      const answered = response.status === 204 ? undefined : await readJson(response.clone() as Response)
      const order = notified(pathname, asked) ?? (await orderOf(at.store, asked, answered))
      at.log({
        at: at.clock(),
        name: row ? `${row.interface}.${row.name}` : `${request.method} ${pathname.slice(0, 80)}`,
        ...statusOf(response, answered),
        ...order,
        ms,
      })
      return response
    }
}

/** A notification names its profile in the open part; whose it is, the server verifies. */
const notified = (pathname: string, asked: Json): { iccid: string } | undefined => {
  if (pathname !== ES9p.HandleNotification.path || asked === undefined) return undefined
  try {
    const { pendingNotification } = ES9p.HandleNotification.request.fromJson(asked as never)
    const { iccid } = getNotificationMetadata(pendingNotification.value)
    return iccid === undefined ? undefined : { iccid: iccidToDigits(iccid) }
  } catch {
    return undefined
  }
}

const orderOf = async (
  store: SmdpStore,
  asked: Json,
  answered: Json,
): Promise<{ iccid?: string; matchingId?: string }> => {
  const transactionId = textOf(answered, 'transactionId') ?? textOf(asked, 'transactionId')
  const session = transactionId === undefined ? undefined : await store.findSession(transactionId.toUpperCase())
  if (session !== undefined && 'iccid' in session)
    return { iccid: session.iccid, ...(session.matchingId !== '' && { matchingId: session.matchingId }) }
  const iccid = (textOf(answered, 'iccid') ?? textOf(asked, 'iccid'))?.replace(/F$/i, '')
  const matchingId = textOf(answered, 'matchingId') ?? textOf(asked, 'matchingId')
  return { ...(iccid !== undefined && { iccid }), ...(matchingId && { matchingId }) }
}

/** `12:34:56  ES9+.AuthenticateClient  Executed-Success  89490…  ABCDE  4 ms`, a line. */
export const describeCall = ({ at, name, status, refusal, iccid, matchingId, ms }: CalledFunction): string =>
  [
    at.toISOString().slice(11, 19),
    name.padEnd(31),
    refusal === undefined ? status : `${status} ${refusal}`,
    iccid,
    matchingId,
    `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`,
  ]
    .filter(part => part !== undefined)
    .join('  ')
