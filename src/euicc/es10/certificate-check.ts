import { parseCertificate, type RspCertificate } from '../../rsp/certificates/certificate.ts'
import { verifyChain } from '../../rsp/certificates/chain.ts'
import { CertificateError, type CertificateErrorCode } from '../../rsp/certificates/error.ts'
import type { CertificateKind } from '../../rsp/certificates/kinds.ts'
import type { FunctionContext } from '../commands/answer.ts'

/** Certificate errors of AuthenticateServer and PrepareDownload. */
type CertificateRefusal = 'invalidCertificate' | 'unsupportedCurve' | 'invalidOid' | 'ciPKUnknown'

/**
 * Verifies a server certificate under one of `cis` (SGP.22 §4.5.2.2). Returns it with its CI, or the error. An unknown
 * CI is `ciPKUnknown`, which only AuthenticateServer returns.
 */
export const trusted = (
  kind: CertificateKind,
  der: Uint8Array,
  cis: readonly RspCertificate[],
  { state, identity, now }: FunctionContext,
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
