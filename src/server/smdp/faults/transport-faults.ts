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

/** A copy with the bits of `mask` turned at `offset`, which counts from the end where it is negative. */
export const changeByte = (bytes: Uint8Array, offset: number, mask = 0x01): Uint8Array => {
  const at = offset < 0 ? bytes.length + offset : offset
  const changed = bytes.slice()
  if (at >= 0 && at < changed.length) changed[at]! ^= mask
  return changed
}

/**
 * Changes the package inside an answer, on the wire: the bindings would not write what is no element any more. An
 * answer without a package stays as it is.
 */
const changePackage = async (response: Response, change: (bytes: Uint8Array) => Uint8Array): Promise<Response> => {
  const body = new Uint8Array(await response.arrayBuffer())
  const { status, headers } = response
  const say = (changed: Uint8Array) => new Response(new Uint8Array(changed), { status, headers })
  if (headers.get('content-type')?.startsWith('application/json')) {
    const json = JSON.parse(new TextDecoder().decode(body)) as { boundProfilePackage?: string }
    if (json.boundProfilePackage === undefined) return say(body)
    const boundProfilePackage = toBase64(change(fromBase64(json.boundProfilePackage)))
    return say(new TextEncoder().encode(JSON.stringify({ ...json, boundProfilePackage })))
  }
  // [2] { [58] { [0] { transactionId, boundProfilePackage } } }: the package is the last element of the answer.
  const [functionResponse] = body.length === 0 ? [] : getChildren(readOnlyTlv(body))
  const [ok] = functionResponse === undefined ? [] : getChildren(functionResponse)
  const packageTlv = ok?.tag === 0xa0 ? getChildren(ok).at(-1) : undefined
  if (packageTlv?.tag !== 0xbf36) return say(body)
  return say(concat(body.subarray(0, packageTlv.start), change(body.subarray(packageTlv.start))))
}

/** The first half of the answer. One without a body stays as it is. */
const truncate = async (response: Response): Promise<Response> => {
  if (response.body === null) return response
  const body = await response.arrayBuffer()
  return new Response(body.slice(0, body.byteLength >> 1), { status: response.status, headers: response.headers })
}

const BY_PATH = new Map(Object.entries(ES9p).map(([name, { path }]) => [path, name as FunctionName]))
const BY_TAG = new Map(Object.entries(ES9pAsn1).map(([name, { request }]) => [request.tag, name as FunctionName]))

/** In the JSON binding the path says it, in the ASN.1 binding the tag inside the wrapper. */
const findFunctionName = async (request: Request): Promise<FunctionName | undefined> => {
  const { pathname } = new URL(request.url)
  if (pathname !== ASN1_PATH) return BY_PATH.get(pathname)
  try {
    const body = await readBody(getRequestBody(request) ? request : request.clone())
    return BY_TAG.get(readTlv(body, readTlv(body).valueStart).tag)
  } catch (error) {
    // The server itself says what is wrong with it.
    if (error instanceof Asn1Error || error instanceof RspServerError) return undefined
    throw error
  }
}
