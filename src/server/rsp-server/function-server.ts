import { compose, type Fetch, type FetchLayer } from '../../rsp/fetch.ts'
import type { Binding } from './binding.ts'
import { callAndEncode, type FunctionHooks, mapErrors, reportDefects, syncStore } from './function-layers.ts'
import {
  decodeRequest,
  encodeRejections,
  identifyOnce,
  type RequesterOf,
  selectBinding,
  validateHeaders,
} from './http-layers.ts'

export interface FunctionServer extends FunctionHooks {
  /** The first that accepts the path of a request decodes it. */
  readonly bindings: readonly Binding[]
  readonly requesterOf: RequesterOf
  /** Fault injection in the transport. */
  readonly faults?: FetchLayer | undefined
  /** Layers of the program that runs the server, such as a log; lowest first. */
  readonly outerLayers?: readonly FetchLayer[] | undefined
}

/**
 * A server of an RSP interface. This is the list of its layers, lowest first; the stack of a function is the same list.
 */
export const createFunctionServer = (server: FunctionServer): Fetch => {
  const requesterOf = identifyOnce(server.requesterOf)
  const createBindingServer = (binding: Binding): Fetch => {
    const callFunction = compose(callAndEncode(binding), [
      mapErrors(server),
      syncStore(server),
      reportDefects(server, binding.getName),
    ])
    return compose(decodeRequest(binding, requesterOf, callFunction), [
      validateHeaders(binding, requesterOf),
      encodeRejections(binding),
    ])
  }
  const servers = server.bindings.map(binding => ({ binding, fetch: createBindingServer(binding) }))
  return compose(selectBinding(servers), [server.faults, ...(server.outerLayers ?? [])])
}
