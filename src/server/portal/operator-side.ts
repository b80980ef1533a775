/** What the portal needs from the operator behind it. The bench injects the operator's room; the two never meet. */
export interface PortalOperator {
  /** The plans that may be used in a country (ISO 3166 alpha-2), or all. */
  plans(location: string | undefined): readonly PortalPlan[]
  signIn(email: string, password: string): Promise<PortalAccount | undefined>
  createAccount(who: {
    readonly email: string
    readonly name: string
    readonly password: string
  }): Promise<PortalAccount | 'account-exists'>
  paymentMethods(accountId: string): readonly PortalPayment[]
  /** Orders and releases a profile. The same key twice is the same order. */
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
  /** Without `LPA:`, and one that asks for no confirmation code (reference §4.1). */
  readonly activationCode: string
}
/** Whose turn it is: the buyer's to pay otherwise, or the operator's to mend something. */
export interface RefusedOrder {
  readonly refused: 'payment-declined' | 'service'
  /** The operator's own code, for the support desk; never a secret. */
  readonly reference: string
}
