import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import { CertificateError, type CertificateErrorCode } from '../../rsp/certificates/error.ts'
import type { CertificateKind } from '../../rsp/certificates/kinds.ts'
import type { Situation } from '../commands/answer.ts'

/** What AuthenticateServer and PrepareDownload may say of a server's certificate. */
type CertificateRefusal = 'invalidCertificate' | 'unsupportedCurve' | 'invalidOid' | 'ciPKUnknown'

/**
 * A server's certificate, believed under one of `cis` (SGP.22 §4.5.2.2), with the CI that it came to; or why not.
 * A CI that the card does not have is `ciPKUnknown`, which only AuthenticateServer can say.
 */
export const trusted = (
  kind: CertificateKind,
  der: Uint8Array,
  cis: readonly RspCertificate[],
  { state, identity, now }: Situation,
): { certificate: RspCertificate; ci: RspCertificate } | { refused: CertificateRefusal } => {
  try {
    const certificate = parseCertificate(der)
    const crls = [...state.crls.values()]
    const ci = verifyChain({ kind, chain: [certificate], trustAnchors: cis, now, crls })
    return identity.credentials.some(({ euicc }) => euicc.curve === certificate.curve)
      ? { certificate, ci }
      : { refused: 'unsupportedCurve' }
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error
    return { refused: REFUSALS[error.code] ?? 'invalidCertificate' }
  }
}

const REFUSALS: Partial<Record<CertificateErrorCode, CertificateRefusal>> = {
  'wrong-names': 'invalidOid',
  'unknown-ci': 'ciPKUnknown',
}
