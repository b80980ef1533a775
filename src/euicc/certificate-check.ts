import { parseCertificate, type RspCertificate } from '../rsp/certificates/certificate.ts'
import { verifyChain } from '../rsp/certificates/chain.ts'
import { CertificateError } from '../rsp/certificates/error.ts'
import type { CertificateKind } from '../rsp/certificates/kinds.ts'
import type { Credential } from './identity.ts'
import type { CardState } from './state.ts'

/** What AuthenticateServer and PrepareDownload may say of a server's certificate. */
type CertificateRefusal = 'invalidCertificate' | 'unsupportedCurve' | 'invalidOid'

/** A server's certificate, believed under the CI that was chosen for the session (SGP.22 §4.5.2.2), or why not. */
export const trusted = ({
  kind,
  der,
  credential,
  state,
  now,
}: {
  kind: CertificateKind
  der: Uint8Array
  credential: Credential
  state: CardState
  now: Date
}): { certificate: RspCertificate } | { refused: CertificateRefusal } => {
  try {
    const certificate = parseCertificate(der)
    verifyChain({ kind, chain: [certificate], trustAnchors: [credential.ci], now, crls: [...state.crls.values()] })
    // What this card signs under this CI, and agrees keys with, is on the CI's curve.
    if (certificate.curve !== credential.euicc.curve) return { refused: 'unsupportedCurve' }
    return { certificate }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return { refused: error.code === 'wrong-names' ? 'invalidOid' : 'invalidCertificate' }
  }
}
