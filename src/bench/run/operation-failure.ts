import { isApduError } from '../../apdu/errors.ts'
import { type ESimFailure, statusOfRefusal } from '../../app/operation-status.ts'
import { LpaError, type LpaErrorCode } from '../../lpa/errors.ts'

const BY_CODE: Readonly<Partial<Record<LpaErrorCode, ESimFailure>>> = {
  'no-isdr': 'CardGeneralFailure',
  'card-refused': 'CardGeneralFailure',
  'bad-card-answer': 'CardGeneralFailure',
  'card-mismatch': 'CardGeneralFailure',
  'state-not-changed': 'CardGeneralFailure',
  unreachable: 'ServerNotReachable',
  'server-timed-out': 'TimeoutWaitingForResponse',
  untrusted: 'ServerNotTrusted',
  'http-status': 'ServerFailure',
  'bad-server-answer': 'ServerFailure',
  'server-mismatch': 'ServerFailure',
  'wrong-server': 'ServerNotTrusted',
  'metadata-mismatch': 'ProfileProcessingError',
  'ppr-not-allowed': 'PolicyViolation',
  'confirmation-code-missing': 'ConfirmationCodeMissing',
}

const BY_REASON: Readonly<Record<string, ESimFailure>> = {
  installFailedDueToIccidAlreadyExistsOnEuicc: 'IccidAlreadyExists',
  installFailedDueToInsufficientMemoryForProfile: 'InsufficientSpaceOnCard',
}

/** Maps an error of the LPA to the failure code of the app and the portal. */
export const operationFailureOf = (error: unknown): ESimFailure => {
  if (isApduError(error, 'card-removed', 'port-gone')) return 'CardRemoved'
  if (isApduError(error, 'reader-busy')) return 'CardBusy'
  if (isApduError(error, 'card-mute', 'bad-response', 'no-channel', 'refused')) return 'CardGeneralFailure'
  // A transport error is not a failure of the eSIM.
  if (!(error instanceof LpaError)) return 'Other'
  const { subjectCode, reasonCode, errorReason, cancelReason } = error.data
  if (error.code === 'server-refused')
    return subjectCode && reasonCode ? statusOfRefusal(subjectCode, reasonCode) : 'ServerFailure'
  if (error.code === 'install-failed') return BY_REASON[String(errorReason)] ?? 'ProfileProcessingError'
  if (error.code === 'rejected') return cancelReason === 'timeout' ? 'TimeoutWaitingForUserConsent' : 'OperationAborted'
  return BY_CODE[error.code] ?? 'Other'
}
