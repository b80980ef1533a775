/** ESimOperationStatus, sent in `X-MP-LPAError-Codes`, and the activation error that the page receives (reference §4.5). */
const ACTIVATION_ERRORS = {
  Success: 'success',
  NotAuthorized: 'notAuthorized',
  NotFound: 'notFound',
  PolicyViolation: 'policyViolation',
  InsufficientSpaceOnCard: 'insufficientSpaceOnCard',
  ServerFailure: 'serverFailure',
  ServerNotReachable: 'serverNotReachable',
  TimeoutWaitingForUserConsent: 'timeoutWaitingForUserConsent',
  IncorrectConfirmationCode: 'incorrectConfirmationCode',
  ConfirmationCodeMaxRetriesExceeded: 'confirmationCodeMaxRetriesExceeded',
  CardRemoved: 'cardRemoved',
  CardBusy: 'cardBusy',
  Other: 'other',
  CardGeneralFailure: 'cardGeneralFailure',
  ConfirmationCodeMissing: 'confirmationCodeMissing',
  InvalidMatchingId: 'invalidMatchingId',
  NoEligibleProfileForThisDevice: 'noEligibleProfileForThisDevice',
  OperationAborted: 'operationAborted',
  EidMismatch: 'eidMismatch',
  ProfileNotAvailableForNewBinding: 'profileNotAvailableForNewBinding',
  ProfileNotReleasedByOperator: 'profileNotReleasedByOperator',
  OperationProhibitedByProfileClass: 'operationProhibitedByProfileClass',
  ProfileNotPresent: 'profileNotPresent',
  NoCorrespondingRequest: 'noCorrespondingRequest',
  // The contract has no activation error for these five; the bench uses `unknownError`.
  TimeoutWaitingForResponse: 'unknownError',
  IccidAlreadyExists: 'unknownError',
  ProfileProcessingError: 'unknownError',
  ServerNotTrusted: 'unknownError',
  ProfileDownloadMaxRetriesExceeded: 'unknownError',
} as const

export type ESimOperationStatus = keyof typeof ACTIVATION_ERRORS
export type ESimFailure = Exclude<ESimOperationStatus, 'Success'>

/** The result that the page receives. The last six are errors of the app, without an LPA status. */
export type MobilePlansActivationError =
  | (typeof ACTIVATION_ERRORS)[ESimOperationStatus]
  | 'lpaInitializationError'
  | 'modemNotFound'
  | 'localSettingsAccessFailed'
  | 'invalidJson'
  | 'invalidActivationCode'
  | 'invalidIccid'

export const toActivationError = (status: ESimOperationStatus): MobilePlansActivationError => ACTIVATION_ERRORS[status]

/** Maps SGP.22 §5.2.6 subject and reason codes of ES9+ to an operation status. The contract has no such table; all other codes are ServerFailure. */
const REFUSALS: Readonly<Record<string, ESimFailure>> = {
  '8.1.1/3.8': 'EidMismatch',
  '8.2/1.2': 'ProfileNotReleasedByOperator',
  '8.2/3.7': 'ProfileNotAvailableForNewBinding',
  '8.2.1/3.3': 'ProfileNotAvailableForNewBinding',
  '8.2.5/4.3': 'NoEligibleProfileForThisDevice',
  '8.2.6/3.8': 'InvalidMatchingId',
  '8.2.7/2.2': 'ConfirmationCodeMissing',
  '8.2.7/3.8': 'IncorrectConfirmationCode',
  '8.2.7/6.4': 'ConfirmationCodeMaxRetriesExceeded',
  '8.8.5/6.4': 'ProfileDownloadMaxRetriesExceeded',
  '8.1/4.8': 'InsufficientSpaceOnCard',
}

export const statusOfRefusal = (subjectCode: string, reasonCode: string): ESimFailure =>
  REFUSALS[`${subjectCode}/${reasonCode}`] ?? 'ServerFailure'

/** The text of the failure dialog: what happened and what to do. */
const ADVICE: Readonly<Partial<Record<ESimFailure, string>>> = {
  ServerFailure: 'The operator’s server could not deliver the profile. Try again in a minute.',
  ServerNotReachable: 'The operator’s server could not be reached. Check the connection and try again.',
  ServerNotTrusted: 'This eSIM does not trust the server. Ask the operator.',
  InvalidMatchingId: 'The server has no such order, or the order was used before. Ask the operator for a new one.',
  EidMismatch: 'The order was made for another eSIM. Order again from this device.',
  ProfileNotReleasedByOperator: 'The operator has not released the profile yet. Try again later.',
  ProfileNotAvailableForNewBinding: 'The profile was already delivered. Ask the operator for a new one.',
  NoEligibleProfileForThisDevice: 'The operator has no profile that fits this eSIM. Ask the operator.',
  InsufficientSpaceOnCard: 'The eSIM is full. Delete a profile and try again.',
  ConfirmationCodeMissing: 'The order requires a confirmation code. Enter it and try again.',
  IncorrectConfirmationCode: 'The confirmation code is wrong. Try again.',
  ConfirmationCodeMaxRetriesExceeded: 'Too many wrong confirmation codes. The order is closed. Ask the operator.',
  CardRemoved: 'The card was removed. Insert it and try again.',
  CardBusy: 'Another download is in progress. Wait until it ends.',
  CardGeneralFailure: 'The eSIM reported an error. Try again; if it persists, restart the device.',
  OperationAborted: 'The download was canceled. Try again when you are ready.',
  TimeoutWaitingForUserConsent: 'The download was not confirmed in time. Try again.',
  PolicyViolation: 'The rules of a profile on this eSIM forbid this. Ask its operator.',
  IccidAlreadyExists: 'This profile is already on the eSIM.',
  ProfileProcessingError: 'The eSIM refused the content of the profile. Ask the operator.',
}
export const adviceFor = (status: ESimFailure): string =>
  ADVICE[status] ?? 'The profile could not be installed. Try again, or ask the operator.'
