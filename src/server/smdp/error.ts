import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import {
  CARD_REFUSALS,
  type EuiccRefusalCode,
  type RefusalRow,
  RspServerError,
  toStatusCodeData,
} from '../rsp-server/error.ts'

/** Every way this server says no on ES9+ and ES2+: subject and reason code of SGP.22 §5.2.6, and a sentence. */
export const SMDP_REFUSALS = {
  // SGP.22 §5.6.1, ES9+.InitiateAuthentication.
  'address-refused': ['8.8.1', '3.8', 'this server does not go by that address'],
  'no-common-verification': ['8.8.4', '3.7', 'no DPauth certificate of a CI that the eUICC can verify'],
  'no-common-signing': ['8.8.2', '3.1', 'no CI that the eUICC signs with is trusted here'],
  'svn-unsupported': ['8.8.3', '3.1', 'the specification version of the eUICC is not supported'],

  // SGP.22 §5.6.3, ES9+.AuthenticateClient, and what the other functions share with it.
  ...CARD_REFUSALS,
  'matching-id-refused': ['8.2.6', '3.8', 'no order is waiting for this matching id'],
  'eid-refused': ['8.1.1', '3.8', 'there is no order for this EID'],
  'not-released': ['8.2', '1.2', 'the profile is not released yet'],
  'order-expired': ['8.8.5', '4.10', 'the order has expired'],
  'too-many-downloads': ['8.8.5', '6.4', 'the order was tried too often'],
  'not-eligible': ['8.2.5', '4.3', 'the profile does not fit this eUICC'],
  'not-enough-memory': ['8.1', '4.8', 'the profile needs more memory than the eUICC has'],

  // SGP.22 §5.6.2, ES9+.GetBoundProfilePackage.
  'confirmation-code-missing': ['8.2.7', '2.2', 'a confirmation code is required'],
  'confirmation-code-refused': ['8.2.7', '3.8', 'the confirmation code is wrong'],
  'confirmation-code-attempts-used-up': ['8.2.7', '6.4', 'the confirmation code was wrong too often'],
  'profile-unavailable': ['8.2', '3.7', 'the profile is not available for binding'],

  // SGP.22 §5.6.5, ES9+.CancelSession.
  'foreign-smdp-oid': ['8.8', '3.10', 'the eUICC cancels a session with another SM-DP+'],

  // SGP.22 §5.3, ES2+.
  'iccid-or-type-missing': ['8.2.1', '2.3', 'neither an ICCID nor a profile type is given'],
  'iccid-unknown': ['8.2.1', '3.9', 'no profile with this ICCID'],
  'iccid-not-allowed': ['8.2.1', '1.2', 'the profile belongs to another operator'],
  'iccid-unavailable': ['8.2.1', '3.3', 'the profile is not available for this'],
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
  'smds-inaccessible': ['8.9', '5.1', 'the SM-DS cannot be reached'],
  'smds-refused': ['8.9', '4.2', 'the SM-DS refused the event'],
} as const satisfies Record<string, RefusalRow> & Record<EuiccRefusalCode, RefusalRow>

export type SmdpRefusalCode = keyof typeof SMDP_REFUSALS
export type SmdpErrorCode =
  | SmdpRefusalCode
  | 'iccid-taken' // addProfile: an order for this ICCID is under way
  | 'bad-profile' // addProfile: the ICCID or the metadata cannot be used
  | 'bad-settings' // createSmdp
  | 'order-contended' // a change of an order could not be saved, however often it was tried
  | 'bad-transition' // an order cannot go from its state to that one

/** What this server refuses. A refusal on the wire carries its subject and reason code in `status`. */
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

/** The refusal `code`, to be thrown; `detail` goes to the caller in `message`, `about` in `subjectIdentifier`. */
export const createSmdpError = (
  code: SmdpRefusalCode,
  detail?: string,
  at: { about?: string | undefined; cause?: unknown } = {},
): SmdpError => {
  const status = toStatusCodeData(SMDP_REFUSALS[code], detail, at.about)
  return new SmdpError(code, status.message, { status, cause: at.cause })
}

/** What the caller is told: of a refusal of this room, or of what all servers of the RSP refuse alike. */
export const getSmdpStatusCode = (error: unknown): StatusCodeData | undefined => {
  if (error instanceof SmdpError) return error.status
  if (!(error instanceof RspServerError)) return undefined
  return (
    error.status ??
    (error.code in SMDP_REFUSALS ? createSmdpError(error.code as SmdpRefusalCode, error.message).status : undefined)
  )
}
