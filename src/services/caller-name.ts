import { X509Certificate } from 'node:crypto'
import { callerCertificateOf } from '../host/net/mount-fetch.ts'
import { checkWebServer } from '../host/pki/web-pki.ts'
import { parseCertificate, type RspCertificate } from '../rsp/certificates/certificate.ts'

/** Identifies clients: holders of certificates of the bench's web CA, or of a CA that the user named. */
export type CallerAuthority = RspCertificate | X509Certificate

/** The name in a client certificate that one of the authorities issued; undefined for an unknown client. */
export const nameOfCaller = (
  authorities: readonly CallerAuthority[],
  clock: () => Date,
  der: Uint8Array | undefined,
): string | undefined => {
  if (der === undefined) return undefined
  for (const authority of authorities) {
    const name =
      authority instanceof X509Certificate ? byForeign(authority, clock(), der) : byOwn(authority, clock, der)
    if (name !== undefined) return name
  }
  return undefined
}

export const callerName = (
  authorities: readonly CallerAuthority[],
  clock: () => Date,
  request: Request,
): string | undefined => nameOfCaller(authorities, clock, callerCertificateOf(request))

const byOwn = (ca: RspCertificate, clock: () => Date, der: Uint8Array): string | undefined => {
  try {
    const [name] = parseCertificate(der).dnsNames
    if (name) checkWebServer(ca, clock)([der], name)
    return name
  } catch {
    return undefined
  }
}

/** For a certificate of another party, checks only the issuer and the validity dates. */
const byForeign = (ca: X509Certificate, now: Date, der: Uint8Array): string | undefined => {
  try {
    const certificate = new X509Certificate(der)
    const isOurs = certificate.checkIssued(ca) && certificate.verify(ca.publicKey)
    if (!isOurs || now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) return undefined
    const dns = certificate.subjectAltName?.match(/DNS:([^,\s"]+)/)?.[1]
    return dns ?? certificate.subject.match(/^CN=(.+)$/m)?.[1]
  } catch {
    return undefined
  }
}
