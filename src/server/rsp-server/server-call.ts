import type { Fetch } from '../../rsp/fetch.ts'
import {
  ADMIN_PROTOCOL_HEADER,
  type HttpFunction,
  RequestHeader,
  ResponseHeader,
  type StatusCodeData,
} from '../../rsp/interfaces/http-function.ts'
import type { Json } from '../../rsp/json.ts'

/** Another server that offers functions. */
export interface ServerEndpoint {
  /** Scheme, host and port. The path of the function is appended. */
  readonly url: string
  readonly fetch: Fetch
}

/** The result of a call. After `unanswered` it is unknown whether the server executed the function. */
export type CallOutcome<Response> =
  | { readonly done: Response }
  | { readonly refused: StatusCodeData }
  | { readonly unanswered: string }

/**
 * Calls one function of another server. A caller that must not lose the call repeats it with the same header:
 * the server recognizes the call by its functionCallIdentifier (SGP.22 §5.2.1).
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
    return { unanswered: cause instanceof Error ? cause.message : 'no response' }
  }
  if (response.status >= 500) return { unanswered: `HTTP status ${response.status}` }
  // Any 2xx ends a notification function: some servers answer with 200 and a header in place of 204.
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
    // A 4xx without a function result is a refusal. Any other unreadable response counts as no response.
    if (status < 400) return { unanswered: cause instanceof Error ? cause.message : 'the response is not readable' }
  }
  return { refused: { subjectCode: '1.6', reasonCode: '2.1', message: `HTTP status ${status}` } }
}
