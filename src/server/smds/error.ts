import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import {
  CARD_REFUSALS,
  type EuiccRefusalCode,
  type RefusalRow,
  RspServerError,
  toStatusCodeData,
} from '../rsp-server/error.ts'

/** The errors of ES11, ES12 and ES15: subject and reason code (SGP.22 §5.2.6) with a description. */
export const SMDS_REFUSALS = {
  // SGP.22 §5.8.1, ES11.InitiateAuthentication.
  'address-refused': ['8.9.1', '3.8', 'this server has another address'],
  'no-common-verification': ['8.9.4', '3.7', 'the server has no DSauth certificate of a CI that the eUICC can verify'],
  'no-common-signing': ['8.9.2', '3.1', 'the server trusts no CI under which the eUICC signs'],
  'svn-unsupported': ['8.9.3', '3.1', 'the specification version of the eUICC is not supported'],

  // SGP.22 §5.8.2, ES11.AuthenticateClient.
  ...CARD_REFUSALS,
  'event-unknown': ['8.9.5', '3.9', 'no such event'],

  // SGP.22 §5.9 and §5.10, ES12 and ES15.
  'event-taken': ['8.9.5', '3.3', 'an event with this id exists'],
  'root-inaccessible': ['8.9', '5.1', 'the root SM-DS is not reachable'],
  'root-refused': ['8.9', '4.2', 'the root SM-DS refused'],
} as const satisfies Record<string, RefusalRow> & Record<EuiccRefusalCode, RefusalRow>

export type SmdsRefusalCode = keyof typeof SMDS_REFUSALS
export type SmdsErrorCode = SmdsRefusalCode | 'bad-settings' // createSmds

/** An error of the SM-DS. If it is sent to the caller, `status` has its subject and reason code. */
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

/** Creates the error `code`. The caller receives `detail` in `message` and `about` in `subjectIdentifier`. */
export const createSmdsError = (code: SmdsRefusalCode, detail?: string, about?: string): SmdsError => {
  const status = toStatusCodeData(SMDS_REFUSALS[code], detail, about)
  return new SmdsError(code, status.message, status)
}

/** The status code data that the caller receives; undefined for an unexpected error. */
export const getSmdsStatusCode = (error: unknown): StatusCodeData | undefined => {
  if (error instanceof SmdsError) return error.status
  if (!(error instanceof RspServerError)) return undefined
  return (
    error.status ??
    (error.code in SMDS_REFUSALS ? createSmdsError(error.code as SmdsRefusalCode, error.message).status : undefined)
  )
}
