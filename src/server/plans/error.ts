/** Errors of the Mobile Plans service. */
export type PlansErrorCode = 'bad-configuration'

/** `path` is the path of the invalid configuration value. */
export class PlansError extends Error {
  readonly code: PlansErrorCode
  readonly path: string

  constructor(code: PlansErrorCode, path: string, message: string) {
    super(`${path}: ${message}`)
    this.name = 'PlansError'
    this.code = code
    this.path = path
  }
}
