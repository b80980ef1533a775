import type { Fetch, WholeResponse } from '../../rsp/fetch.ts'
import {
  ADMIN_PROTOCOL_HEADER,
  type HttpFunction,
  RequestHeader,
  type StatusCodeData,
} from '../../rsp/interfaces/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import { refuseMessage } from './error.ts'
import {
  decodeRequest,
  type FunctionHooks,
  type RejectedRequest,
  runFunction,
  validateHeaders,
  versionFor,
} from './http-frame.ts'
import { answerMessages, type HttpMessage, type RequesterOf } from './http-message.ts'

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

export interface HttpBinding extends FunctionHooks {
  /** Requests begin with a header (between servers, SGP.22 §6.5.1.3). */
  readonly hasHeader: boolean
  readonly requesterOf: RequesterOf
}

/**
 * A table as a server in the JSON binding: shape of the message first, then the function's own answer (SGP.22 §6.5).
 *
 * A function beside those of the table is one of another version of the specification: it is refused as a function
 * is, in the form that its caller reads. Any other path is no function.
 */
export const bindFunctions = <const T extends Table>(table: T, answers: Answers<T>, binding: HttpBinding): Fetch => {
  type Row = { row: HttpFunction<unknown, unknown>; answer: (request: unknown, call: Call) => Promise<unknown> }
  const routes = new Map<string, Row>(
    Object.entries(table).map(([name, row]) => [
      row.path,
      { row: row as unknown as Row['row'], answer: answers[name as keyof T] as unknown as Row['answer'] },
    ]),
  )
  const folders = new Set([...routes.keys()].map(path => path.slice(0, path.lastIndexOf('/') + 1)))
  const isFunction = (path: string) =>
    folders.has(path.slice(0, path.lastIndexOf('/') + 1)) && /\/[A-Za-z]+$/.test(path)

  const answerMessage = async (message: HttpMessage): Promise<WholeResponse> => {
    const protocol = { [ADMIN_PROTOCOL_HEADER]: versionFor(message) }
    const say = (status: number, body: Json, more: Readonly<Record<string, string>> = {}): WholeResponse => ({
      status,
      headers: { ...protocol, 'Content-Type': 'application/json;charset=UTF-8', ...more },
      body: JSON.stringify(body),
    })
    const refuse = ({ status, error, headers }: RejectedRequest) => say(status, failed(error.status!), headers)

    const route = routes.get(message.path)
    if (route === undefined && !isFunction(message.path))
      return refuse({ status: 404, error: refuseMessage('unknown-function') })
    const requester = message.requester()
    const fault = validateHeaders(message, JSON_CONTENT, requester !== undefined)
    if (fault !== undefined) return refuse(fault)
    if (route === undefined) return refuse({ status: 200, error: refuseMessage('unknown-function') })

    const { row, answer } = route
    const taken = await decodeRequest(message, body => readMessage(body, row, binding))
    if (!('message' in taken)) return refuse(taken)
    const { header, message: request } = taken.message
    const outcome = await runFunction(
      row.name,
      async () => {
        const response = await answer(request, { requester: requester!, header })
        return row.response?.toJson(response)
      },
      binding,
    )
    // SGP.22 §6.5.1.2: a notification function has no result in which it could fail. With any 2xx the LPA would strike
    // the notification off the card's list, and nobody would have it.
    if ('failure' in outcome) return say(row.response === undefined ? 503 : 200, failed(outcome.failure))
    if (outcome.response === undefined) return { status: 204, headers: protocol, body: null }
    return say(200, { ...SUCCESS, ...outcome.response })
  }
  return answerMessages(answerMessage, binding.requesterOf)
}

const JSON_CONTENT = /^application\/json\s*(;|$)/i

const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } }

/** SGP.22 §6.5.1.4: a function that failed answers with HTTP 200, this header, and nothing else. */
const failed = (statusCodeData: StatusCodeData): Json => ({
  header: { functionExecutionStatus: { status: 'Failed', statusCodeData: withoutAbsent(statusCodeData) } },
})

const withoutAbsent = (status: StatusCodeData): Json =>
  Object.fromEntries(Object.entries(status).filter((entry): entry is [string, string] => entry[1] !== undefined))

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

const readMessage = (
  body: Uint8Array,
  row: HttpFunction<unknown, unknown>,
  { hasHeader, onDefect }: HttpBinding,
): { header: Call['header']; message: unknown } => {
  const json = readJson(body)
  try {
    return { header: hasHeader ? RequestHeader.fromJson(json).header : undefined, message: row.request.fromJson(json) }
  } catch (error) {
    if (!(error instanceof JsonError)) {
      onDefect(error, row.name)
      throw refuseMessage('bad-json')
    }
    const code = error.code === 'missing' ? 'missing-member' : 'malformed-member'
    throw refuseMessage(code, undefined, { about: error.member })
  }
}

const readJson = (body: Uint8Array): Json => {
  try {
    return JSON.parse(strictUtf8.decode(body)) as Json
  } catch (cause) {
    throw refuseMessage('bad-json', undefined, { cause })
  }
}
