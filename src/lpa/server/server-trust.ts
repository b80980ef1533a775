import { equalBytes } from '../../asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { hasRole } from '../../rsp/certificates/kinds.ts'

export interface ServerTrust {
  /** Verification keys of the card (`readTrustedIssuers`). */
  readonly ciPkIds: readonly Uint8Array[]
  /** Available CI certificates (DER); those with another key id are not trusted. */
  readonly certificates: readonly Uint8Array[]
  readonly clock: () => Date
  readonly crls?: readonly Crl[]
  /** The role of the server; `either` if an event may refer to both. */
  readonly kind?: 'DPtls' | 'DStls' | 'either'
}

/**
 * TLS trust of the LPA (SGP.22 §2.6.6): the CI list of the card, not the platform's roots. Returns a check that throws
 * a CertificateError if the chain (DER, server first) does not authenticate `host`.
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

/** The issuer walk may list a self-signed root repeatedly. */
const withoutRepeats = (ders: readonly Uint8Array[]): readonly Uint8Array[] =>
  ders.filter((der, index) => ders.findIndex(other => equalBytes(other, der)) === index)

/** Case-insensitive; `*` matches the leftmost label (RFC 6125 §6.4.3). */
const namesHost = (name: string, host: string): boolean => {
  const [given, asked] = [name.toLowerCase(), host.toLowerCase().replace(/\.$/, '')]
  if (!given.startsWith('*.')) return given === asked
  const dot = asked.indexOf('.')
  return dot > 0 && asked.slice(dot) === given.slice(1)
}
