import {
  ADMIN_PROTOCOL_HEADER,
  ADMIN_PROTOCOL_PATTERN,
  type HttpFunction,
  RequestHeader,
  type StatusCodeData,
} from '../../rsp/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import { refusal, SmdpError } from './error.ts'

/** What a function is told about its call beside the request. */
export interface Call {
  readonly requester: string
  /** ES2+ only. */
  readonly header: RequestHeader['header'] | undefined
}

type Table = Readonly<
  Record<
    string,
    Pick<HttpFunction<unknown, unknown>, 'name' | 'path'> & {
      readonly request: { fromJson(json: Json): unknown }
      readonly response: { toJson(value: never): Json } | undefined
    }
  >
>
type RequestOf<F> = F extends { readonly request: { fromJson(json: Json): infer Request } } ? Request : never
type ResponseOf<F> = F extends { readonly response: { fromJson(json: Json): infer Response } | undefined }
  ? Response
  : never
/** One answer for each row of a table, or of a part of it. */
export type Answers<T> = {
  readonly [K in keyof T]: (request: RequestOf<T[K]>, call: Call) => Promise<ResponseOf<T[K]> | undefined>
}

export interface Binding {
  /** Requests begin with a header (ES2+, SGP.22 §6.5.1.3). */
  readonly hasHeader: boolean
  /** Who calls, as the connection tells (mutual TLS); undefined refuses. */
  readonly requesterOf: (request: Request) => string | undefined
  /** An error that is no refusal: a defect of this server, of which the caller learns only that it happened. */
  readonly onDefect: (error: unknown, functionName: string) => void
}

/** Version 2.5 is what the tables are written from; a caller of another 2.x is answered in its own (SGP.22 §6.5.1.1). */
const OWN_VERSION = 'gsma/rsp/v2.5.0'
/** The longest genuine message, an AuthenticateClient with its chain, has about 5 kB. */
const MAX_BODY = 256 * 1024

/** A table as a server: shape of the message first, then the function's own answer (SGP.22 §6.5). */
export const bindFunctions = <const T extends Table>(
  table: T,
  answers: Answers<T>,
  { hasHeader, requesterOf, onDefect }: Binding,
): ((request: Request) => Promise<Response>) => {
  type Row = { row: HttpFunction<unknown, unknown>; answer: (request: unknown, call: Call) => Promise<unknown> }
  const routes = new Map<string, Row>(
    Object.entries(table).map(([name, row]) => [
      row.path,
      { row: row as unknown as Row['row'], answer: answers[name as keyof T] as unknown as Row['answer'] },
    ]),
  )

  return async request => {
    const protocol = request.headers.get(ADMIN_PROTOCOL_HEADER)
    const version = ADMIN_PROTOCOL_PATTERN.exec(protocol ?? '')
    const headers = {
      [ADMIN_PROTOCOL_HEADER]: version?.[1] === '2' ? protocol! : OWN_VERSION,
      'Content-Type': 'application/json;charset=UTF-8',
    }
    const say = (status: number, body: Json, more: Record<string, string> = {}) =>
      new Response(JSON.stringify(body), { status, headers: { ...headers, ...more } })
    const refuse = (status: number, error: SmdpError, more?: Record<string, string>) => say(status, failed(error), more)

    const route = routes.get(new URL(request.url).pathname)
    if (route === undefined) return refuse(404, refusal('unknown-function'))
    if (request.method !== 'POST') return refuse(405, refusal('bad-method'), { Allow: 'POST' })
    const requester = requesterOf(request)
    if (requester === undefined) return refuse(401, refusal('unknown-requester'))
    if (version === null) return refuse(400, refusal('bad-protocol-header'))
    if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? ''))
      return refuse(400, refusal('bad-content-type'))

    const { row, answer } = route
    let header: Call['header']
    let message: unknown
    try {
      const json = await readJson(request)
      header = hasHeader ? RequestHeader.fromJson(json).header : undefined
      message = row.request.fromJson(json)
    } catch (error) {
      if (error instanceof SmdpError) return refuse(error.code === 'too-long' ? 413 : 400, error)
      if (error instanceof JsonError)
        return refuse(
          400,
          refusal(error.code === 'missing' ? 'missing-member' : 'malformed-member', undefined, { about: error.member }),
        )
      onDefect(error, row.name)
      return refuse(400, refusal('bad-json'))
    }

    try {
      const response = await answer(message, { requester, header })
      if (row.response === undefined)
        return new Response(null, {
          status: 204,
          headers: { [ADMIN_PROTOCOL_HEADER]: headers[ADMIN_PROTOCOL_HEADER]! },
        })
      return say(200, { ...SUCCESS, ...row.response.toJson(response) })
    } catch (error) {
      if (error instanceof SmdpError && error.status !== undefined) return refuse(200, error)
      onDefect(error, row.name)
      return refuse(200, refusal('failed-here'))
    }
  }
}

const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } }

/** SGP.22 §6.5.1.4: a function that failed answers with HTTP 200, this header, and nothing else. */
const failed = (error: SmdpError): Json => ({
  header: { functionExecutionStatus: { status: 'Failed', statusCodeData: withoutAbsent(error.status!) } },
})

const withoutAbsent = (status: StatusCodeData): Json =>
  Object.fromEntries(Object.entries(status).filter((entry): entry is [string, string] => entry[1] !== undefined))

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

const readJson = async (request: Request): Promise<Json> => {
  const body = await readBody(request)
  try {
    return JSON.parse(strictUtf8.decode(body)) as Json
  } catch (cause) {
    throw refusal('bad-json', undefined, { cause })
  }
}

/** Stops reading where a message has become longer than any can be: what is announced is not believed. */
const readBody = async (request: Request): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    const reader = request.body?.getReader()
    for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
      length += read.value.length
      if (length > MAX_BODY) {
        // How the rest is given up changes nothing for the answer.
        await reader?.cancel().catch(() => {})
        throw refusal('too-long')
      }
      chunks.push(read.value)
    }
  } catch (cause) {
    throw cause instanceof SmdpError ? cause : refusal('bad-json', 'the connection broke off', { cause })
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
