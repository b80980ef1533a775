import { type Balance, balanceAt, basicBalance, emptyBalance, type FullBalance, toBalance } from './balance.ts'
import { readBalanceQuery, readSimId } from './balance-query.ts'
import { type CallLimitSettings, type CallLimits, createCallLimits, DEFAULT_LIMITS } from './call-limits.ts'
import { type CallerPolicy, checkCaller } from './caller-check.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface OperatorApiSettings {
  /** The path of moBaseUrl, without a final slash. */
  readonly basePath: string
  readonly subscriptions: Subscriptions
  readonly clock: () => Date
  readonly callers?: CallerPolicy
  readonly limits?: CallLimitSettings
  /** SIMs of the operator that do not support Mobile Plans. */
  readonly isExcluded?: (iccid: string) => boolean
  /** Receives each error that is answered with 500. */
  readonly onDefect?: (error: unknown) => void
}

interface Problem {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly parameter?: string
  readonly headers?: Readonly<Record<string, string>>
}

const MAX_TRANSACTION_ID = 128

/** The operator API (reference §5): read-only JSON with one resource, the balances of a SIM. */
export const createOperatorApi = (settings: OperatorApiSettings): ((request: Request) => Promise<Response>) => {
  const limits = createCallLimits(settings.limits ?? DEFAULT_LIMITS)
  return async request => {
    // Each response returns the transaction id, also a refusal, so that both logs can be correlated.
    const transactionId = request.headers.get('x-ms-dm-transactionid')
    const headers = new Headers(transactionId === null ? {} : { 'X-MS-DM-TransactionId': transactionId })
    try {
      const answer = answerCall(request, settings, limits, transactionId)
      if ('status' in answer) return problemResponse(answer, headers)
      headers.set('Content-Type', 'application/json')
      headers.set('Cache-Control', 'no-store')
      if (answer.warning !== undefined) headers.set('Warning', `299 - "${answer.warning}"`)
      return new Response(JSON.stringify({ balances: answer.balances }), { status: 200, headers })
    } catch (error) {
      settings.onDefect?.(error)
      const detail = error instanceof Error ? error.message : 'unexpected'
      return problemResponse({ status: 500, title: 'Internal Server Error', detail }, headers)
    }
  }
}

/** Checks resource, method, caller, call rate, transaction id, parameters and SIM, in this order. */
const answerCall = (
  request: Request,
  settings: OperatorApiSettings,
  limits: CallLimits,
  transactionId: string | null,
): Problem | { balances: readonly Balance[]; warning?: string } => {
  const url = new URL(request.url)
  const path = url.pathname.startsWith(`${settings.basePath}/`) ? url.pathname.slice(settings.basePath.length) : ''
  const simId = /^\/sims\/([^/]+)\/balances$/.exec(path)?.[1]
  if (simId === undefined) return { status: 404, title: 'Not Found', detail: 'this resource does not exist' }
  const now = settings.clock()

  const refusal = checkCaller(request, settings.callers ?? {}, now)
  if (refusal !== undefined)
    return {
      status: refusal.status,
      title: refusal.status === 401 ? 'Unauthorized' : 'Forbidden',
      detail: refusal.detail,
      ...(refusal.challenge !== undefined && { headers: { 'WWW-Authenticate': refusal.challenge } }),
    }

  if (request.method !== 'GET')
    return { status: 405, title: 'Method Not Allowed', detail: 'balances are read-only', headers: { Allow: 'GET' } }

  const wait = limits.admitCall(now)
  if (wait !== undefined)
    return {
      status: 429,
      title: 'Too Many Requests',
      detail: `wait ${wait} seconds`,
      headers: { 'Retry-After': String(wait) },
    }

  const transactionHeader = 'X-MS-DM-TransactionId'
  if (transactionId !== null && (transactionId === '' || transactionId.length > MAX_TRANSACTION_ID))
    return bad(transactionHeader, `${transactionHeader} must have 1 to ${MAX_TRANSACTION_ID} characters`)
  if (transactionId !== null && !limits.admitTransaction(transactionId, now))
    return {
      status: 409,
      title: 'Conflict',
      detail: 'this transaction id was used before; use a new one for each call',
      parameter: transactionHeader,
    }

  const query = readBalanceQuery(url.searchParams)
  if ('parameter' in query) return bad(query.parameter, query.detail)

  const balances = balancesOf(simId, settings, now)
  if (balances === undefined)
    return { status: 404, title: 'Not Found', detail: 'no SIM with this ICCID is known', parameter: 'iccid' }
  const shown = balances.map(balance => balanceAt(balance, query.location)).slice(0, query.limit)
  return {
    balances: query.fieldsTemplate === 'full' ? shown : shown.map(basicBalance),
    ...(query.warning !== undefined && { warning: query.warning }),
  }
}

const balancesOf = (simId: string, settings: OperatorApiSettings, now: Date): FullBalance[] | undefined => {
  const iccid = readSimId(simId)
  if (iccid === undefined) return undefined
  if (settings.isExcluded?.(iccid)) return [emptyBalance('NOTSUPPORTED', iccid)]
  const subscription = settings.subscriptions.find(iccid)
  return subscription && [toBalance(subscription, now)]
}

const bad = (parameter: string, detail: string): Problem => ({ status: 400, title: 'Bad Request', detail, parameter })

const problemResponse = ({ headers: more, ...problem }: Problem, headers: Headers): Response => {
  headers.set('Content-Type', 'application/problem+json')
  for (const [name, value] of Object.entries(more ?? {})) headers.set(name, value)
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}
