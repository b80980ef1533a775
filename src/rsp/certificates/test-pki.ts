import type { KeyObject } from 'node:crypto'
import { type CurveName, drawScalar, privateKeyFromScalar } from '../crypto/curve.ts'
import type { RspCertificate } from './certificate.ts'
import type { CertificateErrorCode } from './error.ts'
import { type CertificateToIssue, type Credential, issueCertificate, type SubjectName } from './issue.ts'
import { CERTIFICATE_KINDS, type CertificateKind } from './kinds.ts'
import type { Authority, Pki } from './pki-folder.ts'

/** The random source and the time for issuing. */
export interface IssuingContext {
  readonly random: (length: number) => Uint8Array
  readonly now: Date
}

/** The EID prefix of the test EUM, and the EID of the eUICC in SGP.26. */
export const TEST_EID_PREFIX = '89049032'
export const TEST_EID = '89049032123451234512345678901235'
const TEST_EUM = 'RSP Test EUM'
const CRL_URL = 'http://ci.test.example.com/CRL-A.crl'

/** Appends the two check digits to thirty digits (SGP.29: ISO/IEC 7064, MOD 97-10). */
export const completeEid = (digits: string): string =>
  `${digits}${String(98n - ((BigInt(digits) * 100n) % 97n)).padStart(2, '0')}`

const years = (now: Date, from: number, to: number): { notBefore: Date; notAfter: Date } => {
  const at = (offset: number) => {
    const date = new Date(now)
    date.setUTCFullYear(date.getUTCFullYear() + offset)
    return date
  }
  return { notBefore: at(from), notAfter: at(to) }
}

const drawKey = (curve: CurveName, random: IssuingContext['random']): KeyObject =>
  privateKeyFromScalar(curve, drawScalar(curve, random))

/** Registered ids below the example arc (2.999), with the numbers of SGP.26. */
const MEMBERS = {
  eum: { subject: { country: 'ES', organization: TEST_EUM, commonName: 'EUM Test' }, registeredId: '2.999.5' },
  dpAuth: { subject: { organization: 'ACME', commonName: 'TEST SM-DP+' }, registeredId: '2.999.10' },
  dpPb: { subject: { organization: 'ACME', commonName: 'TEST SM-DP+' }, registeredId: '2.999.10' },
} as const satisfies Record<string, { subject: SubjectName; registeredId: string }>

/** Issues a test PKI in the layout of SGP.26: all certificates of one curve, with all private keys. */
export const issueTestPki = ({
  curve,
  smdpHost,
  eid = TEST_EID,
  ...context
}: IssuingContext & { curve: CurveName; smdpHost: string; eid?: string }): Pki => {
  const { random, now } = context
  const issue = (
    toIssue: Omit<CertificateToIssue, 'key' | 'random' | 'notBefore' | 'notAfter'>,
    validity = years(now, -1, 10),
  ): Credential => {
    const privateKey = drawKey(curve, random)
    return { privateKey, certificate: issueCertificate({ ...toIssue, ...validity, key: privateKey, random }) }
  }
  const ci = issue(
    {
      kind: 'CI',
      subject: { country: 'IT', organization: 'RSPTEST', commonName: 'Test CI' },
      registeredId: '2.999.1',
      crlUrl: CRL_URL,
    },
    years(now, -1, 35),
  )
  const eum = issue(
    {
      kind: 'EUM',
      issuer: ci,
      ...MEMBERS.eum,
      permittedEids: { prefix: TEST_EID_PREFIX, organization: TEST_EUM },
      crlUrl: CRL_URL,
    },
    years(now, -1, 34),
  )
  return {
    curve,
    ci,
    eum,
    euicc: issueEuicc(eum, { ...context, eid }),
    dpAuth: issue({ kind: 'DPauth', issuer: ci, ...MEMBERS.dpAuth, crlUrl: CRL_URL }),
    dpPb: issue({ kind: 'DPpb', issuer: ci, ...MEMBERS.dpPb, crlUrl: CRL_URL }),
    dpTls: issueTls(ci, { ...context, dnsNames: [smdpHost] }),
  }
}

/** Issues the certificate and key of one more eUICC under an EUM with a private key. */
export const issueEuicc = (eum: Authority, { random, now, eid }: IssuingContext & { eid: string }): Credential => {
  const privateKey = drawKey(eum.certificate.curve, random)
  const certificate = issueCertificate({
    kind: 'eUICC',
    issuer: withKey(eum),
    subject: {
      country: 'ES',
      organization: eum.certificate.organization ?? TEST_EUM,
      serialNumber: eid,
      commonName: 'Test eUICC',
    },
    key: privateKey,
    random,
    ...years(now, -1, 30),
  })
  return { certificate, privateKey }
}

