import { getRequestHeader, getRequestPath } from '../../rsp/buffered-message.ts'
import type { Fetch, FetchLayer } from '../../rsp/fetch.ts'
import { ADMIN_PROTOCOL_HEADER, ADMIN_PROTOCOL_PATTERN } from '../../rsp/interfaces/http-function.ts'
import { type Binding, RejectedRequest } from './binding.ts'
import { RspServerError, refuseMessage } from './error.ts'
import type { FunctionHandler } from './function-layers.ts'
import { readBody } from './http-body.ts'

/** The caller by the connection (mutual TLS); undefined rejects the request. */
export type RequesterOf = (request: Request) => string | undefined

/** The caller of an interface without mutual TLS: the functions authenticate the card. */
export const anyLpa: RequesterOf = () => 'LPA'

/** Identifies the caller once for each request: the check of a certificate is expensive. */
export const identifyOnce = (requesterOf: RequesterOf): RequesterOf => {
  if (requesterOf === anyLpa) return requesterOf
  const requesters = new WeakMap<Request, string | undefined>()
  return request => {
    if (!requesters.has(request)) requesters.set(request, requesterOf(request))
    return requesters.get(request)
  }
}

/** Passes a request to the first binding that accepts its path; the last binding rejects all other paths. */
export const selectBinding = (servers: readonly { readonly binding: Binding; readonly fetch: Fetch }[]): Fetch =>
  async function selectBinding(request) {
    const path = getRequestPath(request)
    const { fetch } = servers.find(({ binding }) => binding.accepts(path)) ?? servers.at(-1)!
    return await fetch(request)
  }

/** Writes the response to a request that a lower layer rejects. */
export const encodeRejections =
  ({ createRejection }: Binding): FetchLayer =>
  next =>
    async function encodeRejections(request) {
      try {
        return await next(request)
      } catch (error) {
        if (error instanceof RejectedRequest) return createRejection(request, error)
        throw error
      }
    }

/** Checks path, method, caller, protocol and content type before the body is read (SGP.22 §6.5.1). */
export const validateHeaders =
  ({ accepts, contentType }: Binding, requesterOf: RequesterOf): FetchLayer =>
  next =>
    async function validateHeaders(request) {
      const getHeader = (name: string): string => getRequestHeader(request, name) ?? ''
      if (!accepts(getRequestPath(request))) throw new RejectedRequest(404, refuseMessage('unknown-function'))
      if (request.method !== 'POST') throw new RejectedRequest(405, refuseMessage('bad-method'), { Allow: 'POST' })
      if (requesterOf(request) === undefined) throw new RejectedRequest(401, refuseMessage('unknown-requester'))
      if (!ADMIN_PROTOCOL_PATTERN.test(getHeader(ADMIN_PROTOCOL_HEADER)))
        throw new RejectedRequest(400, refuseMessage('bad-protocol-header'))
      if (!contentType.test(getHeader('content-type')))
        throw new RejectedRequest(400, refuseMessage('bad-content-type'))
      return await next(request)
    }

/** The lowest HTTP layer: decodes the body within the size limit, calls the function, creates the HTTP response. */
export const decodeRequest = (
  { decode, createResponse }: Binding,
  requesterOf: RequesterOf,
  callFunction: FunctionHandler,
): Fetch =>
  async function decodeRequest(request) {
    let call: Awaited<ReturnType<Binding['decode']>>
    try {
      call = await decode(getRequestPath(request), () => readBody(request))
    } catch (error) {
      if (!(error instanceof RspServerError)) throw error
      throw new RejectedRequest(error.code === 'too-long' ? 413 : 400, error)
    }
    const result = await callFunction(call, { requester: requesterOf(request)!, header: call.header })
    return createResponse(request, call.key, result)
  }
