import type { Subscription } from './subscriptions.ts'

/** A balance as the operator API says it, reference §5.2. Spelled as the contract's table, not as its samples. */
export interface Balance {
  readonly type: 'MODIRECT' | 'MODIRECTPAYG' | 'NONE' | 'NOTSUPPORTED'
  readonly dataRemainingInMB: number
  /** An ISO 8601 duration. */
  readonly timeRemaining: string
}
/** The full template adds the operator's own id and where the data may be used. */
export interface FullBalance extends Balance {
  readonly id: string
  readonly locations: readonly string[]
}

const DAY = 24 * 60 * 60 * 1000

/** Days, hours, minutes and seconds of ISO 8601, the smallest form that says it all; nothing left is PT0S. */
export const formatDuration = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds === 0) return 'PT0S'
  const part = (value: number, letter: string): string => (value > 0 ? `${value}${letter}` : '')
  const days = part(Math.floor(seconds / 86400), 'D')
  const time =
    part(Math.floor(seconds / 3600) % 24, 'H') + part(Math.floor(seconds / 60) % 60, 'M') + part(seconds % 60, 'S')
  return `P${days}${time === '' ? '' : `T${time}`}`
}

/** What is said of a SIM of ours that has nothing to spend here: zeros are a 200, never a 404. */
export const emptyBalance = (
  type: 'NONE' | 'NOTSUPPORTED' | 'MODIRECT' | 'MODIRECTPAYG',
  id: string,
  locations: readonly string[] = [],
): FullBalance => ({ id, type, dataRemainingInMB: 0, timeRemaining: 'PT0S', locations })

/**
 * The balance of one subscription. Not yet active, expired or used up is NONE ("no balance, also when data is 0 but the
 * plan has not expired"), and NONE is said with zeros throughout: the contract wants PT0S wherever the data is zero.
 */
export const toBalance = (subscription: Subscription, now: Date): FullBalance => {
  const { plan, orderId: id } = subscription
  if (subscription.activatedAt === undefined) return emptyBalance('NONE', id, plan.locations)
  const left = subscription.activatedAt.getTime() + plan.days * DAY - now.getTime()
  if (left <= 0) return emptyBalance('NONE', id, plan.locations)
  const dataRemainingInMB = Math.round((plan.dataMB - subscription.usedMB) * 1000) / 1000
  if (dataRemainingInMB <= 0) return emptyBalance('NONE', id, plan.locations)
  return { id, type: plan.type, dataRemainingInMB, timeRemaining: formatDuration(left), locations: plan.locations }
}

/** In a country where the plan does not count there is nothing to spend, which is said with zeros. */
export const balanceAt = (balance: FullBalance, location: string | undefined): FullBalance =>
  location === undefined || balance.type === 'NONE' || balance.locations.includes(location)
    ? balance
    : emptyBalance(balance.type, balance.id, balance.locations)

export const basicBalance = ({ type, dataRemainingInMB, timeRemaining }: FullBalance): Balance => ({
  type,
  dataRemainingInMB,
  timeRemaining,
})
