import { createHash, timingSafeEqual } from 'node:crypto'

/** What the TLS layer learnt about the caller's client certificate; nothing when none was given. */
export interface ClientCertificate {
  /** As RFC 4514 or OpenSSL print it; only the attribute values are compared, not their order. */
  readonly subject: string
  /** It chains to the root that the operator was told to trust, and is not revoked. */
  readonly trusted: boolean
  readonly notBefore: Date
  readonly notAfter: Date
}

export interface CallerPolicy {
  /** Without it the API does not ask for a certificate (a bench in one process without TLS). */
  readonly certificate?: {
    readonly of: (request: Request) => ClientCertificate | undefined
    readonly subject: string
  }
  /** `user:password` of HTTP Basic; without it none is asked for. A secret: never in an answer or a log. */
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
 * Certificate before credentials. The contract contradicts itself on the status (its error table says 403 for an invalid
 * certificate, its test list 401 for a missing or expired one): here a missing or expired certificate is 401, a foreign
 * one 403. TLS must therefore ask for a certificate without requiring it.
 */
export const checkCaller = (request: Request, policy: CallerPolicy, now: Date): CallerRefusal | undefined => {
  if (policy.certificate !== undefined) {
    const certificate = policy.certificate.of(request)
    if (certificate === undefined) return { status: 401, detail: 'a TLS client certificate is required' }
    if (!certificate.trusted) return { status: 403, detail: 'the client certificate is not trusted here' }
    if (now > certificate.notAfter) return { status: 401, detail: 'the client certificate has expired' }
    if (now < certificate.notBefore) return { status: 403, detail: 'the client certificate is not valid yet' }
    if (attributesOf(certificate.subject) !== attributesOf(policy.certificate.subject))
      return { status: 403, detail: 'the subject of the client certificate is not the expected one' }
  }
  if (policy.basic !== undefined) {
    const expected = `Basic ${Buffer.from(policy.basic, 'utf8').toString('base64')}`
    if (!sameText(request.headers.get('authorization') ?? '', expected))
      return { status: 401, detail: 'wrong or missing credentials', challenge: 'Basic realm="operator API"' }
  }
  return undefined
}
