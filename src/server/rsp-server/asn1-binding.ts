import { choice } from '../../asn1/constructed.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode, encode, type Schema } from '../../asn1/schema.ts'
import { createBufferedResponse } from '../../rsp/buffered-message.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  type Asn1Function,
  remoteProfileProvisioning,
} from '../../rsp/interfaces/es9p-asn1.ts'
import { type Binding, type CallContext, getProtocolHeader } from './binding.ts'
import { refuseMessage } from './error.ts'

type Table = Readonly<Record<string, Asn1Function<unknown, unknown>>>
type Handler = (request: never, context: CallContext) => Promise<unknown>

const ASN1_CONTENT = new RegExp(`^${ASN1_CONTENT_TYPE}\\s*(;|$)`, 'i')

/**
 * Binds a table of functions in ASN.1 (SGP.22 §6.6). All functions share one path; errors are integers of the function.
 * The response to an invalid message has no body, only the HTTP status and the protocol header.
 */
export const bindAsn1 = <const T extends Table>(table: T, handlers: { readonly [K in keyof T]: Handler }): Binding => {
  const requests = remoteProfileProvisioning(
    choice(
      Object.fromEntries(Object.entries(table).map(([name, { request }]) => [name, request as Schema<unknown>])),
      'RemoteProfileProvisioningRequest',
    ),
  )
  const decodeMessage = (body: Uint8Array): readonly [name: string, message: unknown] => {
    try {
      return Object.entries(decode(requests, body))[0]!
    } catch (cause) {
      if (cause instanceof Asn1Error) throw refuseMessage('malformed-member', cause.message, { cause })
      throw cause
    }
  }
  const encodeResult = (key: string, result: { ok: unknown } | { error: string }): Uint8Array | undefined => {
    const { response } = table[key]!
    return response && encode(remoteProfileProvisioning(response), result)
  }
  return {
    contentType: ASN1_CONTENT,
    accepts: path => path === ASN1_PATH,
    async decode(_path, readBody) {
      const [key, request] = decodeMessage(await readBody())
      return { key, request, header: undefined }
    },
    callHandler: ({ key, request }, context) => handlers[key]!(request as never, context),
    getName: key => key,
    encode: (key, ok) => encodeResult(key, { ok }),
    createResponse(request, key, result) {
      const protocol = getProtocolHeader(request)
      const { response, errors, otherError } = table[key]!
      if (response === undefined) return createBufferedResponse('failure' in result ? 503 : 204, protocol, null)
      const error = 'failure' in result ? getFunctionError(result.failure, errors, otherError) : undefined
      const body = 'response' in result ? (result.response as Uint8Array) : error && encodeResult(key, error)
      if (body === undefined) return createBufferedResponse(503, protocol, null)
      return createBufferedResponse(200, { ...protocol, 'Content-Type': ASN1_CONTENT_TYPE }, body)
    },
    createRejection: (request, { status, headers }) =>
      createBufferedResponse(status, { ...getProtocolHeader(request), ...headers }, null),
  }
}

const getFunctionError = (
  { subjectCode, reasonCode }: { subjectCode: string; reasonCode: string },
  errors: Readonly<Record<string, string>>,
  otherError: string | undefined,
): { error: string } | undefined => {
  const error = errors[`${subjectCode}/${reasonCode}`] ?? otherError
  return error === undefined ? undefined : { error }
}
