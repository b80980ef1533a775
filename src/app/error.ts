/** What stops the app, beside what the LPA and the network report (operation-status.ts). */
export type AppErrorCode =
  | 'service-unreachable'
  | 'service-failed' // it answered, but with an error or not in its own words
  | 'portal-unreachable'
  | 'portal-failed' // it answered with a status of 500 or above
  | 'portal-stuck' // a lone user found no way on: the page offers nothing that fits, or refuses what was entered
  | 'unavailable-action' // the action is not offered in this state

export class AppError extends Error {
  readonly code: AppErrorCode

  constructor(code: AppErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'AppError'
    this.code = code
  }
}
