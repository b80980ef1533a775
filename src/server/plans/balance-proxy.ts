import { type Fetch, FetchError } from '../../rsp/fetch.ts'
import type { OperatorProfile } from './operator-profile.ts'

/** The credentials of the service at an operator, in addition to the TLS client certificate of its Fetch. */
export type OperatorCredentials = (operator: OperatorProfile) => { readonly authorization?: string }

export interface BalanceQuestion {
  readonly operator: OperatorProfile
  readonly iccid: string
  readonly location: string | undefined
  readonly transactionId: string
}

/** The balance in use, or the reason for its absence. */
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
    | 'operator-refused-service' // 401, 403: the operator rejects the certificate or the credentials of the service
    | 'sim-unknown' // 404
    | 'operator-busy' // 429, with the time until the next call
    | 'operator-failed' // 5xx, and statuses that the contract does not define
    | 'bad-request' // 400, 409: the request of the service is invalid
    | 'bad-answer' // 200 with a body that violates the contract
  readonly message: string
  readonly retryAfter?: number
}

const TRANSACTION_HEADER = 'X-MS-DM-TransactionId'

/** Calls GetBalance of the operator (reference §5.2): one balance, template basic, for the location of the device. */
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
    if (error instanceof FetchError) return fail('operator-unreachable', `no response to GetBalance (${error.code})`)
    throw error
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.status === 200) {
    const balance = readBalance(body)
    return balance === undefined
      ? fail('bad-answer', 'GetBalance returned 200 without balances in the body')
      : { balance, transactionId }
  }
  const detail = (body as { detail?: unknown } | undefined)?.detail
  const message = `GetBalance returned ${response.status}${typeof detail === 'string' ? `: ${detail}` : ''}`
  switch (response.status) {
    case 400:
    case 409:
      return fail('bad-request', message)
    case 401:
    case 403:
      return fail('operator-refused-service', message)
    case 404:
      return fail('sim-unknown', message)
    case 429:
      return fail('operator-busy', message, Number(response.headers.get('retry-after')) || 60)
    default:
      return fail('operator-failed', message)
  }
}

const TYPES = ['MODIRECT', 'MODIRECTPAYG', 'NONE', 'NOTSUPPORTED'] as const

/**
 * Parses a GetBalance response. Names and types ignore the letter case, because samples and table of the contract differ.
 * Returns null for an empty list and undefined for an invalid response.
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
