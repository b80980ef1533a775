import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import {
  CARD_REFUSALS,
  type EuiccRefusalCode,
  type RefusalRow,
  RspServerError,
  toStatusCodeData,
} from '../rsp-server/error.ts'

/** Every way this server says no on ES11, ES12 and ES15: subject and reason code of SGP.22 §5.2.6, and a sentence. */
export const SMDS_REFUSALS = {
  // SGP.22 §5.8.1, ES11.InitiateAuthentication.
  'address-refused': ['8.9.1', '3.8', 'this server does not go by that address'],
  'no-common-verification': ['8.9.4', '3.7', 'no DSauth certificate of a CI that the eUICC can verify'],
  'no-common-signing': ['8.9.2', '3.1', 'no CI that the eUICC signs with is trusted here'],
  'svn-unsupported': ['8.9.3', '3.1', 'the specification version of the eUICC is not supported'],

  // SGP.22 §5.8.2, ES11.AuthenticateClient.
  ...CARD_REFUSALS,
  'event-unknown': ['8.9.5', '3.9', 'there is no such event'],

  // SGP.22 §5.9 and §5.10, ES12 and ES15.
  'event-taken': ['8.9.5', '3.3', 'there is an event with this id'],
  'root-inaccessible': ['8.9', '5.1', 'the root SM-DS cannot be reached'],
  'root-refused': ['8.9', '4.2', 'the root SM-DS refused'],
} as const satisfies Record<string, RefusalRow> & Record<EuiccRefusalCode, RefusalRow>

export type SmdsRefusalCode = keyof typeof SMDS_REFUSALS
export type SmdsErrorCode = SmdsRefusalCode | 'bad-settings' // createSmds

/** What this server refuses. A refusal on the wire carries its subject and reason code in `status`. */
export class SmdsError extends Error {
  readonly code: SmdsErrorCode
  readonly status: StatusCodeData | undefined

  constructor(code: SmdsErrorCode, message: string, status?: StatusCodeData) {
    super(message)
    this.name = 'SmdsError'
    this.code = code
    this.status = status
  }
}

/** The refusal `code`, to be thrown; `detail` goes to the caller in `message`, `about` in `subjectIdentifier`. */
export const createSmdsError = (code: SmdsRefusalCode, detail?: string, about?: string): SmdsError => {
  const status = toStatusCodeData(SMDS_REFUSALS[code], detail, about)
  return new SmdsError(code, status.message, status)
}

/** What the caller is told: of a refusal of this room, or of what all servers of the RSP refuse alike. */
export const getSmdsStatusCode = (error: unknown): StatusCodeData | undefined => {
  if (error instanceof SmdsError) return error.status
  if (!(error instanceof RspServerError)) return undefined
  return (
    error.status ??
    (error.code in SMDS_REFUSALS ? createSmdsError(error.code as SmdsRefusalCode, error.message).status : undefined)
  )
}
