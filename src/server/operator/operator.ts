import type { Fetch } from '../../rsp/fetch.ts'
import { type Account, createAccounts, type PaymentMethod } from './accounts.ts'
import type { CallLimitSettings } from './call-limits.ts'
import type { CallerPolicy } from './caller-check.ts'
import { OperatorError } from './error.ts'
import { createEs2Callbacks, type DownloadProgress, type ProfileNotification } from './es2p-callbacks.ts'
import type { SmdpAccess } from './es2p-client.ts'
import { createOperatorApi } from './operator-api.ts'
import { createOrders, type OperatorOrder, type OrderRequest } from './orders.ts'
import { checkCatalog, PLANS, type Plan, plansFor } from './plan.ts'
import { createSubscriptions, type Subscriptions } from './subscriptions.ts'

export interface OperatorSettings {
  readonly plans?: readonly Plan[]
  readonly paymentMethods?: readonly PaymentMethod[]
  /** `address` is the host name in activation codes if ConfirmOrder returns none. */
  readonly smdp: SmdpAccess & { readonly address: string }
  /** The path of moBaseUrl, `/v1`. */
  readonly apiPath?: string
  readonly callers?: CallerPolicy
  readonly limits?: CallLimitSettings
  readonly isExcluded?: (iccid: string) => boolean
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly onProgress?: (progress: DownloadProgress) => void
  readonly onNotification?: (notification: ProfileNotification) => void
  /** Receives unexpected errors. The caller receives a 500. */
  readonly onDefect?: (error: unknown) => void
}

/** A refused order: the party that can act, and the error code for the support desk. */
export interface OrderRefusal {
  readonly refused: 'payment-declined' | 'service'
  readonly reference: string
  /** The full error text for the log. */
  readonly error: OperatorError
}

export interface Operator {
  /** The operator API: GetBalance. */
  readonly api: Fetch
  /** Where the SM-DP+ reports downloads (ES2+). */
  readonly es2pCallbacks: Fetch
  readonly subscriptions: Subscriptions
  plans(location: string | undefined): readonly Plan[]
  signIn(email: string, password: string): Promise<Account | undefined>
  createAccount(who: { email: string; name: string; password: string }): Promise<Account | 'account-exists'>
  paymentMethods(accountId: string): readonly PaymentMethod[]
  placeOrder(request: OrderRequest): Promise<OperatorOrder | OrderRefusal>
  /** Starts the plan when the subscriber registers on the network. */
  onRegistered(event: { readonly iccid: string; readonly plmn: string; readonly kind: 'home' | 'roaming' }): void
}

/** The payment methods of the bench. None needs a real credit card, and one is always declined. */
const PAYMENT_METHODS: readonly PaymentMethod[] = [
  { id: 'test-card', label: 'Test card ending 4242', instrument: 'new' },
  { id: 'bill', label: 'My bill', instrument: 'existing' },
  { id: 'declined-card', label: 'Test card ending 0002 (always declined)', instrument: 'new', declines: true },
]

/** The operator sells plans, orders profiles, stores subscriptions and returns their balance. */
export const createOperator = (settings: OperatorSettings): Operator => {
  const plans = checkCatalog(settings.plans ?? PLANS)
  const methods = settings.paymentMethods ?? PAYMENT_METHODS
  const accounts = createAccounts(settings.random)
  const subscriptions = createSubscriptions()
  const paymentMethods = (accountId: string): readonly PaymentMethod[] =>
    accounts.find(accountId) === undefined ? [] : methods
  const order = createOrders({ ...settings, accounts, plans, paymentMethods, subscriptions })
  return {
    api: createOperatorApi({ ...settings, basePath: settings.apiPath ?? '', subscriptions }),
    es2pCallbacks: createEs2Callbacks({ ...settings, subscriptions }),
    subscriptions,
    plans: location => plansFor(plans, location),
    signIn: accounts.signIn,
    async createAccount(who) {
      try {
        return await accounts.create(who)
      } catch (error) {
        if (error instanceof OperatorError && error.code === 'account-exists') return 'account-exists'
        throw error
      }
    },
    paymentMethods,
    async placeOrder(request) {
      try {
        return await order(request)
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error
        const refused = error.code === 'payment-declined' ? 'payment-declined' : 'service'
        const { refusal } = error
        const codes = refusal === undefined ? '' : ` ${refusal.function} ${refusal.subjectCode}/${refusal.reasonCode}`
        return { refused, reference: `${error.code}${codes}`, error }
      }
    },
    onRegistered({ iccid, plmn, kind }) {
      subscriptions.markRegistered(iccid, settings.clock(), { plmn, kind })
    },
  }
}
