import { equalBytes } from '../../asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { hasRole } from '../../rsp/certificates/kinds.ts'
import { RspServerError } from './error.ts'

export interface EuiccChain {
  readonly euiccCertificate: Uint8Array
  /** The one above it: the EUM's, or its sub-CA's. */
  readonly eumCertificate: Uint8Array
  /** What stands above that one, in any order (version 3). */
  readonly otherCertsInChain?: readonly Uint8Array[] | undefined
  /** The CIs under one of which it must stand. */
  readonly trusted: readonly RspCertificate[]
  readonly now: Date
  readonly crls: readonly Crl[]
}

/** More certificates than the longest chain has, variant C with its CI, are not looked at. */
const MAX_OTHERS = 3

/** The certificate of a card whose chain was verified. Throws RspServerError with the certificate at fault. */
export const verifyEuiccChain = (given: EuiccChain): RspCertificate => {
  const { trusted, now, crls } = given
  const others = given.otherCertsInChain ?? []
  if (others.length > MAX_OTHERS)
    throw new RspServerError('eum-certificate-invalid', `${others.length} more certificates in the chain`)
  const above = orderAbove(
    readCertificate(given.eumCertificate, 'EUM'),
    others.map(der => readCertificate(der, 'EUM')),
  )
  const euicc = readCertificate(given.euiccCertificate, 'eUICC')
  // The CI first: a chain under another CI is refused as such, whatever else is wrong with it.
  const top = above.at(-1)!
  const { authorityKeyId } = top
  if (authorityKeyId === undefined) throw new RspServerError('eum-certificate-invalid', 'it names no key of its issuer')
  if (!trusted.some(({ subjectKeyId }) => equalBytes(subjectKeyId!, authorityKeyId)))
    throw new RspServerError('unknown-ci', `the chain is of another CI: ${top.issuer}`)
  const common = { trustAnchors: trusted, now, crls }
  try {
    // SGP.22 §5.6.3: the EUM certificate first, as it is the one that the other is judged by.
    const kind = above.length > 1 && hasRole(above[1]!, 'EUM') ? 'EUMSubCA' : 'EUM'
    verifyChain({ kind, chain: above, ...common })
    verifyChain({ kind: 'eUICC', chain: [euicc, ...above], ...common })
  } catch (error) {
    if (error instanceof CertificateError) throw refusalFor(error, error.kind === 'eUICC' ? 'eUICC' : 'EUM')
    throw error
  }
  return euicc
}

/** Each behind the one that it issued; a CI that comes along is left out, trust in it is decided here. */
const orderAbove = (first: RspCertificate, others: readonly RspCertificate[]): readonly RspCertificate[] => {
  const chain = [first]
  for (;;) {
    const { authorityKeyId } = chain.at(-1)!
    const issuer = others.find(
      other =>
        authorityKeyId !== undefined &&
        other.subjectKeyId !== undefined &&
        equalBytes(other.subjectKeyId, authorityKeyId) &&
        other.subject !== other.issuer &&
        !chain.includes(other),
    )
    if (issuer === undefined) return chain
    chain.push(issuer)
  }
}

const readCertificate = (der: Uint8Array, kind: 'EUM' | 'eUICC'): RspCertificate => {
  try {
    return parseCertificate(der)
  } catch (error) {
    if (error instanceof CertificateError) throw refusalFor(error, kind)
    throw error
  }
}

const refusalFor = (cause: CertificateError, kind: 'EUM' | 'eUICC'): RspServerError => {
  if (cause.code === 'unknown-ci') return new RspServerError('unknown-ci', cause.message, { cause })
  const about = cause.code === 'expired' ? 'expired' : 'invalid'
  return new RspServerError(`${kind === 'EUM' ? 'eum' : 'euicc'}-certificate-${about}`, cause.message, { cause })
}
