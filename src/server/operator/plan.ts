import { OperatorError } from './error.ts'

/** The billing type of the plan in GetBalance: postpaid or prepaid. */
export type PlanType = 'MODIRECT' | 'MODIRECTPAYG'

/** A plan that the operator sells. */
export interface Plan {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly type: PlanType
  readonly dataMB: number
  readonly days: number
  readonly price: { readonly amount: number; readonly currency: string }
  /** The countries where the data is valid: ISO 3166 alpha-2, upper case. */
  readonly locations: readonly string[]
  /** The profile type of this plan at the SM-DP+ (ES2+ DownloadOrder, profileType). */
  readonly profileType: string
}

/** The default catalog. */
export const PLANS: readonly Plan[] = [
  {
    id: 'travel-5',
    name: 'Travel 5 GB',
    description: 'Five gigabytes for a week of travel. Prepaid, ends automatically.',
    type: 'MODIRECTPAYG',
    dataMB: 5120,
    days: 7,
    price: { amount: 9.0, currency: 'EUR' },
    locations: ['DE', 'FR', 'GB', 'NL', 'US'],
    profileType: 'bench-usim',
  },
  {
    id: 'month-20',
    name: 'Month 20 GB',
    description: 'Twenty gigabytes for thirty days. Prepaid, ends automatically.',
    type: 'MODIRECTPAYG',
    dataMB: 20480,
    days: 30,
    price: { amount: 19.0, currency: 'EUR' },
    locations: ['DE', 'FR', 'GB', 'NL', 'US'],
    profileType: 'bench-usim',
  },
  {
    id: 'contract-100',
    name: 'Contract 100 GB',
    description: 'One hundred gigabytes a month, added to your bill. Cancel at the end of any month.',
    type: 'MODIRECT',
    dataMB: 102400,
    days: 30,
    price: { amount: 29.0, currency: 'EUR' },
    locations: ['DE', 'FR', 'GB', 'NL', 'US'],
    profileType: 'bench-usim',
  },
]

/** Returns the configured catalog. Throws `bad-catalog` with a sentence about an invalid plan. */
export const checkCatalog = (plans: readonly Plan[]): readonly Plan[] => {
  const refuse = (plan: Plan, what: string): never => {
    throw new OperatorError('bad-catalog', `plan "${plan.id}": ${what}`)
  }
  const seen = new Set<string>()
  for (const plan of plans) {
    if (seen.has(plan.id)) refuse(plan, 'its id occurs twice; ids must be unique')
    seen.add(plan.id)
    if (!(plan.dataMB > 0) || !(plan.days > 0)) refuse(plan, 'dataMB and days must be above zero')
    if (!(plan.price.amount >= 0)) refuse(plan, 'the price must not be negative')
    for (const location of plan.locations)
      if (!/^[A-Z]{2}$/.test(location))
        refuse(plan, `location "${location}" is not an upper-case ISO 3166 alpha-2 code`)
  }
  if (plans.length === 0) throw new OperatorError('bad-catalog', 'the catalog is empty. Give at least one plan.')
  return plans
}

/** Returns the plans that are valid at the location of the device, or all plans if the location is unknown. */
export const plansFor = (plans: readonly Plan[], location: string | undefined): readonly Plan[] =>
  location === undefined ? plans : plans.filter(plan => plan.locations.includes(location.toUpperCase()))
