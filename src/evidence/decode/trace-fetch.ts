import type { Fetch } from '../../rsp/fetch.ts'
import { ES2p } from '../../rsp/interfaces/es2p.ts'
import { ES9p } from '../../rsp/interfaces/es9p.ts'
import type { HttpFunction } from '../../rsp/interfaces/http-function.ts'
import type { Decoded, Observation, Part } from '../events.ts'
import type { Stopwatch } from '../recorder.ts'
import { toDecoded } from './decoded.ts'

type Row = HttpFunction<unknown, unknown>
const rowsByPath = new Map(
  [ES2p, ES9p].flatMap(table => (Object.values(table) as unknown as Row[]).map(row => [row.path, row] as const)),
)

const MAX_BODY = 256 * 1024

const bodyText = (bytes: Uint8Array, contentType: string): string => {
  if (bytes.length === 0) return ''
  const isText = contentType === '' || /^text\/|json|javascript|xml|x-www-form-urlencoded/i.test(contentType)
  if (!isText) return `(${bytes.length} bytes of ${contentType})`
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_BODY)).toString('utf8')
  return bytes.length > MAX_BODY ? `${text}\n(${bytes.length - MAX_BODY} bytes more)` : text
}

const parsed = (body: string, contentType: string): Decoded | undefined => {
  if (!/json/i.test(contentType) || body === '') return undefined
  try {
    return JSON.parse(body) as Decoded
  } catch {
    return undefined
  }
}

const decodedBy = (
  schema: { fromJson(json: never): unknown } | undefined,
  json: Decoded | undefined,
): Decoded | undefined => {
  if (json === undefined) return undefined
  if (!schema) return json
  try {
    const message = toDecoded(schema.fromJson(json as never))
    // The header contains the execution status. The schema of the message does not include it.
    const header = (json as { readonly header?: Decoded } | null)?.header
    return header === undefined ? message : { header, ...(message as object) }
  } catch {
    return json
  }
}

/** `ES9+.AuthenticateClient` if a table contains the path, otherwise the receiver, method and path. */
const labelOf = (row: Row | undefined, to: Part, method: string, url: URL): string => {
  if (row) return `${row.interface}.${row.name}`
  if (to === 'operator' && /\/balances$/.test(url.pathname)) return 'GetBalance'
  return `${to} ${method} ${url.pathname}`
}

/** Reports each exchange of `fetch` as an observation with decoded bodies. Requests and responses are unchanged. */
export const traceFetch =
  (
    fetch: Fetch,
    who: { from: Part; to: Part },
    observe: (observation: Observation) => void,
    stopwatch: Stopwatch,
  ): Fetch =>
  async request => {
    const url = new URL(request.url)
    const row = rowsByPath.get(url.pathname)
    const requestType = request.headers.get('content-type') ?? ''
    const requestBody = bodyText(new Uint8Array(await request.clone().arrayBuffer()), requestType)
    const requestDecoded = decodedBy(row?.request, parsed(requestBody, requestType))
    const about = {
      kind: 'http' as const,
      ...who,
      label: labelOf(row, who.to, request.method, url),
      method: request.method,
      url: request.url,
      request: { headers: Object.fromEntries(request.headers), body: requestBody },
    }
    const began = stopwatch()
    const took = (): number => Math.round((stopwatch() - began) * 1000) / 1000
    let response: Response
    try {
      response = await fetch(request)
    } catch (error) {
      observe({
        ...about,
        response: null,
        error: error instanceof Error ? error.message : String(error),
        took: took(),
        ...(requestDecoded === undefined ? {} : { decoded: { request: requestDecoded } }),
      })
      throw error
    }
    const time = took()
    const type = response.headers.get('content-type') ?? ''
    const responseBody = bodyText(new Uint8Array(await response.clone().arrayBuffer()), type)
    const responseDecoded = decodedBy(row?.response, parsed(responseBody, type))
    observe({
      ...about,
      response: { status: response.status, headers: Object.fromEntries(response.headers), body: responseBody },
      took: time,
      ...(requestDecoded === undefined && responseDecoded === undefined
        ? {}
        : {
            decoded: {
              ...(requestDecoded === undefined ? {} : { request: requestDecoded }),
              ...(responseDecoded === undefined ? {} : { response: responseDecoded }),
            },
          }),
    })
    return response
  }
