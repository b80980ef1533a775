import { formatActivationCode } from '../../rsp/activation-code.ts'
import { ES2p } from '../../rsp/interfaces/es2p.ts'
import type { Accounts, PaymentMethod } from './accounts.ts'
import { OperatorError } from './error.ts'
import { callEs2, type SmdpAccess } from './es2p-client.ts'
import type { Plan } from './plan.ts'
import type { Subscriptions } from './subscriptions.ts'

export interface OrderRequest {
  /** Identifies the purchase. A repeated key refers to the same order. */
  readonly key: string
  readonly accountId: string
  readonly planId: string
  readonly paymentId: string
  readonly eid: string
  readonly transactionId: string
  /** The SM-DS at which the SM-DP+ registers an event, for a download without activation code. */
  readonly smdsAddress?: string
}
export interface OperatorOrder {
  readonly orderId: string
  readonly iccid: string
  /** `1$address$matchingId`, without `LPA:` and without a confirmation code, as the bridge of the app requires. */
  readonly activationCode: string
}

export interface Ordering {
  readonly accounts: Accounts
  readonly plans: readonly Plan[]
  readonly paymentMethods: (accountId: string) => readonly PaymentMethod[]
  readonly subscriptions: Subscriptions
  readonly smdp: SmdpAccess & { readonly address: string }
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
}

export const createOrders = (ordering: Ordering): ((request: OrderRequest) => Promise<OperatorOrder>) => {
  const placed = new Map<string, Promise<OperatorOrder>>()
  return request => {
    const before = placed.get(request.key)
    if (before !== undefined) return before
    const order = placeOrder(ordering, request)
    placed.set(request.key, order)
    // A refused order can be retried with the same key after the payment or the SM-DP+ is corrected.
    order.catch(() => placed.delete(request.key))
    return order
  }
}

const placeOrder = async (ordering: Ordering, request: OrderRequest): Promise<OperatorOrder> => {
  const { smdp } = ordering
  // 1. The purchase itself.
  const plan = ordering.plans.find(({ id }) => id === request.planId)
  if (plan === undefined) throw new OperatorError('unknown-plan', `the plan "${request.planId}" does not exist`)
  if (ordering.accounts.find(request.accountId) === undefined)
    throw new OperatorError('unknown-account', 'the account does not exist')
  const payment = ordering.paymentMethods(request.accountId).find(({ id }) => id === request.paymentId)
  if (payment === undefined)
    throw new OperatorError('unknown-payment', `this account has no payment method "${request.paymentId}"`)
  if (payment.declines === true) throw new OperatorError('payment-declined', `"${payment.label}" was declined`)

  // 2. SGP.22 §3.1.1: download initiation. The order is bound to the EID, so that only this device can fetch it.
  const { iccid } = await callEs2(smdp, ES2p.DownloadOrder, { eid: request.eid, profileType: plan.profileType })
  const order = await finishOrder(ordering, request, iccid).catch(async (refused: unknown) => {
    await returnToStock(smdp, iccid, request.eid)
    throw refused
  })

  // 3. Store the subscription until its profile is installed.
  ordering.subscriptions.add({
    orderId: order.orderId,
    accountId: request.accountId,
    iccid: order.iccid,
    eid: request.eid,
    plan,
    orderedAt: ordering.clock(),
    state: 'ordered',
    usedMB: 0,
  })
  return order
}

/** Confirms and releases in two calls, so that the download starts only when the systems of the operator are ready. */
const finishOrder = async (
  { smdp, random }: Ordering,
  request: OrderRequest,
  iccid: string,
): Promise<OperatorOrder> => {
  const confirmed = await callEs2(smdp, ES2p.ConfirmOrder, {
    iccid,
    eid: request.eid,
    smdsAddress: request.smdsAddress,
    releaseFlag: false,
  })
  await callEs2(smdp, ES2p.ReleaseProfile, { iccid })
  return {
    orderId: `B-${Buffer.from(random(4)).toString('hex').toUpperCase()}`,
    iccid: iccid.replace(/F$/, ''),
    activationCode: formatActivationCode({
      smdpAddress: confirmed.smdpAddress ?? smdp.address,
      matchingId: confirmed.matchingId,
      confirmationCodeRequired: false,
    }),
  }
}

/** Returns the reserved profile to the stock. Ignores errors, because the caller receives the first one. */
const returnToStock = async (smdp: SmdpAccess, iccid: string, eid: string): Promise<void> => {
  try {
    await callEs2(smdp, ES2p.CancelOrder, { iccid, eid, finalProfileStatusIndicator: 'Available' })
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
  }
}
