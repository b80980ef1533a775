import type { Fetch } from '../../rsp/fetch.ts'
import {
  ADMIN_PROTOCOL_HEADER,
  type HttpFunction,
  RequestHeader,
  ResponseHeader,
  type StatusCodeData,
} from '../../rsp/interfaces/http-function.ts'
import type { Json } from '../../rsp/json.ts'

/** Another server, where functions are called. */
export interface ServerEndpoint {
  /** The base: scheme, host and port; the row's path is put behind it. */
  readonly url: string
  readonly fetch: Fetch
}

/** How a call ended: done, refused with a status code, or it is not known whether it was heard. */
export type CallOutcome<Response> =
  | { readonly done: Response }
  | { readonly refused: StatusCodeData }
  | { readonly unanswered: string }

/**
 * Calls one function of another server from its row. Whoever must not lose the call makes it again with the same
 * header until it is answered: a server knows a call by its functionCallIdentifier (SGP.22 §5.2.1).
 */
export const callServer = async <Request, Response>(
  { url, fetch }: ServerEndpoint,
  row: HttpFunction<Request, Response>,
  request: Request,
  header: RequestHeader['header'],
): Promise<CallOutcome<Response>> => {
  let response: globalThis.Response
  let text: string
  try {
    response = await fetch(
      new globalThis.Request(new URL(row.path, url), {
        method: 'POST',
        headers: { [ADMIN_PROTOCOL_HEADER]: 'gsma/rsp/v2.5.0', 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...RequestHeader.toJson({ header }), ...row.request.toJson(request) }),
      }),
    )
    text = await response.text()
  } catch (cause) {
    // No answer, whatever the reason.
    return { unanswered: cause instanceof Error ? cause.message : 'no answer' }
  }
  if (response.status >= 500) return { unanswered: `HTTP status ${response.status}` }
  // A notification function is done with any 2xx: some answer 200 and a header where 204 is meant.
  if (response.ok && row.response === undefined) return { done: undefined as Response }
  return readOutcome(row, response.status, text)
}

const readOutcome = <Response>(
  row: Pick<HttpFunction<unknown, Response>, 'response'>,
  status: number,
  text: string,
): CallOutcome<Response> => {
  try {
    const json = JSON.parse(text) as Json
    const { functionExecutionStatus } = ResponseHeader.fromJson(json).header
    if (!functionExecutionStatus.status.startsWith('Executed'))
      return { refused: functionExecutionStatus.statusCodeData ?? { subjectCode: '1.6', reasonCode: '4.2' } }
    if (status === 200) return { done: row.response?.fromJson(json) as Response }
  } catch (cause) {
    // A 4xx without a function result refuses all the same; any other answer that cannot be read is none.
    if (status < 400) return { unanswered: cause instanceof Error ? cause.message : 'an answer that cannot be read' }
  }
  return { refused: { subjectCode: '1.6', reasonCode: '2.1', message: `HTTP status ${status}` } }
}
