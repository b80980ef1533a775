import type { RspCertificate } from './certificate.ts'
import { CertificateError, type CertificateErrorCode } from './error.ts'
import { type KeyUsageName, OID } from './x509.ts'

/** The purpose of a certificate (SGP.22 §4.5.2.1). */
export type CertificateKind =
  | 'CI'
  | 'CISubCA'
  | 'EUM'
  | 'EUMSubCA'
  | 'eUICC'
  | 'DPauth'
  | 'DPpb'
  | 'DPtls'
  | 'DSauth'
  | 'DStls'

interface Demands {
  /** id-rspRole-* (SGP.22 Annex H), the only certificate policy. */
  readonly role: string
  /** The same role in the chains of version 3, variants Ov3, A, B and C. */
  readonly roleV3?: string
  readonly keyUsage: KeyUsageName
  readonly issuer: CertificateKind
  /** The sub-CA that may be between the certificate and its issuer (SGP.22 v3 §4.5.2.1). */
  readonly subCa?: CertificateKind
  /** Set for issuers: the number of sub-CAs that are allowed below. */
  readonly ca?: boolean
  readonly extendedKeyUsage?: readonly string[]
  readonly registeredId?: boolean
  readonly dnsName?: boolean
  readonly eid?: boolean
}

const ROLE = '2.23.146.1.2.1'
const server = { keyUsage: 'digitalSignature', issuer: 'CI', registeredId: true } as const
const tls = { ...server, extendedKeyUsage: [OID.serverAuth], dnsName: true } as const

/** SGP.22 §4.5.2.1.0: the required properties of each kind, used to verify a chain and to issue a test PKI. */
export const CERTIFICATE_KINDS: Readonly<Record<CertificateKind, Demands>> = {
  CI: { role: `${ROLE}.0`, keyUsage: 'keyCertSign', issuer: 'CI', ca: true },
  CISubCA: { role: `${ROLE}.0.0`, keyUsage: 'keyCertSign', issuer: 'CI', ca: true },
  eUICC: {
    role: `${ROLE}.1`,
    roleV3: `${ROLE}.0.0.0.0.0`,
    keyUsage: 'digitalSignature',
    issuer: 'EUM',
    subCa: 'EUMSubCA',
    eid: true,
  },
  EUM: {
    role: `${ROLE}.2`,
    roleV3: `${ROLE}.0.0.0`,
    keyUsage: 'keyCertSign',
    issuer: 'CI',
    subCa: 'CISubCA',
    ca: true,
    registeredId: true,
  },
  EUMSubCA: { role: `${ROLE}.0.0.0.0`, roleV3: `${ROLE}.0.0.0`, keyUsage: 'keyCertSign', issuer: 'EUM', ca: true },
  DPtls: { role: `${ROLE}.3`, ...tls },
  DPauth: { role: `${ROLE}.4`, ...server },
  DPpb: { role: `${ROLE}.5`, ...server },
  DStls: { role: `${ROLE}.6`, ...tls },
  DSauth: { role: `${ROLE}.7`, ...server },
}

export const hasRole = ({ policies }: RspCertificate, kind: CertificateKind): boolean => {
  const { role, roleV3 } = CERTIFICATE_KINDS[kind]
  return policies.includes(role) || (roleV3 !== undefined && policies.includes(roleV3))
}

/** Rejects a certificate without a property that its kind requires. */
export const checkKind = (certificate: RspCertificate, kind: CertificateKind): void => {
  const demands = CERTIFICATE_KINDS[kind]
  const refuse = (code: CertificateErrorCode, detail: string): never => {
    throw new CertificateError(code, detail, { kind, subject: certificate.subject })
  }
  const [unknown] = certificate.unknownCriticalExtensions
  // RFC 5280 §4.2: an unknown critical extension must be rejected.
  if (unknown !== undefined) refuse('unknown-critical-extension', `extension ${unknown} is critical and unknown`)
  if (!hasRole(certificate, kind))
    refuse(
      'wrong-role',
      `its certificate policy is not ${demands.role} but ${certificate.policies.join(', ') || 'none'}`,
    )
  if (!certificate.keyUsage.includes(demands.keyUsage))
    refuse('wrong-key-usage', `its key is not for ${demands.keyUsage}`)
  for (const purpose of demands.extendedKeyUsage ?? [])
    if (!certificate.extendedKeyUsage.includes(purpose))
      refuse('wrong-key-usage', `its extended key usage does not name ${purpose}`)
  if (demands.ca === true && !certificate.isCa) refuse('not-a-ca', 'its basicConstraints do not mark it as a CA')
  if (demands.ca === undefined && certificate.isCa) refuse('wrong-role', 'its basicConstraints mark it as a CA')
  if (certificate.subjectKeyId === undefined) refuse('malformed', 'it has no subjectKeyIdentifier')
  if (demands.registeredId && certificate.registeredId === undefined)
    refuse('wrong-names', 'its subjectAltName has no registeredID')
  if (demands.dnsName && certificate.dnsNames.length === 0) refuse('wrong-names', 'its subjectAltName has no dNSName')
  if (demands.eid && !/^\d{32}$/.test(certificate.eid ?? ''))
    refuse('wrong-names', 'the serialNumber of its subject is not an EID of 32 digits')
}
