import { concat, fromBase64, toBase64 } from '../../../asn1/bytes.ts'
import { Asn1Error } from '../../../asn1/error.ts'
import { getChildren, readOnlyTlv, readTlv } from '../../../asn1/tlv.ts'
import { getRequestBody } from '../../../rsp/buffered-message.ts'
import type { FetchLayer } from '../../../rsp/fetch.ts'
import { ES9p } from '../../../rsp/interfaces/es9p.ts'
import { ASN1_PATH, ES9pAsn1 } from '../../../rsp/interfaces/es9p-asn1.ts'
import { RspServerError } from '../../rsp-server/error.ts'
import { readBody } from '../../rsp-server/http-body.ts'
import type { Faults, FunctionName } from './faults.ts'

/** Injects faults into the transport of the responses. */
export const injectTransportFaults =
  (faults: Faults): FetchLayer =>
  next =>
    async function injectTransportFaults(request) {
      const name = await findFunctionName(request)
      const fault = name === undefined ? undefined : faults.drawTransport(name)
      switch (fault?.kind) {
        case undefined:
          return await next(request)
        case 'delay':
          await faults.sleep(fault.milliseconds)
          return await next(request)
        case 'malformed':
          return await truncate(await next(request))
        case 'changed-byte':
          return await changePackage(await next(request), bytes => changeByte(bytes, fault.offset, fault.mask))
        case 'http-status':
          if (fault.after) await (await next(request)).arrayBuffer()
          return new Response(null, { status: fault.status })
        case 'reset':
          if (fault.after) await (await next(request)).arrayBuffer()
          return new Response(createBrokenBody())
      }
    }

/** A body that fails before its first byte, so that the HTTP server drops the connection. */
const createBrokenBody = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({ pull: controller => controller.error(new Error('reset by fault injection')) })

/** Returns a copy with the bits of `mask` inverted at `offset`. A negative offset counts from the end. */
export const changeByte = (bytes: Uint8Array, offset: number, mask = 0x01): Uint8Array => {
  const at = offset < 0 ? bytes.length + offset : offset
  const changed = bytes.slice()
  if (at >= 0 && at < changed.length) changed[at]! ^= mask
  return changed
}

/**
 * Changes the package in the encoded response, because the bindings cannot encode an invalid package. A response
 * without a package is unchanged.
 */
const changePackage = async (response: Response, change: (bytes: Uint8Array) => Uint8Array): Promise<Response> => {
  const body = new Uint8Array(await response.arrayBuffer())
  const { status, headers } = response
  const replaceBody = (changed: Uint8Array) => new Response(new Uint8Array(changed), { status, headers })
  if (headers.get('content-type')?.startsWith('application/json')) {
    const json = JSON.parse(new TextDecoder().decode(body)) as { boundProfilePackage?: string }
    if (json.boundProfilePackage === undefined) return replaceBody(body)
    const boundProfilePackage = toBase64(change(fromBase64(json.boundProfilePackage)))
    return replaceBody(new TextEncoder().encode(JSON.stringify({ ...json, boundProfilePackage })))
  }
  // [2] { [58] { [0] { transactionId, boundProfilePackage } } }: the package is the last element.
  const [functionResponse] = body.length === 0 ? [] : getChildren(readOnlyTlv(body))
  const [ok] = functionResponse === undefined ? [] : getChildren(functionResponse)
  const packageTlv = ok?.tag === 0xa0 ? getChildren(ok).at(-1) : undefined
  if (packageTlv?.tag !== 0xbf36) return replaceBody(body)
  return replaceBody(concat(body.subarray(0, packageTlv.start), change(body.subarray(packageTlv.start))))
}

/** Returns the first half of the response. A response without a body is unchanged. */
const truncate = async (response: Response): Promise<Response> => {
  if (response.body === null) return response
  const body = await response.arrayBuffer()
  return new Response(body.slice(0, body.byteLength >> 1), { status: response.status, headers: response.headers })
}

const BY_PATH = new Map(Object.entries(ES9p).map(([name, { path }]) => [path, name as FunctionName]))
const BY_TAG = new Map(Object.entries(ES9pAsn1).map(([name, { request }]) => [request.tag, name as FunctionName]))

/** The path names the function in the JSON binding, the inner tag in the ASN.1 binding. */
const findFunctionName = async (request: Request): Promise<FunctionName | undefined> => {
  const { pathname } = new URL(request.url)
  if (pathname !== ASN1_PATH) return BY_PATH.get(pathname)
  try {
    const body = await readBody(getRequestBody(request) ? request : request.clone())
    return BY_TAG.get(readTlv(body, readTlv(body).valueStart).tag)
  } catch (error) {
    // The server rejects the invalid body.
    if (error instanceof Asn1Error || error instanceof RspServerError) return undefined
    throw error
  }
}
