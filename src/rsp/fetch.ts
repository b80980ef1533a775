/**
 * The waist towards a server: the shape of the platform's own `fetch`, as one injected function.
 *
 * The Internet, a server in this process and a recorded tape are all a Fetch. It rejects only when there was no
 * answer (`FetchError`); an HTTP status of any kind is an answer.
 */
export interface Fetch {
  (request: Request): Promise<Response>
  /** A server that can do without the platform's streams says so here; undefined: not for this request. */
  readonly answerWhole?: ((request: WholeRequest) => Promise<WholeResponse> | undefined) | undefined
}

/** A request that is there whole. The platform's own costs as much as a signature: its body is a stream, and its end an event. */
export interface WholeRequest {
  readonly method: string
  /** Behind the host, without a query. */
  readonly path: string
  /** As the caller named it, without a port. */
  readonly host: string
  header(name: string): string | null
  readonly body: Uint8Array
}
export interface WholeResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | null
}

/** The one of several servers that a request is for. */
export const chooseFetch = (choose: (to: Pick<WholeRequest, 'host' | 'path'>) => Fetch): Fetch =>
  Object.assign(
    (request: Request) => {
      const { hostname, pathname } = new URL(request.url)
      return choose({ host: hostname, path: pathname })(request)
    },
    { answerWhole: (request: WholeRequest) => choose(request).answerWhole?.(request) },
  )

/** Why there was no answer. */
export type FetchErrorCode =
  | 'unreachable' // name not found, connection refused or reset
  | 'untrusted' // the server's certificate was refused, before the first byte of the request left
  | 'timed-out'
  | 'recording-exhausted' // a tape was asked for something it does not hold

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
