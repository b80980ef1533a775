/** Errors of the app itself. operation-status.ts has those of the LPA and the network. */
export type AppErrorCode =
  | 'service-unreachable'
  | 'service-failed' // the service answered with an error or an invalid message
  | 'portal-unreachable'
  | 'portal-failed' // the portal answered with status 500 or above
  | 'portal-stuck' // the simulated user cannot continue: no matching control, or the page rejects the input
  | 'unavailable-action' // the action is not offered in this state

export class AppError extends Error {
  readonly code: AppErrorCode

  constructor(code: AppErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'AppError'
    this.code = code
  }
}
