import { equalBytes } from '../../asn1/bytes.ts'
import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import { CertificateError } from '../../rsp/certificates/error.ts'
import { refusal, type SmdpError } from './error.ts'
import type { Smdp } from './settings.ts'

/** The certificate of a card whose chain was verified under the CI `trusted`. Refuses with the subject at fault. */
export const verifyEuiccChain = (
  smdp: Smdp,
  trusted: readonly RspCertificate[],
  euiccCertificate: Uint8Array,
  eumCertificate: Uint8Array,
): RspCertificate => {
  const eum = readCertificate(eumCertificate, 'EUM')
  const euicc = readCertificate(euiccCertificate, 'eUICC')
  // The CI first: a chain under another CI is refused as such, whatever else is wrong with it.
  const { authorityKeyId } = eum
  if (authorityKeyId === undefined) throw refusal('eum-certificate-invalid', 'it names no key of its issuer')
  if (!trusted.some(({ subjectKeyId }) => equalBytes(subjectKeyId!, authorityKeyId))) throw refusal('unknown-ci')
  const common = { trustAnchors: trusted, now: smdp.clock(), crls: smdp.crls() }
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

const refusalFor = (cause: CertificateError, kind: 'EUM' | 'eUICC'): SmdpError => {
  if (cause.code === 'unknown-ci') return refusal('unknown-ci', undefined, { cause })
  const about = cause.code === 'expired' ? 'expired' : 'invalid'
  return refusal(`${kind === 'EUM' ? 'eum' : 'euicc'}-certificate-${about}`, cause.message, { cause })
}
