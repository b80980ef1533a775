import { type CurveName, drawScalar, privateKeyFromScalar } from '../crypto/curve.ts'
import { type Credential, issueCertificate } from './issue.ts'
import type { CertificateKind } from './kinds.ts'
import type { Authority, Pki } from './pki-folder.ts'
import type { IssuingContext } from './test-pki.ts'

/** The certificates of an SM-DS under one CI. */
export interface SmdsCertificates {
  readonly ci: Authority
  readonly dsAuth: Credential
  readonly dsTls: Credential
}

/**
 * Issues CERT.DSauth and CERT.DStls of a test SM-DS under a CI with a private key (SGP.22 §4.5.2.1). SGP.26 assigns the
 * OIDs 2.999.15 and 2.999.16 to its SM-DSs.
 */
export const issueSmdsCertificates = (
  { ci, curve }: Pick<Pki, 'ci' | 'curve'>,
  { random, now, host, registeredId = '2.999.15' }: IssuingContext & { host: string; registeredId?: string },
): SmdsCertificates => {
  const { certificate, privateKey } = ci
  if (privateKey === undefined) throw new RangeError(`the private key of ${certificate.subject} is not available`)
  const issue = (kind: CertificateKind, commonName: string, dnsNames: readonly string[], years: number): Credential => {
    const key = drawKey(curve, random)
    const notAfter = new Date(now)
    notAfter.setUTCFullYear(now.getUTCFullYear() + years)
    const notBefore = new Date(now)
    notBefore.setUTCFullYear(now.getUTCFullYear() - 1)
    const issued = issueCertificate({
      kind,
      issuer: { certificate, privateKey },
      subject: { organization: 'ACME', commonName },
      key,
      random,
      registeredId,
      dnsNames,
      notBefore,
      notAfter,
    })
    return { certificate: issued, privateKey: key }
  }
  return { ci, dsAuth: issue('DSauth', 'TEST SM-DS', [], 10), dsTls: issue('DStls', host, [host], 2) }
}

const drawKey = (curve: CurveName, random: IssuingContext['random']) =>
  privateKeyFromScalar(curve, drawScalar(curve, random))
