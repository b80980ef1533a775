import { createBufferedResponse } from '../../rsp/buffered-message.ts'
import type { RequestHeader as Header, HttpFunction, StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import { RequestHeader } from '../../rsp/interfaces/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import { type Binding, type CallContext, getProtocolHeader, RejectedRequest } from './binding.ts'
import { refuseMessage } from './error.ts'
import type { FunctionHooks } from './function-layers.ts'

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
/** One handler for each row of a table, or of a part of it. */
export type FunctionHandlers<T> = {
  readonly [K in keyof T]: (request: RequestOf<T[K]>, context: CallContext) => Promise<ResponseOf<T[K]> | undefined>
}

export interface JsonBindingOptions extends Pick<FunctionHooks, 'onDefect'> {
  /** Requests begin with a header (between servers, SGP.22 §6.5.1.3). */
  readonly hasHeader: boolean
}

/**
 * Binds a table of functions in JSON (SGP.22 §6.5). An unknown name in the folder of a known function may be a function
 * of another version: the response has status 200 and reports the failure. Any other path gets HTTP 404.
 */
export const bindJson = <const T extends Table>(
  table: T,
  handlers: FunctionHandlers<T>,
  options: JsonBindingOptions,
): Binding => {
  type Row = { key: string; row: HttpFunction<unknown, unknown> }
  const rows = table as unknown as Readonly<Record<string, Row['row']>>
  const routes = new Map<string, Row>(Object.entries(rows).map(([key, row]) => [row.path, { key, row }]))
  const folders = new Set([...routes.keys()].map(path => path.slice(0, path.lastIndexOf('/') + 1)))
  const createJsonResponse = (
    request: Request,
    status: number,
    body: Json,
    headers: Readonly<Record<string, string>> = {},
  ): Response =>
    createBufferedResponse(
      status,
      { ...getProtocolHeader(request), 'Content-Type': 'application/json;charset=UTF-8', ...headers },
      JSON.stringify(body),
    )
  return {
    contentType: JSON_CONTENT,
    accepts: path =>
      routes.has(path) || (folders.has(path.slice(0, path.lastIndexOf('/') + 1)) && /\/[A-Za-z]+$/.test(path)),
    async decode(path, readBody) {
      const route = routes.get(path)
      if (route === undefined) throw new RejectedRequest(200, refuseMessage('unknown-function'))
      return { key: route.key, ...readMessage(await readBody(), route.row, options) }
    },
    callHandler: ({ key, request }, context) => handlers[key as keyof T](request as never, context),
    getName: key => rows[key]!.name,
    encode: (key, response) => rows[key]!.response?.toJson(response),
    createResponse(request, key, result) {
      // SGP.22 §6.5.1.2: a notification function has no result that reports a failure. After any 2xx the LPA removes
      // the notification from the card and it is lost.
      if ('failure' in result)
        return createJsonResponse(request, rows[key]!.response === undefined ? 503 : 200, createFailure(result.failure))
      if (result.response === undefined) return createBufferedResponse(204, getProtocolHeader(request), null)
      return createJsonResponse(request, 200, { ...SUCCESS, ...(result.response as Record<string, Json>) })
    },
    createRejection: (request, { status, error, headers }) =>
      createJsonResponse(request, status, createFailure(error.status!), headers),
  }
}

const JSON_CONTENT = /^application\/json\s*(;|$)/i

const SUCCESS = { header: { functionExecutionStatus: { status: 'Executed-Success' } } }

/** SGP.22 §6.5.1.4: the response of a failed function has HTTP status 200 and only this header. */
const createFailure = (statusCodeData: StatusCodeData): Json => ({
  header: { functionExecutionStatus: { status: 'Failed', statusCodeData: withoutAbsent(statusCodeData) } },
})

const withoutAbsent = (status: StatusCodeData): Json =>
  Object.fromEntries(Object.entries(status).filter((entry): entry is [string, string] => entry[1] !== undefined))

const strictUtf8 = new TextDecoder('utf-8', { fatal: true })

const readMessage = (
  body: Uint8Array,
  row: HttpFunction<unknown, unknown>,
  { hasHeader, onDefect }: JsonBindingOptions,
): { header: Header['header'] | undefined; request: unknown } => {
  const json = readJson(body)
  try {
    return { header: hasHeader ? RequestHeader.fromJson(json).header : undefined, request: row.request.fromJson(json) }
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
