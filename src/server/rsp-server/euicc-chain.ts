import { equalBytes } from '../../asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { RspServerError } from './error.ts'

export interface EuiccChain {
  readonly euiccCertificate: Uint8Array
  readonly eumCertificate: Uint8Array
  /** The CIs under one of which it must stand. */
  readonly trusted: readonly RspCertificate[]
  readonly now: Date
  readonly crls: readonly Crl[]
}

/** The certificate of a card whose chain was verified. Throws RspServerError with the certificate at fault. */
export const verifyEuiccChain = ({
  euiccCertificate,
  eumCertificate,
  trusted,
  now,
  crls,
}: EuiccChain): RspCertificate => {
  const eum = readCertificate(eumCertificate, 'EUM')
  const euicc = readCertificate(euiccCertificate, 'eUICC')
  // The CI first: a chain under another CI is refused as such, whatever else is wrong with it.
  const { authorityKeyId } = eum
  if (authorityKeyId === undefined) throw new RspServerError('eum-certificate-invalid', 'it names no key of its issuer')
  if (!trusted.some(({ subjectKeyId }) => equalBytes(subjectKeyId!, authorityKeyId)))
    throw new RspServerError('unknown-ci', `the EUM certificate is of another CI: ${eum.issuer}`)
  const common = { trustAnchors: trusted, now, crls }
  try {
    // SGP.22 §5.6.3: the EUM certificate first, as it is the one that the other is judged by.
    verifyChain({ kind: 'EUM', chain: [eum], ...common })
    verifyChain({ kind: 'eUICC', chain: [euicc, eum], ...common })
  } catch (error) {
    if (error instanceof CertificateError) throw refusalFor(error, error.kind === 'eUICC' ? 'eUICC' : 'EUM')
    throw error
  }
  return euicc
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
