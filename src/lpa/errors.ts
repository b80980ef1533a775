import type { CancelSessionReason } from '../rsp/authentication.ts'

/** Why a procedure ended. Code branches on these, never on the message. */
export type LpaErrorCode =
  // the card
  | 'no-isdr' // no AID of the list selects an ISD-R: not an eUICC, or one with an AID of its own
  | 'card-refused' // a status word, or the function's own error value, said no
  | 'bad-card-answer' // the answer cannot be read
  | 'card-mismatch' // the answer can be read and contradicts what was asked
  | 'state-not-changed' // the card said ok, and reading back says otherwise
  // the network between
  | 'unreachable'
  | 'server-timed-out'
  // the server
  | 'untrusted' // its TLS certificate does not lead to a CI that the card lists
  | 'http-status' // an HTTP status other than success
  | 'bad-server-answer' // the answer cannot be read
  | 'server-refused' // the function failed, with subject and reason code
  | 'server-mismatch' // the answer can be read and contradicts what was asked
  | 'not-an-smdp' // its certificate is an SM-DS's
  | 'no-event' // an SM-DS knows nothing of an event that another one named
  | 'wrong-server' // the certificate's OID is not that of the activation code
  | 'metadata-mismatch' // the package is for another profile than the one that was shown
  | 'ppr-not-allowed' // the profile's policy rules are not allowed on this card
  | 'install-failed' // the card answered the package with an error result
  // the user
  | 'no-address' // neither an activation code nor a default SM-DP+ address on the card
  | 'confirmation-code-missing'
  | 'rejected' // the user said no, or later, or nothing

export interface LpaErrorData {
  /** Step at which it ended, in the specification's words: `ES9+.AuthenticateClient`. */
  readonly step?: string | undefined
  /** SW1 SW2. */
  readonly status?: number | undefined
  /** The error value of an ES10 function by its name in the module, or by number. */
  readonly result?: string | number | undefined
  /** What differs, for the mismatches: `serverAddress`, `transactionId`, `iccid`, … */
  readonly field?: string | undefined
  readonly httpStatus?: number | undefined
  readonly subjectCode?: string | undefined
  readonly reasonCode?: string | undefined
  readonly subjectIdentifier?: string | undefined
  readonly serverMessage?: string | undefined
  readonly bppCommandId?: string | number | undefined
  readonly errorReason?: string | number | undefined
  /** Of the notification that the card made of it. */
  readonly seqNumber?: number | undefined
  readonly url?: string | undefined
  /** The reason that card and server were told when the session was cancelled. */
  readonly cancelReason?: CancelSessionReason | undefined
}

export type LpaFault = 'card' | 'server' | 'network' | 'user'

/** `fault` says on whose side it lies; `data` what was seen. */
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

  /** The same error, with more known about it. */
  with(more: LpaErrorData, fault: LpaFault = this.fault): LpaError {
    const error = new LpaError(this.code, fault, this.message, { ...this.data, ...more }, this.cause)
    if (this.stack !== undefined) error.stack = this.stack
    return error
  }
}

/** Narrows a caught value to an LpaError of one of the given codes (any code when none is given). */
export const isLpaError = (error: unknown, ...codes: readonly LpaErrorCode[]): error is LpaError =>
  error instanceof LpaError && (codes.length === 0 || codes.includes(error.code))
