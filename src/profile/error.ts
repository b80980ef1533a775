/** What went wrong with a profile package or its algorithms. Code branches on these, never on the message. */
export type ProfileErrorCode =
  | 'not-a-package' // the bytes are not a SAIP profile package: `offset` says where, `expected` what should be there
  | 'bad-element' // an element begins well, but its content does not fit its type
  | 'bad-parameter' // a value given by the caller cannot be used
  | 'not-found' // the package has no such element
  | 'bad-state' // a saved card state that does not belong to this profile

/** An error of the profile room. `offset` counts bytes from the start of the package. */
export class ProfileError extends Error {
  readonly code: ProfileErrorCode
  readonly offset: number | undefined
  readonly expected: string | undefined
  /** The element at fault: its kind, and its identification number where it is known. */
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
