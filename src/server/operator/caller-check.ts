import { createHash, timingSafeEqual } from 'node:crypto'

/** The client certificate of the caller as the TLS layer reports it; undefined without one. */
export interface ClientCertificate {
  /** The subject in the form of RFC 4514 or OpenSSL. Attribute values are compared in any order. */
  readonly subject: string
  /** The certificate chains to the root that the operator trusts and is not revoked. */
  readonly trusted: boolean
  readonly notBefore: Date
  readonly notAfter: Date
}

export interface CallerPolicy {
  /** Without it the API requests no certificate (a bench in one process without TLS). */
  readonly certificate?: {
    readonly of: (request: Request) => ClientCertificate | undefined
    readonly subject: string
  }
  /** `user:password` of HTTP Basic, if required. A secret: never in a response or a log. */
  readonly basic?: string
}

export type CallerRefusal = { readonly status: 401 | 403; readonly detail: string; readonly challenge?: string }

const attributesOf = (subject: string): string =>
  subject
    .split(/\s*[,\n]\s*/)
    .map(part => part.trim())
    .filter(part => part !== '')
    .sort()
    .join(',')

const sameText = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())

/**
 * Checks the certificate before the credentials. The contract contradicts itself (403 or 401). Here a missing or expired
 * certificate is 401 and a foreign one 403. TLS must therefore request a certificate without requiring it.
 */
export const checkCaller = (request: Request, policy: CallerPolicy, now: Date): CallerRefusal | undefined => {
  if (policy.certificate !== undefined) {
    const certificate = policy.certificate.of(request)
    if (certificate === undefined) return { status: 401, detail: 'a TLS client certificate is required' }
    if (!certificate.trusted) return { status: 403, detail: 'the client certificate is not trusted' }
    if (now > certificate.notAfter) return { status: 401, detail: 'the client certificate has expired' }
    if (now < certificate.notBefore) return { status: 403, detail: 'the client certificate is not valid yet' }
    if (attributesOf(certificate.subject) !== attributesOf(policy.certificate.subject))
      return { status: 403, detail: 'the client certificate has another subject than the expected one' }
  }
  if (policy.basic !== undefined) {
    const expected = `Basic ${Buffer.from(policy.basic, 'utf8').toString('base64')}`
    if (!sameText(request.headers.get('authorization') ?? '', expected))
      return { status: 401, detail: 'wrong or missing credentials', challenge: 'Basic realm="operator API"' }
  }
  return undefined
}
