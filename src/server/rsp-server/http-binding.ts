import {
  ADMIN_PROTOCOL_HEADER,
  ADMIN_PROTOCOL_PATTERN,
  type HttpFunction,
  RequestHeader,
  type StatusCodeData,
} from '../../rsp/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import { RspServerError, refuseMessage } from './error.ts'
import { readBody } from './http-body.ts'

/** What a function is told about its call beside the request. */
export interface Call {
  readonly requester: string
  /** Between servers only. */
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
  /** Requests begin with a header (between servers, SGP.22 §6.5.1.3). */
  readonly hasHeader: boolean
  /** Who calls, as the connection tells (mutual TLS); undefined refuses. */
  readonly requesterOf: (request: Request) => string | undefined
  /** Subject and reason code of a refusal that a function threw; undefined for anything else. */
  readonly statusOf: (error: unknown) => StatusCodeData | undefined
  /** An error that is no refusal: a defect of this server, of which the caller learns only that it happened. */
  readonly onDefect: (error: unknown, functionName: string) => void
}

/** Version 2.5 is what the tables are written from; a caller of another 2.x is answered in its own (SGP.22 §6.5.1.1). */
const OWN_VERSION = 'gsma/rsp/v2.5.0'

/** A table as a server: shape of the message first, then the function's own answer (SGP.22 §6.5). */
export const bindFunctions = <const T extends Table>(
  table: T,
  answers: Answers<T>,
  { hasHeader, requesterOf, statusOf, onDefect }: Binding,
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
    const refuse = (status: number, error: RspServerError, more?: Record<string, string>) =>
      say(status, failed(error.status!), more)

    const route = routes.get(new URL(request.url).pathname)
    if (route === undefined) return refuse(404, refuseMessage('unknown-function'))
    if (request.method !== 'POST') return refuse(405, refuseMessage('bad-method'), { Allow: 'POST' })
    const requester = requesterOf(request)
    if (requester === undefined) return refuse(401, refuseMessage('unknown-requester'))
    if (version === null) return refuse(400, refuseMessage('bad-protocol-header'))
    if (!/^application\/json\s*(;|$)/i.test(request.headers.get('content-type') ?? ''))
      return refuse(400, refuseMessage('bad-content-type'))

    const { row, answer } = route
    let header: Call['header']
    let message: unknown
    try {
      const json = await readJson(request)
      header = hasHeader ? RequestHeader.fromJson(json).header : undefined
      message = row.request.fromJson(json)
    } catch (error) {
      if (error instanceof RspServerError) return refuse(error.code === 'too-long' ? 413 : 400, error)
      if (error instanceof JsonError)
        return refuse(
          400,
          refuseMessage(error.code === 'missing' ? 'missing-member' : 'malformed-member', undefined, {
            about: error.member,
          }),
        )
      onDefect(error, row.name)
      return refuse(400, refuseMessage('bad-json'))
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
      const status = error instanceof RspServerError && error.status ? error.status : statusOf(error)
      if (status !== undefined) return say(200, failed(status))
      onDefect(error, row.name)
      return refuse(200, refuseMessage('failed-here'))
    }
  }
}

const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } }

/** SGP.22 §6.5.1.4: a function that failed answers with HTTP 200, this header, and nothing else. */
const failed = (statusCodeData: StatusCodeData): Json => ({
  header: { functionExecutionStatus: { status: 'Failed', statusCodeData: withoutAbsent(statusCodeData) } },
})

const withoutAbsent = (status: StatusCodeData): Json =>
  Object.fromEntries(Object.entries(status).filter((entry): entry is [string, string] => entry[1] !== undefined))

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

const readJson = async (request: Request): Promise<Json> => {
  const body = await readBody(request)
  try {
    return JSON.parse(strictUtf8.decode(body)) as Json
  } catch (cause) {
    throw refuseMessage('bad-json', undefined, { cause })
  }
}
