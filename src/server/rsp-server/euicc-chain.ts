import { equalBytes } from '../../asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { hasRole } from '../../rsp/certificates/kinds.ts'
import { RspServerError } from './error.ts'

export interface EuiccChain {
  readonly euiccCertificate: Uint8Array
  /** The issuer of the eUICC certificate: the EUM or its sub-CA. */
  readonly eumCertificate: Uint8Array
  /** The certificates above the EUM certificate, in any order (SGP.22 version 3). */
  readonly otherCertsInChain?: readonly Uint8Array[] | undefined
  /** The chain must end at one of these CIs. */
  readonly trusted: readonly RspCertificate[]
  readonly now: Date
  readonly crls: readonly Crl[]
}

/** The longest chain is variant C with its CI. */
const MAX_OTHERS = 3

/** Verifies the chain and returns the eUICC certificate. Throws RspServerError that names the invalid certificate. */
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
  // Check the CI first: an unknown CI has its own status code, also if the chain has further errors.
  const top = above.at(-1)!
  const { authorityKeyId } = top
  if (authorityKeyId === undefined)
    throw new RspServerError('eum-certificate-invalid', 'it has no authorityKeyIdentifier')
  if (!trusted.some(({ subjectKeyId }) => equalBytes(subjectKeyId!, authorityKeyId)))
    throw new RspServerError('unknown-ci', `the chain ends at another CI: ${top.issuer}`)
  const common = { trustAnchors: trusted, now, crls }
  try {
    // SGP.22 §5.6.3: verify the EUM certificate first, because it verifies the eUICC certificate.
    const kind = above.length > 1 && hasRole(above[1]!, 'EUM') ? 'EUMSubCA' : 'EUM'
    verifyChain({ kind, chain: above, ...common })
    verifyChain({ kind: 'eUICC', chain: [euicc, ...above], ...common })
  } catch (error) {
    if (error instanceof CertificateError) throw refusalFor(error, error.kind === 'eUICC' ? 'eUICC' : 'EUM')
    throw error
  }
  return euicc
}

/** Orders the chain from the leaf up. A CI certificate in the message is left out: the server uses its own trust anchors. */
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
