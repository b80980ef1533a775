/** What was wrong with the bytes. Code branches on these, never on the message. */
export type Asn1ErrorCode =
  | 'truncated' // the bytes end before the element does
  | 'over-long' // bytes follow where none may
  | 'bad-length' // indefinite, or more than four length octets
  | 'bad-tag' // a tag that cannot be read, or not the one expected
  | 'missing-field' // a mandatory component is absent
  | 'bad-value' // the content does not fit its type or size constraint

/**
 * A message that could not be decoded or encoded.
 *
 * `path` names the components from the outermost to the one at fault; `offset` counts bytes from the start
 * of the buffer that was given to decode.
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

  /** The same error, seen from one level further out. */
  within(component: string): Asn1Error {
    return new Asn1Error(this.code, this.detail, { path: [component, ...this.path], offset: this.offset })
  }
}
