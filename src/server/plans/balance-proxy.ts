import { type Fetch, FetchError } from '../../rsp/fetch.ts'
import type { OperatorProfile } from './operator-profile.ts'

/** How the service shows an operator who it is, beside the TLS client certificate that its Fetch presents. */
export type OperatorCredentials = (operator: OperatorProfile) => { readonly authorization?: string }

export interface BalanceQuestion {
  readonly operator: OperatorProfile
  readonly iccid: string
  readonly location: string | undefined
  readonly transactionId: string
}

/** The balance that is being consumed, or why there is none to show. */
export type BalanceAnswer =
  | { readonly balance: ShownBalance | null; readonly transactionId: string }
  | { readonly failure: BalanceFailure; readonly transactionId: string }

export interface ShownBalance {
  readonly type: 'MODIRECT' | 'MODIRECTPAYG' | 'NONE' | 'NOTSUPPORTED'
  readonly dataRemainingInMB: number
  readonly timeRemaining: string
}
export interface BalanceFailure {
  readonly code:
    | 'operator-unreachable'
    | 'operator-refused-service' // 401, 403: the operator does not accept the service's certificate or credentials
    | 'sim-unknown' // 404
    | 'operator-busy' // 429, with when to come back
    | 'operator-failed' // 5xx, and statuses that the contract does not know
    | 'bad-request' // 400, 409: the service asked wrongly
    | 'bad-answer' // 200 with a body that is not the contract's
  readonly message: string
  readonly retryAfter?: number
}

const TRANSACTION_HEADER = 'X-MS-DM-TransactionId'

/** GetBalance at the operator (reference §5.2): one balance, basic, for where the device is. */
export const askBalance = async (
  question: BalanceQuestion,
  fetch: Fetch,
  credentials: OperatorCredentials,
): Promise<BalanceAnswer> => {
  const { operator, transactionId } = question
  const url = new URL(`${operator.moBaseUrl.replace(/\/$/, '')}/sims/iccid:${question.iccid}/balances`)
  url.searchParams.set('fieldsTemplate', 'basic')
  url.searchParams.set('limit', '1')
  if (question.location !== undefined) url.searchParams.set('location', question.location)
  const { authorization } = credentials(operator)
  const headers = {
    Accept: 'application/json',
    [TRANSACTION_HEADER]: transactionId,
    ...(authorization !== undefined && { Authorization: authorization }),
  }
  const fail = (code: BalanceFailure['code'], message: string, retryAfter?: number): BalanceAnswer => ({
    failure: { code, message: `${operator.brandName}: ${message}`, ...(retryAfter !== undefined && { retryAfter }) },
    transactionId,
  })

  let response: Response
  try {
    response = await fetch(new Request(url, { headers }))
  } catch (error) {
    if (error instanceof FetchError) return fail('operator-unreachable', `no answer to GetBalance (${error.code})`)
    throw error
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.status === 200) {
    const balance = readBalance(body)
    return balance === undefined
      ? fail('bad-answer', 'GetBalance answered 200 with a body that holds no balances')
      : { balance, transactionId }
  }
  const detail = (body as { detail?: unknown } | undefined)?.detail
  const said = `GetBalance answered ${response.status}${typeof detail === 'string' ? `: ${detail}` : ''}`
  switch (response.status) {
    case 400:
    case 409:
      return fail('bad-request', said)
    case 401:
    case 403:
      return fail('operator-refused-service', said)
    case 404:
      return fail('sim-unknown', said)
    case 429:
      return fail('operator-busy', said, Number(response.headers.get('retry-after')) || 60)
    default:
      return fail('operator-failed', said)
  }
}

const TYPES = ['MODIRECT', 'MODIRECTPAYG', 'NONE', 'NOTSUPPORTED'] as const

/**
 * Names and types in any letter case, because the contract's own samples differ from its table (`dataRemaininginMB`).
 * `null`: an empty list. Nothing: not a GetBalance answer.
 */
const readBalance = (body: unknown): ShownBalance | null | undefined => {
  const balances = memberOf(body, 'balances')
  if (!Array.isArray(balances)) return undefined
  if (balances.length === 0) return null
  const named = memberOf(balances[0], 'type')
  const type = TYPES.find(one => typeof named === 'string' && named.toUpperCase() === one)
  const data = memberOf(balances[0], 'dataremaininginmb')
  const time = memberOf(balances[0], 'timeremaining')
  if (type === undefined || typeof data !== 'number' || typeof time !== 'string') return undefined
  return { type, dataRemainingInMB: data, timeRemaining: time }
}

const memberOf = (holder: unknown, name: string): unknown =>
  holder !== null && typeof holder === 'object'
    ? Object.entries(holder).find(([key]) => key.toLowerCase() === name)?.[1]
    : undefined
