/** Why a profile package or an algorithm parameter is invalid. Code branches on the reason, never on the message. */
export type ProfileErrorCode =
  | 'not-a-package' // the bytes are not a SAIP profile package: see `offset` and `expected`
  | 'bad-element' // the header of an element is valid, but its content is not
  | 'bad-parameter' // a value from the caller is invalid
  | 'not-found' // the package does not contain the element
  | 'bad-state' // a saved card state of another profile

/** An error of a profile package. `offset` counts bytes from the start of the package. */
export class ProfileError extends Error {
  readonly code: ProfileErrorCode
  readonly offset: number | undefined
  readonly expected: string | undefined
  /** The invalid element: its kind, and its identification number if known. */
  readonly element: string | undefined

  constructor(
    code: ProfileErrorCode,
    message: string,
    details: { offset?: number | undefined; expected?: string; element?: string; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ProfileError'
    this.code = code
    this.offset = details.offset
    this.expected = details.expected
    this.element = details.element
  }
}
