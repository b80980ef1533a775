/** The reason why bytes are invalid. Code branches on the reason, never on the message. */
export type Asn1ErrorCode =
  | 'truncated' // the input ends before the element ends
  | 'over-long' // bytes follow where none are allowed
  | 'bad-length' // indefinite, or more than four length octets
  | 'bad-tag' // an invalid tag, or another tag than the expected one
  | 'missing-field' // a mandatory component is absent
  | 'bad-value' // the content violates its type or size constraint

/**
 * A message that cannot be decoded or encoded.
 *
 * `path` lists the components from the outermost to the invalid one. `offset` counts bytes from the start of the
 * decoded buffer.
 */
export class Asn1Error extends Error {
  readonly code: Asn1ErrorCode
  readonly path: readonly string[]
  readonly offset: number | undefined

  constructor(code: Asn1ErrorCode, detail: string, at: { path?: readonly string[]; offset?: number | undefined } = {}) {
    const path = at.path ?? []
    const where = [path.join('.'), at.offset === undefined ? '' : `at offset ${at.offset}`].filter(Boolean).join(' ')
    super(where ? `${where}: ${detail}` : detail)
    this.name = 'Asn1Error'
    this.code = code
    this.path = path
    this.offset = at.offset
    this.detail = detail
  }

  readonly detail: string

  /** Returns the same error with the enclosing component added to its path. */
  within(component: string): Asn1Error {
    return new Asn1Error(this.code, this.detail, { path: [component, ...this.path], offset: this.offset })
  }
}
