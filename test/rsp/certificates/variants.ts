import type { KeyObject } from 'node:crypto'
import type { RspCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { type CertificateToIssue, type Credential, issueCertificate } from '../../../src/rsp/certificates/issue.ts'
import { CERTIFICATE_KINDS } from '../../../src/rsp/certificates/kinds.ts'
import type { Pki } from '../../../src/rsp/certificates/pki-folder.ts'
import { TEST_EID } from '../../../src/rsp/certificates/test-pki.ts'
import { drawScalar, privateKeyFromScalar } from '../../../src/rsp/crypto/curve.ts'
import { seededRandom } from '../seeded-random.ts'

export type Variant = 'O' | 'Ov3' | 'A' | 'B' | 'C'

/** The possible faults in a chain of version 3. */
export interface VariantFaults {
  readonly eid?: string
  readonly permittedEins?: readonly string[]
  /** The EID prefixes of the sub-CA of the EUM. */
  readonly subCaEins?: readonly string[]
  readonly eumPathLength?: number
  readonly expired?: 'CISubCA' | 'EUM' | 'EUMSubCA'
  readonly wrongRole?: 'CISubCA' | 'EUM' | 'EUMSubCA' | 'eUICC'
}

/**
 * Issues a chain of an eUICC under the CI of `pki`, from the eUICC to the certificate below the CI (SGP.22 v3
 * §4.5.2.1).
 */
export const issueVariant = (
  pki: Pki,
  variant: Variant,
  now: Date,
  { eid = TEST_EID, permittedEins = ['89049032'], subCaEins, eumPathLength, expired, wrongRole }: VariantFaults = {},
): { readonly euicc: Credential; readonly above: readonly RspCertificate[] } => {
  if (variant === 'O') return { euicc: pki.euicc, above: [pki.eum.certificate] }
  const random = seededRandom(`variant ${variant}`)
  const year = 365 * 86_400_000
  const issue = (
    kind: 'CISubCA' | 'EUM' | 'EUMSubCA' | 'eUICC',
    issuer: Credential,
    more: Partial<CertificateToIssue> = {},
  ): Credential => {
    const privateKey: KeyObject = privateKeyFromScalar(pki.curve, drawScalar(pki.curve, random))
    const certificate = issueCertificate({
      kind,
      issuer,
      key: privateKey,
      random,
      subject: { commonName: `Test ${kind}`, organization: 'RSP Test EUM' },
      notBefore: new Date(now.getTime() - 2 * year),
      notAfter: new Date(now.getTime() + (kind === expired ? -1 : 5) * year),
      departures: {
        role:
          kind === wrongRole
            ? CERTIFICATE_KINDS.DPauth.role
            : (CERTIFICATE_KINDS[kind].roleV3 ?? CERTIFICATE_KINDS[kind].role),
      },
      ...(kind === 'EUM' && { registeredId: '2.999.5' }),
      ...more,
    })
    return { certificate, privateKey }
  }
  const ci = { certificate: pki.ci.certificate, privateKey: pki.ci.privateKey! }
  const ciSubCa = variant === 'B' || variant === 'C' ? issue('CISubCA', ci) : undefined
  const hasEumSubCa = variant === 'A' || variant === 'C'
  const eum = issue('EUM', ciSubCa ?? ci, { permittedEins, pathLength: eumPathLength ?? (hasEumSubCa ? 1 : 0) })
  const eumSubCa = hasEumSubCa
    ? issue('EUMSubCA', eum, {
        pathLength: 0,
        departures: {
          role: wrongRole === 'EUMSubCA' ? CERTIFICATE_KINDS.DPauth.role : CERTIFICATE_KINDS.EUMSubCA.role,
        },
        ...(subCaEins && { permittedEins: subCaEins }),
      })
    : undefined
  const euicc = issue('eUICC', eumSubCa ?? eum, {
    subject: { commonName: 'Test eUICC', organization: 'RSP Test EUM', serialNumber: eid },
  })
  const above = [eumSubCa, eum, ciSubCa].flatMap(credential => (credential ? [credential.certificate] : []))
  return { euicc, above }
}
