import { type JsonMessage, type MessageValue, maybe, message, object, text } from '../json.ts'

/** A row of an HTTP interface between servers, or from the LPA to a server (SGP.22 §6.5). */
export interface HttpFunction<Request, Response> {
  readonly interface: 'ES2+' | 'ES9+' | 'ES11' | 'ES12' | 'ES15'
  /** The name in the specification. */
  readonly name: string
  readonly clause: string
  /** The path of the POST request. */
  readonly path: string
  readonly request: JsonMessage<Request>
  /** `undefined`: a notification function; the response is 204 without a body (SGP.22 §6.5.1.2). */
  readonly response: JsonMessage<Response> | undefined
}

export const httpFunction = <Request, Response>(
  row: HttpFunction<Request, Response>,
): HttpFunction<Request, Response> => row

const statusCodeData = {
  subjectCode: text(/^\d+(\.\d+)*$/, 'a subject code such as 8.2.6'),
  reasonCode: text(/^\d+(\.\d+)*$/, 'a reason code such as 3.8'),
  subjectIdentifier: maybe(text()),
  message: maybe(text()),
}
export const StatusCodeData = message(statusCodeData)
export type StatusCodeData = MessageValue<typeof statusCodeData>

const functionExecutionStatus = {
  status: text(
    /^(Executed-Success|Executed-WithWarning|Failed|Expired)$/,
    'Executed-Success, Executed-WithWarning, Failed or Expired',
  ),
  statusCodeData: maybe(object(StatusCodeData)),
}
const responseHeader = { functionExecutionStatus: object(message(functionExecutionStatus)) }
const headed = { header: object(message(responseHeader)) }

/** The `header` of every response with a body (SGP.22 §6.5.1.4). */
export const ResponseHeader = message(headed)
export type ResponseHeader = MessageValue<typeof headed>

const requestHeader = {
  functionRequesterIdentifier: text(/./, 'an identifier'),
  functionCallIdentifier: text(/./, 'an identifier'),
}
const requestHeaded = { header: object(message(requestHeader)) }
/** The `header` of a request between servers (SGP.22 §6.5.1.3). Requests of an LPA have none. */
export const RequestHeader = message(requestHeaded)
export type RequestHeader = MessageValue<typeof requestHeaded>

/** The HTTP header of every message: `X-Admin-Protocol: gsma/rsp/v2.x.y` (SGP.22 §6.5.1.1). */
export const ADMIN_PROTOCOL_HEADER = 'X-Admin-Protocol'
export const ADMIN_PROTOCOL_PATTERN = /^gsma\/rsp\/v(\d+)\.(\d+)(?:\.(\d+))?$/
