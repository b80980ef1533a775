import type { Fetch } from '../../rsp/fetch.ts'
import { FetchError } from '../../rsp/fetch.ts'
import {
  ADMIN_PROTOCOL_HEADER,
  type HttpFunction,
  RequestHeader,
  ResponseHeader,
} from '../../rsp/interfaces/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import { describeStatusCode } from '../../rsp/status.ts'
import { OperatorError } from './error.ts'

/** The connection to one SM-DP+ and the identifier of this operator there. */
export interface SmdpAccess {
  readonly fetch: Fetch
  /** `https://host[:port]` of its ES2+. */
  readonly url: string
  readonly functionRequesterIdentifier: string
  readonly random: (length: number) => Uint8Array
}

/** The version of SGP.22 on ES2+ (§6.5.1.1). */
const PROTOCOL = 'gsma/rsp/v2.2.0'

/** Calls one ES2+ function. Throws an {@link OperatorError} for a missing, refused or malformed response. */
export const callEs2 = async <Request, Response>(
  smdp: SmdpAccess,
  row: HttpFunction<Request, Response>,
  request: Request,
): Promise<Response> => {
  const name = `${row.interface}.${row.name}`
  const response = await send(smdp, row, request, name)
  if (response.status !== 200)
    throw new OperatorError(
      'smdp-malformed',
      `${name}: the SM-DP+ returned HTTP status ${response.status} instead of 200. Check that ${smdp.url} is its ES2+ address.`,
    )
  const body = await readJson(response, name)
  try {
    const { header } = ResponseHeader.fromJson(body)
    const { status, statusCodeData } = header.functionExecutionStatus
    if (status === 'Failed' || status === 'Expired') {
      const { subjectCode, reasonCode, message } = statusCodeData ?? { subjectCode: '1.6', reasonCode: '4.2' }
      throw new OperatorError('smdp-refused', `${name}: ${describeStatusCode(subjectCode, reasonCode)}`, {
        refusal: { function: row.name, subjectCode, reasonCode, ...(message !== undefined && { message }) },
      })
    }
    return row.response === undefined ? (undefined as Response) : row.response.fromJson(body)
  } catch (cause) {
    if (cause instanceof JsonError) throw new OperatorError('smdp-malformed', `${name}: ${cause.message}`, { cause })
    throw cause
  }
}

const send = async <Request>(
  smdp: SmdpAccess,
  row: HttpFunction<Request, unknown>,
  request: Request,
  name: string,
): Promise<Response> => {
  const header = {
    functionRequesterIdentifier: smdp.functionRequesterIdentifier,
    functionCallIdentifier: Buffer.from(smdp.random(16)).toString('hex'),
  }
  const body = { ...RequestHeader.toJson({ header }), ...row.request.toJson(request) }
  try {
    return await smdp.fetch(
      new globalThis.Request(new URL(row.path, smdp.url), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json;charset=UTF-8', [ADMIN_PROTOCOL_HEADER]: PROTOCOL },
        body: JSON.stringify(body),
      }),
    )
  } catch (cause) {
    if (cause instanceof FetchError)
      throw new OperatorError('smdp-unreachable', `${name}: the SM-DP+ did not answer: ${cause.message}`, { cause })
    throw cause
  }
}

const readJson = async (response: Response, name: string): Promise<Json> => {
  const text = await response.text()
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    if (cause instanceof SyntaxError)
      throw new OperatorError('smdp-malformed', `${name}: the response is not JSON`, { cause })
    throw cause
  }
}
