/** Why the operator refused; the portal and the operator API turn the code into a page or a status. */
export type OperatorErrorCode =
  | 'unknown-plan'
  | 'unknown-account'
  | 'unknown-payment' // a payment method that this account does not have
  | 'payment-declined'
  | 'account-exists'
  | 'bad-catalogue'
  | 'smdp-unreachable' // no answer on ES2+
  | 'smdp-refused' // ES2+ answered Failed or Expired: `refusal` says what
  | 'smdp-malformed' // ES2+ answered something that is not its row's response

/** What the SM-DP+ said, SGP.22 §5.2.6: subject and reason code of the function execution status. */
export interface Es2Refusal {
  readonly function: string
  readonly subjectCode: string
  readonly reasonCode: string
  readonly message?: string
}

export class OperatorError extends Error {
  readonly code: OperatorErrorCode
  readonly refusal: Es2Refusal | undefined

  constructor(code: OperatorErrorCode, message: string, at: { refusal?: Es2Refusal; cause?: unknown } = {}) {
    super(message, { cause: at.cause })
    this.name = 'OperatorError'
    this.code = code
    this.refusal = at.refusal
  }
}
