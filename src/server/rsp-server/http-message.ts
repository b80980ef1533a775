import type { Fetch, WholeRequest, WholeResponse } from '../../rsp/fetch.ts'
import { checkLength, readBody } from './http-body.ts'

/** What the bindings see of a request, whether it came as a stream or whole. */
export interface HttpMessage {
  readonly method: string
  readonly path: string
  header(name: string): string | null
  readBody(): Promise<Uint8Array>
  /** Who calls, as the connection tells; undefined: nobody who may. */
  requester(): string | undefined
}

/** Who calls, as the connection tells (mutual TLS); undefined refuses. 'LPA': whoever calls is one. */
export type RequesterOf = 'LPA' | ((request: Request) => string | undefined)

/** A binding as a Fetch. What it asks of the connection it can only ask by the Request. */
export const answerMessages = (
  answer: (message: HttpMessage) => Promise<WholeResponse>,
  requesterOf: RequesterOf,
): Fetch => {
  const fetch = async (request: Request): Promise<Response> => {
    const { body, ...head } = await answer({
      method: request.method,
      path: new URL(request.url).pathname,
      header: name => request.headers.get(name),
      readBody: () => readBody(request),
      requester: requesterOf === 'LPA' ? () => requesterOf : () => requesterOf(request),
    })
    return new Response(body as BodyInit | null, head)
  }
  if (requesterOf !== 'LPA') return fetch
  const answerWhole = (request: WholeRequest): Promise<WholeResponse> =>
    answer({
      method: request.method,
      path: request.path,
      header: request.header,
      readBody: async () => checkLength(request.body),
      requester: () => requesterOf,
    })
  return Object.assign(fetch, { answerWhole })
}
