import type { Subscription } from './subscriptions.ts'

/** A balance of the operator API (reference §5.2), with the names of the contract's table and not of its samples. */
export interface Balance {
  readonly type: 'MODIRECT' | 'MODIRECTPAYG' | 'NONE' | 'NOTSUPPORTED'
  readonly dataRemainingInMB: number
  /** An ISO 8601 duration. */
  readonly timeRemaining: string
}
/** The full template adds the id of the plan and the countries where it is valid. */
export interface FullBalance extends Balance {
  readonly id: string
  readonly locations: readonly string[]
}

const DAY = 24 * 60 * 60 * 1000

/** Formats an ISO 8601 duration with days, hours, minutes and seconds in the shortest form. Zero is PT0S. */
export const formatDuration = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds === 0) return 'PT0S'
  const part = (value: number, letter: string): string => (value > 0 ? `${value}${letter}` : '')
  const days = part(Math.floor(seconds / 86400), 'D')
  const time =
    part(Math.floor(seconds / 3600) % 24, 'H') + part(Math.floor(seconds / 60) % 60, 'M') + part(seconds % 60, 'S')
  return `P${days}${time === '' ? '' : `T${time}`}`
}

/** The balance of a SIM of this operator without usable data: status 200 with zeros, not 404. */
export const emptyBalance = (
  type: 'NONE' | 'NOTSUPPORTED' | 'MODIRECT' | 'MODIRECTPAYG',
  id: string,
  locations: readonly string[] = [],
): FullBalance => ({ id, type, dataRemainingInMB: 0, timeRemaining: 'PT0S', locations })

/** Returns the balance of a subscription. An inactive, expired or used-up plan is NONE, with zeros and PT0S as in the contract. */
export const toBalance = (subscription: Subscription, now: Date): FullBalance => {
  const { plan, orderId: id } = subscription
  if (subscription.activatedAt === undefined) return emptyBalance('NONE', id, plan.locations)
  const left = subscription.activatedAt.getTime() + plan.days * DAY - now.getTime()
  if (left <= 0) return emptyBalance('NONE', id, plan.locations)
  const dataRemainingInMB = Math.round((plan.dataMB - subscription.usedMB) * 1000) / 1000
  if (dataRemainingInMB <= 0) return emptyBalance('NONE', id, plan.locations)
  return { id, type: plan.type, dataRemainingInMB, timeRemaining: formatDuration(left), locations: plan.locations }
}

/** The balance in a country where the plan is not valid consists of zeros. */
export const balanceAt = (balance: FullBalance, location: string | undefined): FullBalance =>
  location === undefined || balance.type === 'NONE' || balance.locations.includes(location)
    ? balance
    : emptyBalance(balance.type, balance.id, balance.locations)

export const basicBalance = ({ type, dataRemainingInMB, timeRemaining }: FullBalance): Balance => ({
  type,
  dataRemainingInMB,
  timeRemaining,
})
