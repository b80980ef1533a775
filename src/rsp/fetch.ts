/**
 * The waist towards a server: the shape of the platform's own `fetch`, as one injected function.
 *
 * The Internet, a server in this process and a recorded tape are all a Fetch. It rejects only when there was no
 * answer (`FetchError`); an HTTP status of any kind is an answer.
 */
export type Fetch = (request: Request) => Promise<Response>

/** Why there was no answer. */
export type FetchErrorCode =
  | 'unreachable' // name not found, connection refused or reset
  | 'untrusted' // the server's certificate was refused, before the first byte of the request left
  | 'timed-out'
  | 'not-told' // a tape was asked for something it does not hold

export class FetchError extends Error {
  readonly code: FetchErrorCode
  readonly url: string

  constructor(code: FetchErrorCode, message: string, at: { url: string; cause?: unknown }) {
    super(message, { cause: at.cause })
    this.name = 'FetchError'
    this.code = code
    this.url = at.url
  }
}
