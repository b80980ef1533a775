import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { type BufferedResponseParts, createBufferedRequest, getResponseParts } from '../../rsp/buffered-message.ts'
import type { Fetch } from '../../rsp/fetch.ts'

/** The client certificate of a request (DER), if the server requested one in TLS. */
const callers = new WeakMap<Request, Uint8Array>()
export const callerCertificateOf = (request: Request): Uint8Array | undefined => callers.get(request)

const statusText = (status: number, text: string): Response =>
  new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } })

/** Undefined if the body is longer. */
const readBody = (incoming: IncomingMessage, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const take = (chunk: Uint8Array): void => {
      length += chunk.length
      chunks.push(chunk)
      if (length <= limit) return
      incoming.off('data', take).pause()
      resolve(undefined)
    }
    incoming
      .on('data', take)
      .once('end', () => resolve(Uint8Array.from(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))))
      .once('error', reject)
  })

/** A path that URL parsing does not change. */
const PLAIN_PATH = /^(\/[A-Za-z0-9]+)+$/
const PLAIN_HOST = /^[a-z][a-z0-9.-]*(:(?!443$|80$)[1-9]\d{0,3})?$/

function* listHeaders({ rawHeaders }: IncomingMessage): Generator<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) yield [rawHeaders[at]!, rawHeaders[at + 1]!]
}

/** Throws TypeError for a request that the platform refuses. */
const createRequest = (incoming: IncomingMessage, path: string, body: Uint8Array<ArrayBuffer>): Request => {
  const method = incoming.method!
  const host = incoming.headers.host ?? 'localhost'
  const scheme = (incoming.socket as Partial<TLSSocket>).encrypted ? 'https' : 'http'
  if (method !== 'POST') {
    const hasBody = method !== 'GET' && method !== 'HEAD'
    const headers = [...listHeaders(incoming)]
    return new Request(new URL(path, `${scheme}://${host}`), { method, headers, ...(hasBody ? { body } : {}) })
  }
  const isPlain = PLAIN_HOST.test(host) && PLAIN_PATH.test(path)
  // Otherwise the platform parses the URL, and refuses one that contains credentials.
  const url = isPlain ? `${scheme}://${host}${path}` : new Request(new URL(path, `${scheme}://${host}`)).url
  return createBufferedRequest({
    method,
    url,
    body,
    getHeader: name => incoming.headers[name] as string | undefined,
    listHeaders: () => listHeaders(incoming),
  })
}

const sendBuffered = ({ status, headers, body }: BufferedResponseParts, outgoing: ServerResponse): void => {
  // Headers and body go out in one write, and so in one TLS record.
  outgoing.writeHead(status, body === null ? headers : { ...headers, 'Content-Length': Buffer.byteLength(body) })
  outgoing.end(body)
}

/**
 * Streams a body. A body of one chunk goes out with its length and headers. A client that disconnects, or a body that
 * breaks off, ends only this response.
 */
const send = async (body: ReadableStream<Uint8Array<ArrayBuffer>>, outgoing: ServerResponse): Promise<void> => {
  const reader = body.getReader()
  const giveUp = (): void => void reader.cancel().catch(() => undefined)
  outgoing.once('close', giveUp)
  try {
    let { done, value } = await reader.read()
    let next = reader.read()
    // Detects an end of the stream that is available at once; does not wait for a later one.
    const isWhole = done || (await Promise.race([next.then(isEnd, isBroken), new Promise<boolean>(soon)]))
    if (isWhole && value !== undefined) outgoing.setHeader('content-length', value.length)
    while (!done) {
      if (!outgoing.write(value) && !outgoing.destroyed)
        await Promise.race([once(outgoing, 'drain'), once(outgoing, 'close')])
      ;({ done, value } = await next)
      if (!done) next = reader.read()
    }
    outgoing.end()
  } catch {
    outgoing.destroy()
  } finally {
    outgoing.off('close', giveUp)
  }
}
const isEnd = ({ done }: { done: boolean }): boolean => done
const isBroken = (): boolean => false
const soon = (resolve: (isWhole: boolean) => void): void => void setImmediate(resolve, false)

/** A handler of node:http (and express) for a server that is a Fetch. Answers 413 to a body over `limit` bytes. */
export const mountFetch =
  (fetch: Fetch, { limit = 1 << 20, report }: { limit?: number; report?: (error: unknown) => void } = {}) =>
  async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const answer = async (): Promise<Response> => {
      const declared = Number(incoming.headers['content-length'] ?? 0)
      const body = declared > limit ? undefined : await readBody(incoming, limit)
      if (body === undefined) return statusText(413, `a request body may have ${limit} bytes`)
      // A router of express removes its prefix from `url`.
      const path = (incoming as { originalUrl?: string }).originalUrl ?? incoming.url!
      let request: Request
      try {
        request = createRequest(incoming, path, body)
      } catch {
        return statusText(400, 'not a request this server can read')
      }
      const certificate = (incoming.socket as Partial<TLSSocket>).getPeerX509Certificate?.()
      if (certificate) callers.set(request, certificate.raw)
      return await fetch(request)
    }
    let response: Response
    try {
      response = await answer()
    } catch (error) {
      report?.(error)
      response = statusText(500, 'the server failed; its log contains the reason')
    }
    const parts = getResponseParts(response)
    if (parts !== undefined && incoming.complete) {
      sendBuffered(parts, outgoing)
      return
    }
    outgoing.statusCode = response.status
    for (const [name, value] of response.headers) if (name !== 'set-cookie') outgoing.setHeader(name, value)
    const cookies = response.headers.getSetCookie()
    if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies)
    // The unread part of a refused body would be parsed as the next request.
    if (!incoming.complete) outgoing.setHeader('connection', 'close')
    if (response.body) await send(response.body, outgoing)
    else outgoing.end()
  }
