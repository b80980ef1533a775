import type { BalanceReply } from './service-client.ts'

/** The Mobile Plans part of the network flyout. */
export interface Flyout {
  readonly state: 'loading' | 'shown' | 'failed'
  readonly operator: string
  readonly registration: 'none' | 'searching' | 'home' | 'roaming' | 'denied'
  /** Headline and detail: `4.2 GB left`, `Plan Week, until 29 November`. */
  readonly balance?: { readonly headline: string; readonly detail?: string; readonly low?: boolean }
  readonly links: readonly FlyoutLink[]
  readonly problem?: string
}
export interface FlyoutLink {
  readonly text: 'Connect with a data plan' | 'View my account'
  readonly action: 'open'
}

const CONNECT: FlyoutLink = { text: 'Connect with a data plan', action: 'open' }
const ACCOUNT: FlyoutLink = { text: 'View my account', action: 'open' }

/** The flyout without an enabled profile: it offers the app only (FLY-001). */
export const flyoutWithoutPlan = (): Flyout => ({
  state: 'shown',
  operator: '',
  registration: 'none',
  links: [CONNECT],
})

/** The flyout for each balance type (reference §5.2). A missing balance counts as NONE. */
export const flyoutWithBalance = (
  line: Pick<Flyout, 'operator' | 'registration'>,
  balance: BalanceReply['balance'],
): Flyout => {
  const { operator, registration } = line
  const shown = { state: 'shown', operator, registration } as const
  switch (balance?.type ?? 'NONE') {
    case 'MODIRECT':
      return { ...shown, links: [ACCOUNT] }
    case 'MODIRECTPAYG':
      return { ...shown, balance: wordBalance(balance!), links: [ACCOUNT] }
    case 'NONE':
      return { ...shown, links: [CONNECT] }
    case 'NOTSUPPORTED':
      return { ...shown, links: [ACCOUNT], problem: 'This SIM cannot be used with Mobile Plans.' }
  }
}

/** The flyout without a balance still shows operator and account link (FLY-007). */
export const flyoutWithoutBalance = (line: Pick<Flyout, 'operator' | 'registration'>, problem: string): Flyout => ({
  state: 'failed',
  operator: line.operator,
  registration: line.registration,
  links: [ACCOUNT],
  problem,
})

const LOW_MB = 100

const wordBalance = (balance: NonNullable<BalanceReply['balance']>): NonNullable<Flyout['balance']> => {
  const { dataRemainingInMB: data } = balance
  const amount = data >= 1024 ? `${Math.floor((data / 1024) * 10) / 10} GB` : `${Math.floor(data)} MB`
  const time = wordDuration(balance.timeRemaining)
  return {
    headline: `${amount} left`,
    ...(time !== undefined && { detail: `${time} left` }),
    ...(data < LOW_MB && { low: true }),
  }
}

/** Formats the two largest parts of an ISO 8601 duration: `P23DT23H` becomes "23 days, 23 hours". */
export const wordDuration = (duration: string): string | undefined => {
  const parts = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/.exec(
    duration,
  )
  if (parts === null || duration === 'P') return undefined
  const names = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second']
  const words = names.flatMap((name, i) => {
    const value = Number(parts[i + 1] ?? 0)
    return value > 0 ? [`${value} ${name}${value === 1 ? '' : 's'}`] : []
  })
  return words.length === 0 ? 'no time' : words.slice(0, 2).join(', ')
}
