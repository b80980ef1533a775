import { equalBytes } from '../../asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { hasRole } from '../../rsp/certificates/kinds.ts'

export interface ServerTrust {
  /** Subject key ids that the card lists for verification (`readTrustedIssuers`). */
  readonly ciPkIds: readonly Uint8Array[]
  /** CI certificates at hand, DER: those whose key id the card does not list count for nothing. */
  readonly certificates: readonly Uint8Array[]
  readonly clock: () => Date
  readonly crls?: readonly Crl[]
  /** An SM-DS shows DStls; where an event may lead to one or the other, either will do. */
  readonly kind?: 'DPtls' | 'DStls' | 'either'
}

/**
 * The trust of the LPA's TLS (SGP.22 §2.6.6): the card's own list of certificate issuers, and nothing of the
 * platform's. Gives the check of one handshake, which throws a CertificateError where the chain (DER, the server's
 * first) does not prove that it is `host`.
 */
export const rspServerTrust = ({
  ciPkIds,
  certificates,
  clock,
  crls = [],
  kind = 'DPtls',
}: ServerTrust): ((chain: readonly Uint8Array[], host: string) => void) => {
  const trustAnchors = certificates.map(parseCertificate).filter(isListed(ciPkIds))
  return (ders, host) => {
    const chain = withoutRepeats(ders).map(parseCertificate)
    const [server] = chain
    const role = kind !== 'either' ? kind : server !== undefined && hasRole(server, 'DStls') ? 'DStls' : 'DPtls'
    verifyChain({ kind: role, chain, trustAnchors, now: clock(), crls })
    if (!server!.dnsNames.some(name => namesHost(name, host)))
      throw new CertificateError('wrong-names', `it is for ${server!.dnsNames.join(', ')}, not for ${host}`, {
        kind: role,
        subject: server!.subject,
      })
  }
}

const isListed =
  (ids: readonly Uint8Array[]) =>
  ({ subjectKeyId }: RspCertificate): boolean =>
    subjectKeyId !== undefined && ids.some(id => equalBytes(id, subjectKeyId))

/** A self-signed certificate at the end of a chain may be met again and again while walking up from issuer to issuer. */
const withoutRepeats = (ders: readonly Uint8Array[]): readonly Uint8Array[] =>
  ders.filter((der, index) => ders.findIndex(other => equalBytes(other, der)) === index)

/** Without regard to case; `*` stands for one whole label, the leftmost (RFC 6125 §6.4.3). */
const namesHost = (name: string, host: string): boolean => {
  const [given, asked] = [name.toLowerCase(), host.toLowerCase().replace(/\.$/, '')]
  if (!given.startsWith('*.')) return given === asked
  const dot = asked.indexOf('.')
  return dot > 0 && asked.slice(dot) === given.slice(1)
}
