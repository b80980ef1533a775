import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import {
  CARD_REFUSALS,
  type EuiccRefusalCode,
  type RefusalRow,
  RspServerError,
  toStatusCodeData,
} from '../rsp-server/error.ts'

/** The errors of ES9+ and ES2+: subject and reason code (SGP.22 §5.2.6) with a description. */
export const SMDP_REFUSALS = {
  // SGP.22 §5.6.1, ES9+.InitiateAuthentication.
  'address-refused': ['8.8.1', '3.8', 'this server has another address'],
  'no-common-verification': ['8.8.4', '3.7', 'the server has no DPauth certificate of a CI that the eUICC can verify'],
  'no-common-signing': ['8.8.2', '3.1', 'the server trusts no CI under which the eUICC signs'],
  'svn-unsupported': ['8.8.3', '3.1', 'the specification version of the eUICC is not supported'],

  // SGP.22 §5.6.3, ES9+.AuthenticateClient; other functions use some of these, too.
  ...CARD_REFUSALS,
  'matching-id-refused': ['8.2.6', '3.8', 'no open order has this matching id'],
  'eid-refused': ['8.1.1', '3.8', 'no open order is for this EID'],
  'not-released': ['8.2', '1.2', 'the profile is not released yet'],
  'order-expired': ['8.8.5', '4.10', 'the order has expired'],
  'too-many-downloads': ['8.8.5', '6.4', 'the order has no download attempts left'],
  'not-eligible': ['8.2.5', '4.3', 'the profile does not fit this eUICC'],
  'not-enough-memory': ['8.1', '4.8', 'the profile needs more memory than the eUICC has'],

  // SGP.22 §5.6.2, ES9+.GetBoundProfilePackage.
  'confirmation-code-missing': ['8.2.7', '2.2', 'a confirmation code is required'],
  'confirmation-code-refused': ['8.2.7', '3.8', 'the confirmation code is wrong'],
  'confirmation-code-attempts-used-up': ['8.2.7', '6.4', 'the order has no confirmation attempts left'],
  'profile-unavailable': ['8.2', '3.7', 'the profile is not available for binding'],

  // SGP.22 §5.6.5, ES9+.CancelSession.
  'foreign-smdp-oid': ['8.8', '3.10', 'the eUICC cancels a session with another SM-DP+'],

  // SGP.22 §5.3, ES2+.
  'iccid-or-type-missing': ['8.2.1', '2.3', 'neither an ICCID nor a profile type is given'],
  'iccid-unknown': ['8.2.1', '3.9', 'no profile with this ICCID'],
  'iccid-not-allowed': ['8.2.1', '1.2', 'the profile belongs to another operator'],
  'iccid-unavailable': ['8.2.1', '3.3', 'the state of the profile does not allow this'],
  'release-impossible': ['8.2.1', '3.5', 'the order is not in a state from which it can be released'],
  'profile-type-unknown': ['8.2.5', '3.9', 'no such profile type'],
  'profile-type-not-allowed': ['8.2.5', '1.2', 'the profile type belongs to another operator'],
  'profile-type-used-up': ['8.2.5', '3.7', 'no profile of this type is left'],
  'profile-type-mismatch': ['8.2.5', '3.8', 'the profile with this ICCID is of another type'],
  'matching-id-taken': ['8.2.6', '3.3', 'the matching id is in use'],
  'matching-id-mismatch': ['8.2.6', '3.10', 'the order has another matching id'],
  'eid-missing': ['8.1.1', '2.2', 'an EID is needed with an SM-DS address or an empty matching id'],
  'eid-mismatch': ['8.1.1', '3.10', 'the order is linked to another EID'],
  'cancelled-eid-mismatch': ['8.2.1', '3.10', 'the order is linked to another EID'],
  'smds-inaccessible': ['8.9', '5.1', 'the SM-DS is not reachable'],
  'smds-refused': ['8.9', '4.2', 'the SM-DS rejected the event'],
} as const satisfies Record<string, RefusalRow> & Record<EuiccRefusalCode, RefusalRow>

export type SmdpRefusalCode = keyof typeof SMDP_REFUSALS
export type SmdpErrorCode =
  | SmdpRefusalCode
  | 'iccid-taken' // addProfile: an order for this ICCID is open
  | 'bad-profile' // addProfile: invalid ICCID or metadata
  | 'bad-settings' // createSmdp
  | 'order-contended' // too many conflicts while saving an order
  | 'bad-transition' // the state of the order does not allow the next state

/** An error of the SM-DP+. If it is sent to the caller, `status` has its subject and reason code. */
export class SmdpError extends Error {
  readonly code: SmdpErrorCode
  readonly status: StatusCodeData | undefined

  constructor(code: SmdpErrorCode, message: string, at: { status?: StatusCodeData; cause?: unknown } = {}) {
    super(message, at.cause === undefined ? undefined : { cause: at.cause })
    this.name = 'SmdpError'
    this.code = code
    this.status = at.status
  }
}

/** Creates the error `code`. The caller receives `detail` in `message` and `about` in `subjectIdentifier`. */
export const createSmdpError = (
  code: SmdpRefusalCode,
  detail?: string,
  at: { about?: string | undefined; cause?: unknown } = {},
): SmdpError => {
  const status = toStatusCodeData(SMDP_REFUSALS[code], detail, at.about)
  return new SmdpError(code, status.message, { status, cause: at.cause })
}

/** The status code data that the caller receives; undefined for an unexpected error. */
export const getSmdpStatusCode = (error: unknown): StatusCodeData | undefined => {
  if (error instanceof SmdpError) return error.status
  if (!(error instanceof RspServerError)) return undefined
  return (
    error.status ??
    (error.code in SMDP_REFUSALS ? createSmdpError(error.code as SmdpRefusalCode, error.message).status : undefined)
  )
}
