import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'

/** Subject and reason code (SGP.22 §5.2.6) with a description. */
export type RefusalRow = readonly [subjectCode: string, reasonCode: string, message: string]

/** Errors of a message that do not depend on its function or interface. */
export const MESSAGE_REFUSALS = {
  'unknown-function': ['1.6', '3.1', 'the server has no such function'],
  'bad-method': ['1.6', '2.1', 'functions are called with POST'],
  'unknown-requester': ['1.1', '1.1', 'the server does not know the caller'],
  'bad-protocol-header': ['1.2.2', '2.1', 'X-Admin-Protocol: gsma/rsp/v2.x.y is expected'],
  'bad-content-type': ['1.2.1', '2.1', 'Content-Type: application/json is expected'],
  'too-long': ['1.3.1', '2.1', 'the message is too long'],
  'bad-json': ['1.3.1', '2.1', 'the body is not JSON'],
  'missing-member': ['1.6', '2.2', 'a mandatory member is missing'],
  'malformed-member': ['1.6', '2.1', 'a member is malformed'],
  'failed-here': ['1.2', '4.2', 'the server could not execute the function'],
} as const satisfies Record<string, RefusalRow>

export type MessageRefusalCode = keyof typeof MESSAGE_REFUSALS
/** Errors of a card or of its capabilities. Each server has its own subject codes for them. */
export type EuiccRefusalCode =
  | 'no-common-verification' // the server has no certificate of a CI that the eUICC can verify
  | 'no-common-signing' // the server trusts no CI under which the eUICC signs
  | 'unknown-ci' // the chain does not lead to the CI of the session
  | 'eum-certificate-invalid'
  | 'eum-certificate-expired'
  | 'euicc-certificate-invalid'
  | 'euicc-certificate-expired'
  | 'euicc-signature-invalid'
  | 'foreign-transaction' // the eUICC signed for another transaction
export type RspServerErrorCode = MessageRefusalCode | EuiccRefusalCode | 'bad-settings' // invalid credentials

/** The errors of card and session that ES9+.AuthenticateClient (SGP.22 §5.6.3) and ES11.AuthenticateClient (§5.8.2) share. */
export const CARD_REFUSALS = {
  'unknown-transaction': ['8.10.1', '3.9', 'no such session'],
  'foreign-transaction': ['8.10.1', '3.9', 'the eUICC answers to another session'],
  'unknown-ci': ['8.11.1', '3.9', 'the chain does not lead to the CI of this session'],
  'eum-certificate-invalid': ['8.1.2', '6.1', 'the EUM certificate is not valid'],
  'eum-certificate-expired': ['8.1.2', '6.3', 'the EUM certificate has expired'],
  'euicc-certificate-invalid': ['8.1.3', '6.1', 'the eUICC certificate is not valid'],
  'euicc-certificate-expired': ['8.1.3', '6.3', 'the eUICC certificate has expired'],
  'euicc-signature-invalid': ['8.1', '6.1', 'the signature of the eUICC is not valid'],
  'euicc-reported-error': ['8.1', '4.2', 'the eUICC reported an error'],
} as const satisfies Record<string, RefusalRow>

/** The status code data of an error. The caller receives `detail` in `message` and `about` in `subjectIdentifier`. */
export const toStatusCodeData = (
  [subjectCode, reasonCode, sentence]: RefusalRow,
  detail: string | undefined,
  about: string | undefined,
): StatusCodeData & { readonly message: string } => ({
  subjectCode,
  reasonCode,
  subjectIdentifier: about,
  message: detail === undefined ? sentence : `${sentence}: ${detail}`,
})

/** An error that all RSP servers share. The error of a message has its subject and reason code in `status`. */
export class RspServerError extends Error {
  readonly code: RspServerErrorCode
  readonly status: StatusCodeData | undefined

  constructor(code: RspServerErrorCode, message: string, at: { status?: StatusCodeData; cause?: unknown } = {}) {
    super(message, at.cause === undefined ? undefined : { cause: at.cause })
    this.name = 'RspServerError'
    this.code = code
    this.status = at.status
  }
}

/** Creates the error of a message. The caller receives `detail` in `message` and `about` in `subjectIdentifier`. */
export const refuseMessage = (
  code: MessageRefusalCode,
  detail?: string,
  at: { about?: string | undefined; cause?: unknown } = {},
): RspServerError => {
  const status = toStatusCodeData(MESSAGE_REFUSALS[code], detail, at.about)
  return new RspServerError(code, status.message, { status, cause: at.cause })
}
