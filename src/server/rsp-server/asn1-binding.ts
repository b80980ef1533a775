import { choice } from '../../asn1/constructed.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { decode, encode, type Schema } from '../../asn1/schema.ts'
import type { Fetch, WholeResponse } from '../../rsp/fetch.ts'
import { ASN1_CONTENT_TYPE, type Asn1Function, remoteProfileProvisioning } from '../../rsp/interfaces/es9p-asn1.ts'
import { ADMIN_PROTOCOL_HEADER } from '../../rsp/interfaces/http-function.ts'
import { refuseMessage } from './error.ts'
import type { Call } from './http-binding.ts'
import { decodeRequest, type FunctionHooks, runFunction, validateHeaders, versionFor } from './http-frame.ts'
import { answerMessages, type HttpMessage } from './http-message.ts'

type Table = Readonly<Record<string, Asn1Function<unknown, unknown>>>
type Answer = (request: never, call: Call) => Promise<unknown>

const ASN1_CONTENT = new RegExp(`^${ASN1_CONTENT_TYPE}\\s*(;|$)`, 'i')

/**
 * The same functions in the ASN.1 binding (SGP.22 §6.6): one path for all, errors as integers of the function.
 *
 * A message that cannot be read has no answer in this binding: the HTTP status and the protocol header say all.
 */
export const bindAsn1 = <const T extends Table>(
  table: T,
  answers: { readonly [K in keyof T]: Answer },
  conduct: FunctionHooks,
): Fetch => {
  const requests = remoteProfileProvisioning(
    choice(
      Object.fromEntries(Object.entries(table).map(([name, { request }]) => [name, request as Schema<unknown>])),
      'RemoteProfileProvisioningRequest',
    ),
  )
  const read = (body: Uint8Array): [name: string, message: never] => {
    try {
      return Object.entries(decode(requests, body))[0] as [string, never]
    } catch (cause) {
      if (cause instanceof Asn1Error) throw refuseMessage('malformed-member', cause.message, { cause })
      throw cause
    }
  }

  const answerMessage = async (request: HttpMessage): Promise<WholeResponse> => {
    const protocol = { [ADMIN_PROTOCOL_HEADER]: versionFor(request) }
    const bare = (status: number, headers: Readonly<Record<string, string>> = {}): WholeResponse => ({
      status,
      headers: { ...protocol, ...headers },
      body: null,
    })
    const fault = validateHeaders(request, ASN1_CONTENT, true)
    if (fault !== undefined) return bare(fault.status, fault.headers)
    const taken = await decodeRequest(request, read)
    if (!('message' in taken)) return bare(taken.status)

    const [name, message] = taken.message
    const { response, errors, otherError } = table[name]!
    const answer = answers[name]!
    const write = (value: { ok: unknown } | { error: string }) =>
      response && encode(remoteProfileProvisioning(response), value)
    const run = async () => write({ ok: await answer(message, { requester: 'LPA', header: undefined }) })
    const outcome = await runFunction(name, run, conduct)
    if (response === undefined) return bare('failure' in outcome ? 503 : 204)
    const error = 'failure' in outcome ? errorOf(outcome.failure, errors, otherError) : undefined
    const body = 'response' in outcome ? outcome.response : error && write(error)
    if (body === undefined) return bare(503)
    return { status: 200, headers: { ...protocol, 'Content-Type': ASN1_CONTENT_TYPE }, body }
  }
  return answerMessages(answerMessage, 'LPA')
}

const errorOf = (
  { subjectCode, reasonCode }: { subjectCode: string; reasonCode: string },
  errors: Readonly<Record<string, string>>,
  otherError: string | undefined,
): { error: string } | undefined => {
  const error = errors[`${subjectCode}/${reasonCode}`] ?? otherError
  return error === undefined ? undefined : { error }
}