/** Issues a TLS server certificate and a new key under a CI with a private key. */
export const issueTls = (
  ci: Authority,
  {
    random,
    now,
    dnsNames,
    registeredId = '2.999.10',
  }: IssuingContext & { dnsNames: readonly string[]; registeredId?: string },
): Credential => {
  const privateKey = drawKey(ci.certificate.curve, random)
  const certificate = issueCertificate({
    kind: 'DPtls',
    issuer: withKey(ci),
    subject: { organization: 'ACME', commonName: dnsNames[0] ?? 'TEST SM-DP+' },
    key: privateKey,
    random,
    registeredId,
    dnsNames,
    crlUrl: CRL_URL,
    ...years(now, -1, 2),
  })
  return { certificate, privateKey }
}

/** For `readPkiFolder`: issues the certificate again with the same names, number and key and with new dates. */
export const reissueTls =
  ({ random, now }: IssuingContext) =>
  (ci: Credential, { certificate, privateKey }: Credential): Credential => ({
    privateKey,
    certificate: issueCertificate({
      kind: 'DPtls',
      issuer: ci,
      subject: { organization: 'ACME', commonName: certificate.dnsNames[0] ?? 'TEST SM-DP+' },
      key: privateKey,
      random,
      dnsNames: certificate.dnsNames,
      ...(certificate.registeredId !== undefined && { registeredId: certificate.registeredId }),
      ...years(now, -1, 2),
    }),
  })

const withKey = ({ certificate, privateKey }: Authority): Credential => {
  if (privateKey === undefined) throw new RangeError(`the private key of ${certificate.subject} is not available`)
  return { certificate, privateKey }
}

/** The errors for which `issueFaultyCertificate` can issue a certificate. */
export type CertificateFault = Extract<
  CertificateErrorCode,
  | 'unknown-ci'
  | 'bad-signature'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-role'
  | 'wrong-key-usage'
  | 'wrong-names'
  | 'unknown-critical-extension'
  | 'eid-not-permitted'
>

/**
 * Issues a certificate with exactly one fault, for tests of verifiers. The fault is named after the expected
 * CertificateError. (For `revoked`, combine a valid certificate with `issueCrl`.)
 */
export const issueFaultyCertificate = (
  pki: Pki,
  kind: Exclude<CertificateKind, 'CI'>,
  fault: CertificateFault,
  { random, now, eid = TEST_EID }: IssuingContext & { eid?: string },
): Credential => {
  const privateKey = drawKey(pki.curve, random)
  const real = CERTIFICATE_KINDS[kind].issuer === 'EUM' ? pki.eum : pki.ci
  const issuerKey = fault === 'bad-signature' || fault === 'unknown-ci' ? drawKey(pki.curve, random) : real.privateKey
  const issueUnknownCi = (): RspCertificate =>
    issueCertificate({
      kind: 'CI',
      subject: { commonName: 'Unknown CI' },
      key: issuerKey!,
      random,
      ...years(now, -1, 1),
    })
  const issuer = { certificate: fault === 'unknown-ci' ? issueUnknownCi() : real.certificate, privateKey: issuerKey }
  const named = fault !== 'wrong-names'
  const certificate = issueCertificate({
    kind,
    issuer: withKey(issuer),
    key: privateKey,
    random,
    subject: {
      commonName: `Faulty: ${fault}`,
      ...(kind === 'eUICC' && { organization: real.certificate.organization ?? TEST_EUM }),
      ...(kind === 'eUICC' && named && { serialNumber: fault === 'eid-not-permitted' ? `99${eid.slice(2)}` : eid }),
    },
    ...(kind !== 'eUICC' && named && { registeredId: '2.999.10' }),
    ...(CERTIFICATE_KINDS[kind].dnsName && named && { dnsNames: pki.dpTls.certificate.dnsNames }),
    ...(kind === 'EUM' && { permittedEids: { prefix: TEST_EID_PREFIX, organization: `Faulty: ${fault}` } }),
    ...years(now, fault === 'not-yet-valid' ? 1 : -2, fault === 'expired' ? -1 : 2),
    departures: {
      // Uses the other server role, or a server role for other kinds; role policies must prevent this confusion.
      ...(fault === 'wrong-role' && { role: CERTIFICATE_KINDS[kind === 'DPauth' ? 'DPpb' : 'DPauth'].role }),
      ...(fault === 'wrong-key-usage' && { keyUsage: ['keyAgreement'] as const }),
      ...(fault === 'unknown-critical-extension' && { criticalExtension: '2.999.66' }),
    },
  })
  return { certificate, privateKey }
}
