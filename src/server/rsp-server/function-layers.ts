import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import type { Binding, CallContext, FunctionCall, FunctionResult } from './binding.ts'
import { RspServerError, refuseMessage } from './error.ts'

/** Calls a function. */
export type FunctionHandler = (call: FunctionCall, context: CallContext) => Promise<FunctionResult>
export type FunctionLayer = (next: FunctionHandler) => FunctionHandler

/** What a server adds to the call of each function. */
export interface FunctionHooks {
  /** Resolves when the changes of the function are on disk. No response leaves earlier. */
  readonly synced: () => Promise<void>
  /** Subject and reason code of an error that a function throws on purpose; undefined for any other error. */
  readonly getStatusCode: (error: unknown) => StatusCodeData | undefined
  /** Is notified of a defect of this server. The caller receives only 1.2/4.2. */
  readonly onDefect: (error: unknown, functionName: string) => void
}

/** The lowest layer: calls the function and encodes its response. */
export const callAndEncode = ({ callHandler, encode }: Binding): FunctionHandler =>
  async function callAndEncode(call, context) {
    return { response: encode(call.key, await callHandler(call, context)) }
  }

/** Converts an error that a function throws on purpose to its subject and reason code. */
export const mapErrors =
  ({ getStatusCode }: Pick<FunctionHooks, 'getStatusCode'>): FunctionLayer =>
  next =>
    async function mapErrors(call, context) {
      try {
        return await next(call, context)
      } catch (error) {
        const failure = error instanceof RspServerError && error.status ? error.status : getStatusCode(error)
        if (failure === undefined) throw error
        return { failure }
      }
    }

/** Holds the result, a failure too, until the changes of the function are on disk. */
export const syncStore =
  ({ synced }: Pick<FunctionHooks, 'synced'>): FunctionLayer =>
  next =>
    async function syncStore(call, context) {
      const result = await next(call, context)
      await synced()
      return result
    }

/** Reports an unexpected error of the function or of the store, and answers with 1.2/4.2. */
export const reportDefects =
  ({ onDefect }: Pick<FunctionHooks, 'onDefect'>, getName: (key: string) => string): FunctionLayer =>
  next =>
    async function reportDefects(call, context) {
      try {
        return await next(call, context)
      } catch (error) {
        onDefect(error, getName(call.key))
        return { failure: refuseMessage('failed-here').status! }
      }
    }
