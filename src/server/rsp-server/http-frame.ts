import {
  ADMIN_PROTOCOL_HEADER,
  ADMIN_PROTOCOL_PATTERN,
  type StatusCodeData,
} from '../../rsp/interfaces/http-function.ts'
import { RspServerError, refuseMessage } from './error.ts'
import type { HttpMessage } from './http-message.ts'

/** Version 2.5 is what the tables are written from; a caller of another 2.x is answered in its own (SGP.22 §6.5.1.1). */
const OWN_VERSION = 'gsma/rsp/v2.5.0'

/** The version that the answer is in. */
export const versionFor = (message: HttpMessage): string => {
  const protocol = message.header(ADMIN_PROTOCOL_HEADER)
  return ADMIN_PROTOCOL_PATTERN.exec(protocol ?? '')?.[1] === '2' ? protocol! : OWN_VERSION
}

/** A message that is not taken: its HTTP status beside the refusal. */
export interface RejectedRequest {
  readonly status: number
  readonly error: RspServerError
  readonly headers?: Readonly<Record<string, string>>
}

/** What both bindings ask of a message before its body is read; undefined: nothing is wrong. */
export const validateHeaders = (
  message: HttpMessage,
  contentType: RegExp,
  isKnownCaller: boolean,
): RejectedRequest | undefined => {
  if (message.method !== 'POST') return { status: 405, error: refuseMessage('bad-method'), headers: { Allow: 'POST' } }
  if (!isKnownCaller) return { status: 401, error: refuseMessage('unknown-requester') }
  if (!ADMIN_PROTOCOL_PATTERN.test(message.header(ADMIN_PROTOCOL_HEADER) ?? ''))
    return { status: 400, error: refuseMessage('bad-protocol-header') }
  if (!contentType.test(message.header('content-type') ?? ''))
    return { status: 400, error: refuseMessage('bad-content-type') }
  return undefined
}

/** Reads and decodes the body; what cannot be decoded is the caller's fault. */
export const decodeRequest = async <T>(
  message: HttpMessage,
  decode: (body: Uint8Array) => T,
): Promise<{ readonly message: T } | RejectedRequest> => {
  try {
    return { message: decode(await message.readBody()) }
  } catch (error) {
    if (!(error instanceof RspServerError)) throw error
    return { status: error.code === 'too-long' ? 413 : 400, error }
  }
}

/** What stands between a function and its answer, whatever the binding. */
export interface FunctionHooks {
  /** Resolves when what the function did will not be forgotten: it is answered only then, whatever the answer. */
  readonly synced: () => Promise<void>
  /** Subject and reason code of a refusal that a function threw; undefined for anything else. */
  readonly statusOf: (error: unknown) => StatusCodeData | undefined
  /** An error that is no refusal: a defect of this server, of which the caller learns only that it happened. */
  readonly onDefect: (error: unknown, functionName: string) => void
}

/** What a function gave, or the subject and reason code with which it failed. */
export const runFunction = async <Response>(
  name: string,
  run: () => Promise<Response>,
  { synced, statusOf, onDefect }: FunctionHooks,
): Promise<{ readonly response: Response } | { readonly failure: StatusCodeData }> => {
  const refused = (error: unknown): { failure: StatusCodeData } => {
    const failure = error instanceof RspServerError && error.status ? error.status : statusOf(error)
    if (failure === undefined) throw error
    return { failure }
  }
  try {
    const outcome = await run().then(response => ({ response }), refused)
    await synced()
    return outcome
  } catch (error) {
    onDefect(error, name)
    return { failure: refuseMessage('failed-here').status! }
  }
}
