import type { Fetch } from '../../rsp/fetch.ts'
import { FetchError } from '../../rsp/fetch.ts'
import { ADMIN_PROTOCOL_HEADER, type HttpFunction, ResponseHeader } from '../../rsp/interfaces/http-function.ts'
import { type Json, JsonError } from '../../rsp/json.ts'
import { describeStatusCode } from '../../rsp/status.ts'
import { LpaError, type LpaErrorCode, type LpaFault } from '../errors.ts'
import { getStepName, type Report, reported } from '../report.ts'

/** The address of an ES9+ server and how to call it. */
export interface ServerAccess {
  readonly fetch: Fetch
  /** Host name, with port if it is not 443. */
  readonly address: string
  readonly report: Report
  /** Without the `v`; default 2.2.2, which all 2.x servers support. */
  readonly protocolVersion?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Calls an ES9+ function in the JSON binding (SGP.22 §6.5). Rejects with an {@link LpaError}. */
export const callServer = <Request, Response>(
  access: ServerAccess,
  row: HttpFunction<Request, Response>,
  request: Request,
): Promise<Response> =>
  reported(access.report, row, async () => {
    const step = getStepName(row)
    const url = `https://${access.address}${row.path}`
    const response = await send(access, step, url, JSON.stringify(row.request.toJson(request)))
    if (response.status < 200 || response.status > 299)
      throw new LpaError('http-status', 'server', `${step}: ${access.address} answered HTTP ${response.status}`, {
        step,
        url,
        httpStatus: response.status,
      })
    // The HTTP status alone acknowledges a notification (SGP.22 §6.5.1.2).
    if (row.response === undefined) return undefined as Response
    const json = readJson(await response.text(), step, url)
    return readResponse(row.response, json, step, url)
  })

const send = async (access: ServerAccess, step: string, url: string, body: string): Promise<Response> => {
  const { fetch, signal, protocolVersion = '2.2.2' } = access
  try {
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'gsma-rsp-lpad',
      [ADMIN_PROTOCOL_HEADER]: `gsma/rsp/v${protocolVersion}`,
    }
    // Redirects are not followed: they would send the data of the card to another server.
    return await fetch(new Request(url, { method: 'POST', headers, body, redirect: 'manual', signal: signal ?? null }))
  } catch (error) {
    if (!(error instanceof FetchError) || error.code === 'recording-exhausted') throw error
    const [code, fault] = NO_ANSWER[error.code]
    throw new LpaError(code, fault, `${step}: ${error.message}`, { step, url }, error)
  }
}

const NO_ANSWER: Readonly<Record<'unreachable' | 'untrusted' | 'timed-out', readonly [LpaErrorCode, LpaFault]>> = {
  unreachable: ['unreachable', 'network'],
  untrusted: ['untrusted', 'server'],
  'timed-out': ['server-timed-out', 'network'],
}

const readJson = (text: string, step: string, url: string): Json => {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    const found = /^\s*</.test(text) ? 'HTML or XML' : text.trim() === '' ? 'nothing' : 'something'
    throw new LpaError(
      'bad-server-answer',
      'server',
      `${step}: the server answered with ${found}, not JSON. Check that the address belongs to an SM-DP+`,
      { step, url },
      cause,
    )
  }
}

const readResponse = <Response>(
  schema: { fromJson(json: Json): Response },
  json: Json,
  step: string,
  url: string,
): Response => {
  try {
    const { header } = ResponseHeader.fromJson(json)
    const { status, statusCodeData } = header.functionExecutionStatus
    // A function failure has HTTP status 200 (SGP.22 §6.5.1.4).
    if (status !== 'Executed-Success' && status !== 'Executed-WithWarning') {
      const { subjectCode, reasonCode, subjectIdentifier, message } = statusCodeData ?? {}
      const why =
        subjectCode === undefined || reasonCode === undefined
          ? `the server answered ${status} without a reason`
          : describeStatusCode(subjectCode, reasonCode)
      throw new LpaError('server-refused', 'server', `${step}: ${why}`, {
        step,
        url,
        subjectCode,
        reasonCode,
        subjectIdentifier,
        serverMessage: message,
      })
    }
    return schema.fromJson(json)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const { member } = error
    const message = `${step}: the response of the server is invalid: ${error.message}`
    throw new LpaError('bad-server-answer', 'server', message, { step, url, field: member }, error)
  }
}
