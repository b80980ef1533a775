/**
 * The interface to a server: the signature of the platform's `fetch`, as one injected function.
 *
 * The Internet, a server in this process and a recording are each a Fetch. It rejects only if there is no response
 * (`FetchError`); a response with any HTTP status is a response.
 */
export type Fetch = (request: Request) => Promise<Response>

/** A layer: a function from one Fetch to another. */
export type FetchLayer = (next: Fetch) => Fetch

/** Puts layers around a function, lowest first; skips layers that are undefined. */
export const compose = <Handler>(
  handler: Handler,
  layers: readonly (((next: Handler) => Handler) | undefined)[],
): Handler => layers.reduce((next, layer) => layer?.(next) ?? next, handler)

/** Passes each request to one of several servers, by host name (lower case, without a port) and path. */
export const chooseFetch = (choose: (target: { host: string; path: string }) => Fetch): Fetch =>
  async function chooseServer(request) {
    const { hostname, pathname } = new URL(request.url)
    return await choose({ host: hostname, path: pathname })(request)
  }

/** Why there was no response. */
export type FetchErrorCode =
  | 'unreachable' // name not found, connection refused or reset
  | 'untrusted' // the client rejected the certificate of the server before it sent the request
  | 'timed-out'
  | 'recording-exhausted' // the recording contains no such exchange

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
