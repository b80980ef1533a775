import { isApduError } from '../apdu/errors.ts'
import type { CancelSessionReason } from '../rsp/authentication.ts'
import { ES10b } from '../rsp/interfaces/es10b.ts'
import { isLpaError } from './errors.ts'
import { getStepName } from './report.ts'

/** The reason for CancelSession (SGP.22 §3.0.2); `undefined` if there is no session to cancel. */
export const reasonToCancel = (error: unknown): CancelSessionReason | undefined => {
  if (isApduError(error, 'card-removed', 'card-mute', 'port-gone', 'timed-out', 'reader-busy', 'exchange-lost'))
    return undefined
  if (!isLpaError(error)) {
    if (!(error instanceof Error)) return 'undefinedReason'
    return error.name === 'TimeoutError'
      ? 'timeout'
      : error.name === 'AbortError'
        ? 'endUserRejection'
        : 'undefinedReason'
  }
  switch (error.code) {
    case 'rejected':
      return error.data.cancelReason
    // The order remains valid: the user may retry with the code.
    case 'confirmation-code-missing':
      return 'postponed'
    case 'ppr-not-allowed':
      return 'pprNotAllowed'
    case 'metadata-mismatch':
      return 'metadataMismatch'
    // The server has closed the session.
    case 'server-refused':
      return undefined
    default:
      return error.data.step === getStepName(ES10b.LoadBoundProfilePackage)
        ? 'loadBppExecutionError'
        : 'undefinedReason'
  }
}
