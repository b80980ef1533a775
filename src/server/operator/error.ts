/** Reasons of the operator for a refusal. Portal and operator API map each code to a page or a status. */
export type OperatorErrorCode =
  | 'unknown-plan'
  | 'unknown-account'
  | 'unknown-payment' // the account does not have this payment method
  | 'payment-declined'
  | 'account-exists'
  | 'bad-catalog'
  | 'smdp-unreachable' // no response on ES2+
  | 'smdp-refused' // ES2+ answered Failed or Expired: `refusal` has the codes
  | 'smdp-malformed' // the ES2+ response does not match its schema

/** Subject and reason code of the function execution status from the SM-DP+ (SGP.22 §5.2.6). */
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
