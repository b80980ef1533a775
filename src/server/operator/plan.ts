import { OperatorError } from './error.ts'

/** How the plan is paid, as GetBalance names it: billed afterwards, or prepaid. */
export type PlanType = 'MODIRECT' | 'MODIRECTPAYG'

/** What the operator sells. */
export interface Plan {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly type: PlanType
  readonly dataMB: number
  readonly days: number
  readonly price: { readonly amount: number; readonly currency: string }
  /** ISO 3166 alpha-2, upper case: where the data may be used. */
  readonly locations: readonly string[]
  /** The SM-DP+'s name of the profiles from which this plan is served (ES2+ DownloadOrder, profileType). */
  readonly profileType: string
}

/** The catalogue of a bench that was not given another one. */
export const PLANS: readonly Plan[] = [
  {
    id: 'travel-5',
    name: 'Travel 5 GB',
    description: 'Five gigabytes for a week on the road. Prepaid: nothing to cancel.',
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
    description: 'Twenty gigabytes for thirty days. Prepaid: nothing to cancel.',
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

/** The catalogue as configured, or a sentence on what is wrong with it. */
export const checkCatalogue = (plans: readonly Plan[]): readonly Plan[] => {
  const refuse = (plan: Plan, what: string): never => {
    throw new OperatorError('bad-catalogue', `plan "${plan.id}": ${what}`)
  }
  const seen = new Set<string>()
  for (const plan of plans) {
    if (seen.has(plan.id)) refuse(plan, 'this id occurs twice; ids must be unique')
    seen.add(plan.id)
    if (!(plan.dataMB > 0) || !(plan.days > 0)) refuse(plan, 'dataMB and days must be above zero')
    if (!(plan.price.amount >= 0)) refuse(plan, 'the price must not be negative')
    for (const location of plan.locations)
      if (!/^[A-Z]{2}$/.test(location))
        refuse(plan, `location "${location}" is not an upper-case ISO 3166 alpha-2 code`)
  }
  if (plans.length === 0) throw new OperatorError('bad-catalogue', 'the catalogue is empty; give at least one plan')
  return plans
}

/** The plans that may be used where the device is; all of them when that is not known. */
export const plansFor = (plans: readonly Plan[], location: string | undefined): readonly Plan[] =>
  location === undefined ? plans : plans.filter(plan => plan.locations.includes(location.toUpperCase()))
