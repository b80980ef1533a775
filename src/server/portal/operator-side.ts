/** The functions of the operator that the portal uses. The bench injects them. */
export interface PortalOperator {
  /** Returns the plans that are valid in a country (ISO 3166 alpha-2), or all plans. */
  plans(location: string | undefined): readonly PortalPlan[]
  signIn(email: string, password: string): Promise<PortalAccount | undefined>
  createAccount(who: {
    readonly email: string
    readonly name: string
    readonly password: string
  }): Promise<PortalAccount | 'account-exists'>
  paymentMethods(accountId: string): readonly PortalPayment[]
  /** Orders and releases a profile. Idempotent for each key. */
  placeOrder(order: PortalOrder): Promise<PlacedOrder | RefusedOrder>
}

export interface PortalPlan {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly type: 'MODIRECT' | 'MODIRECTPAYG'
  readonly dataMB: number
  readonly days: number
  readonly price: { readonly amount: number; readonly currency: string }
  readonly locations: readonly string[]
}
export interface PortalAccount {
  readonly id: string
  readonly email: string
  readonly name: string
}
export interface PortalPayment {
  readonly id: string
  readonly label: string
  readonly instrument: 'new' | 'existing'
}
export interface PortalOrder {
  readonly key: string
  readonly accountId: string
  readonly planId: string
  readonly paymentId: string
  readonly eid: string
  readonly transactionId: string
}
export interface PlacedOrder {
  readonly orderId: string
  readonly iccid: string
  /** The activation code without `LPA:` and without a confirmation code (reference §4.1). */
  readonly activationCode: string
}
/** The party that can act: the buyer uses another payment, or the operator corrects an error. */
export interface RefusedOrder {
  readonly refused: 'payment-declined' | 'service'
  /** The error code of the operator for the support desk; never a secret. */
  readonly reference: string
}
