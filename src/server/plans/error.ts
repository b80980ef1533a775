/** Why the Mobile Plans service cannot serve. */
export type PlansErrorCode = 'bad-configuration'

/** `path` says which value of the configuration is meant. */
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
