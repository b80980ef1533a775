import type { CancelSessionReason } from '../rsp/authentication.ts'

/** Why a procedure ended. Code branches on these codes, never on the message. */
export type LpaErrorCode =
  // the card
  | 'no-isdr' // no AID selects an ISD-R: not an eUICC, or its AID is unknown
  | 'card-refused' // a status word or the error value of a function
  | 'bad-card-answer' // the response is invalid
  | 'card-mismatch' // the response contradicts the request
  | 'state-not-changed' // the card returned ok, but the state is unchanged
  // the network
  | 'unreachable'
  | 'server-timed-out'
  // the server
  | 'untrusted' // its TLS certificate is not issued by a CI of the card
  | 'http-status' // an HTTP status other than success
  | 'bad-server-answer' // the response is invalid
  | 'server-refused' // the function failed, with subject and reason code
  | 'server-mismatch' // the response contradicts the request
  | 'not-an-smdp' // its certificate is for an SM-DS
  | 'no-event' // an SM-DS does not have the event that another one referred to
  | 'wrong-server' // the OID of the certificate is not the one of the activation code
  | 'metadata-mismatch' // the package is for another profile than the accepted one
  | 'ppr-not-allowed' // the card does not allow the policy rules of the profile
  | 'install-failed' // the installation result is an error
  // the user
  | 'no-address' // neither an activation code nor a default SM-DP+ address on the card
  | 'confirmation-code-missing'
  | 'rejected' // the user rejected or postponed it, or did not answer

export interface LpaErrorData {
  /** The failed step, named as in SGP.22: `ES9+.AuthenticateClient`. */
  readonly step?: string | undefined
  /** SW1 SW2. */
  readonly status?: number | undefined
  /** The error value of an ES10 function, by name or number. */
  readonly result?: string | number | undefined
  /** The field that differs: `serverAddress`, `transactionId`, `iccid`, … */
  readonly field?: string | undefined
  readonly httpStatus?: number | undefined
  readonly subjectCode?: string | undefined
  readonly reasonCode?: string | undefined
  readonly subjectIdentifier?: string | undefined
  readonly serverMessage?: string | undefined
  readonly bppCommandId?: string | number | undefined
  readonly errorReason?: string | number | undefined
  /** Sequence number of the resulting notification. */
  readonly seqNumber?: number | undefined
  readonly url?: string | undefined
  /** The reason of the CancelSession. */
  readonly cancelReason?: CancelSessionReason | undefined
}

export type LpaFault = 'card' | 'server' | 'network' | 'user'

/** `fault` is the responsible part; `data` the details. */
export class LpaError extends Error {
  readonly code: LpaErrorCode
  readonly fault: LpaFault
  readonly data: LpaErrorData

  constructor(code: LpaErrorCode, fault: LpaFault, message: string, data: LpaErrorData = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LpaError'
    this.code = code
    this.fault = fault
    this.data = data
  }

  /** Copies the error with additional data. */
  with(more: LpaErrorData, fault: LpaFault = this.fault): LpaError {
    const error = new LpaError(this.code, fault, this.message, { ...this.data, ...more }, this.cause)
    if (this.stack !== undefined) error.stack = this.stack
    return error
  }
}

/** Narrows a caught value to an LpaError with one of the codes (any code if none is given). */
export const isLpaError = (error: unknown, ...codes: readonly LpaErrorCode[]): error is LpaError =>
  error instanceof LpaError && (codes.length === 0 || codes.includes(error.code))
