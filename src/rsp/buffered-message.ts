/**
 * Requests and responses whose body is in memory. They are a `Request` and a `Response` in every respect, but create
 * the platform's object (a stream and an event target, which costs as much as a signature) only when a caller needs it.
 * One exception: `new Request(request)` and the platform's `fetch` need `request.clone()`.
 */

type Body = string | Uint8Array

export interface BufferedRequestParts {
  readonly method: string
  /** Absolute and normalized, as `new URL(url).href` returns it. */
  readonly url: string
  /** Value of a header by its lower-case name. */
  readonly getHeader: (name: string) => string | undefined
  /** All headers, for callers that need the platform's object. */
  readonly listHeaders: () => Iterable<[string, string]>
  readonly body: Uint8Array
}
export interface BufferedResponseParts {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body | null
}

abstract class BufferedMessage<Parts, Platform extends object> {
  readonly parts: Parts
  #platform: Platform | undefined

  constructor(parts: Parts) {
    this.parts = parts
  }

  protected abstract createPlatform(): Platform

  get platform(): Platform {
    this.#platform ??= this.createPlatform()
    return this.#platform
  }
}

class BufferedRequest extends BufferedMessage<BufferedRequestParts, Request> {
  get method(): string {
    return this.parts.method
  }

  get url(): string {
    return this.parts.url
  }

  protected createPlatform(): Request {
    const { method, url, body, listHeaders } = this.parts
    return new Request(url, { method, headers: [...listHeaders()], body: body as BodyInit })
  }
}

class BufferedResponse extends BufferedMessage<BufferedResponseParts, Response> {
  get status(): number {
    return this.parts.status
  }

  protected createPlatform(): Response {
    const { status, headers, body } = this.parts
    return new Response(body as BodyInit | null, { status, headers })
  }
}

/** Makes `buffered` an instance of the platform's class: a member that it does not define is that of `platform`. */
const inheritMembers = (buffered: { readonly prototype: object }, platform: { readonly prototype: object }): void => {
  const root = BufferedMessage.prototype
  for (const name of Object.getOwnPropertyNames(platform.prototype)) {
    if (Object.hasOwn(buffered.prototype, name)) continue
    Object.defineProperty(buffered.prototype, name, {
      configurable: true,
      get(this: BufferedMessage<unknown, object>) {
        const value: unknown = Reflect.get(this.platform, name)
        return typeof value === 'function' ? value.bind(this.platform) : value
      },
    })
  }
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(root)))
    if (name !== 'constructor') Object.defineProperty(buffered.prototype, name, property)
  Object.setPrototypeOf(buffered.prototype, platform.prototype)
}
inheritMembers(BufferedRequest, Request)
inheritMembers(BufferedResponse, Response)

export const createBufferedRequest = (parts: BufferedRequestParts): Request =>
  new BufferedRequest(parts) as unknown as Request

export const createBufferedResponse = (
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Body | null,
): Response => new BufferedResponse({ status, headers, body }) as unknown as Response

const getParts = <Parts>(message: unknown, type: abstract new (parts: Parts) => { readonly parts: Parts }) =>
  message instanceof type ? message.parts : undefined

/** The parts of a response whose body is in memory; undefined for a response of the platform. */
export const getResponseParts = (response: Response): BufferedResponseParts | undefined =>
  getParts<BufferedResponseParts>(response, BufferedResponse)

/** The body, if it is in memory. Does not consume the body. */
export const getRequestBody = (request: Request): Uint8Array | undefined =>
  getParts<BufferedRequestParts>(request, BufferedRequest)?.body

export const getRequestHeader = (request: Request, name: string): string | undefined => {
  const parts = getParts<BufferedRequestParts>(request, BufferedRequest)
  return parts ? parts.getHeader(name.toLowerCase()) : (request.headers.get(name) ?? undefined)
}

/** The path of the URL, without a query. */
export const getRequestPath = ({ url }: Request): string => {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  const end = url.slice(start).search(/[?#]/)
  return start < 0 ? '/' : end < 0 ? url.slice(start) : url.slice(start, start + end)
}
