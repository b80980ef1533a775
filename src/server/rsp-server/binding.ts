import { getRequestHeader } from '../../rsp/buffered-message.ts'
import {
  ADMIN_PROTOCOL_HEADER,
  ADMIN_PROTOCOL_PATTERN,
  type RequestHeader,
  type StatusCodeData,
} from '../../rsp/interfaces/http-function.ts'
import type { RspServerError } from './error.ts'

/** Facts about a call beside its request message. */
export interface CallContext {
  readonly requester: string
  /** Between servers only (SGP.22 §6.5.1.3). */
  readonly header: RequestHeader['header'] | undefined
}

/** A decoded call of one function. */
export interface FunctionCall {
  /** The row of the interface table. */
  readonly key: string
  readonly request: unknown
  readonly header: CallContext['header']
}

/** The response of a function, or the subject and reason code with which it failed. */
export type FunctionResult = { readonly response: unknown } | { readonly failure: StatusCodeData }

/** A request that the server rejects before it calls a function. */
export class RejectedRequest extends Error {
  readonly status: number
  readonly error: RspServerError
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, error: RspServerError, headers: Readonly<Record<string, string>> = {}) {
    super(error.message, { cause: error })
    this.name = 'RejectedRequest'
    this.status = status
    this.error = error
    this.headers = headers
  }
}

/** A table of functions in one of the two encodings: JSON (SGP.22 §6.5) or ASN.1 (SGP.22 §6.6). */
export interface Binding {
  readonly contentType: RegExp
  readonly accepts: (path: string) => boolean
  /** Decodes a body. Throws RejectedRequest if the path names no function, and RspServerError for an invalid body. */
  readonly decode: (path: string, readBody: () => Promise<Uint8Array>) => Promise<FunctionCall>
  readonly callHandler: (call: FunctionCall, context: CallContext) => Promise<unknown>
  /** The name of the function, for reports. */
  readonly getName: (key: string) => string
  /** The response as JSON or ASN.1. */
  readonly encode: (key: string, response: unknown) => unknown
  readonly createResponse: (request: Request, key: string, result: FunctionResult) => Response
  readonly createRejection: (request: Request, rejected: RejectedRequest) => Response
}

/** The tables follow version 2.5. A client of another 2.x gets its response in its own version (SGP.22 §6.5.1.1). */
const OWN_VERSION = 'gsma/rsp/v2.5.0'

/** The protocol header of the response. */
export const getProtocolHeader = (request: Request): Readonly<Record<string, string>> => {
  const protocol = getRequestHeader(request, ADMIN_PROTOCOL_HEADER)
  const isSupported = ADMIN_PROTOCOL_PATTERN.exec(protocol ?? '')?.[1] === '2'
  return { [ADMIN_PROTOCOL_HEADER]: isSupported ? protocol! : OWN_VERSION }
}
