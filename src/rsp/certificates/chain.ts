import { verify } from 'node:crypto'
import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { RspCertificate } from './certificate.ts'
import { type Crl, isRevoked } from './crl.ts'
import { CertificateError, type CertificateErrorCode } from './error.ts'
import { CERTIFICATE_KINDS, type CertificateKind, checkKind, hasRole } from './kinds.ts'

export interface ChainToVerify {
  readonly kind: CertificateKind
  /** The certificate to verify, then its issuers up to the one below the CI; the CI itself may follow. */
  readonly chain: readonly RspCertificate[]
  /** The trusted CIs. */
  readonly trustAnchors: readonly RspCertificate[]
  readonly now: Date
  /** The available CRLs of the CIs. A CRL whose signature does not verify with the key of its CI is ignored. */
  readonly crls?: readonly Crl[]
  /** The expected EID of an eUICC certificate, if known. */
  readonly eid?: string
}

// The result of a signature check does not change, so each certificate is verified once per issuer. Parsed certificates
// are cached by their bytes, so object identity is sufficient.
const signedBy = new WeakMap<RspCertificate, WeakSet<RspCertificate>>()

const isSignedBy = (certificate: RspCertificate, issuer: RspCertificate): boolean => {
  if (signedBy.get(certificate)?.has(issuer)) return true
  if (!verify('sha256', certificate.toBeSigned, issuer.publicKey, certificate.signature)) return false
  const known = signedBy.get(certificate) ?? new WeakSet()
  signedBy.set(certificate, known.add(issuer))
  return true
}

/**
 * Verifies a chain (SGP.22 §4.5.2.2) and returns the CI at its end. Throws a CertificateError.
 *
 * Checks in this order: issuers, signatures, dates, revocation, permitted use. The first failure is reported.
 */
export const verifyChain = ({ kind, chain, trustAnchors, now, crls = [], eid }: ChainToVerify): RspCertificate => {
  const links = linksOf(kind, chain, trustAnchors)
  for (const { kind, certificate, issuer } of links) {
    const refuse = refusal(kind, certificate)
    if (certificate.issuer !== issuer.subject) refuse('wrong-issuer', `the issuer is ${certificate.issuer}`)
    if (!isSignedBy(certificate, issuer)) refuse('bad-signature', 'the key of its issuer does not verify its signature')
  }
  for (const { kind, certificate } of [...links, anchorOf(links)]) {
    const refuse = refusal(kind, certificate)
    if (now < certificate.notBefore) refuse('not-yet-valid', `valid from ${certificate.notBefore.toISOString()}`)
    if (now > certificate.notAfter) refuse('expired', `expired on ${certificate.notAfter.toISOString()}`)
  }
  for (const { kind, certificate, issuer } of links)
    if (isRevoked(certificate, issuer, crls))
      refusal(kind, certificate)('revoked', `${certificate.serialNumber} is on the revocation list of its issuer`)
  for (const { kind, certificate } of [...links].reverse()) checkKind(certificate, kind)
  for (const [depth, { issuer }] of links.entries())
    if (!issuer.isCa || !issuer.keyUsage.includes('keyCertSign') || (issuer.pathLength ?? depth) < depth)
      refusal('issuer', issuer)('not-a-ca', 'it may not issue this certificate')
  if (kind === 'eUICC') checkEid(links, eid)
  return anchorOf(links).certificate
}

interface Link {
  readonly kind: CertificateKind
  readonly certificate: RspCertificate
  readonly issuer: RspCertificate
}

const refusal =
  (kind: string, certificate: RspCertificate) =>
  (code: CertificateErrorCode, detail: string): never => {
    throw new CertificateError(code, detail, { kind, subject: certificate.subject })
  }

const anchorOf = (links: readonly Link[]) => ({ kind: 'CI' as const, certificate: links.at(-1)!.issuer })

/** Pairs each certificate with its issuer by key identifiers; the last issuer is a trusted CI. */
const linksOf = (
  kind: CertificateKind,
  chain: readonly RspCertificate[],
  trustAnchors: readonly RspCertificate[],
): Link[] => {
  const isAnchor = (certificate: RspCertificate) => trustAnchors.some(anchor => equalBytes(anchor.der, certificate.der))
  const below = chain.length > 1 && isAnchor(chain.at(-1)!) ? chain.slice(0, -1) : chain
  const top = below.at(-1)
  if (below.length > 1 && top!.issuer === top!.subject)
    refusal('CI', top!)('unknown-ci', 'the chain ends at a CI that is not trusted')
  const links: Link[] = []
  let current = kind
  for (const [index, certificate] of below.entries()) {
    const refuse = refusal(current, certificate)
    const issuerKind = issuerKindOf(current, below.slice(index + 1))
    const isLast = index === below.length - 1
    if (current === 'CI' || (issuerKind === 'CI') !== isLast)
      refuse('chain-too-long', `a chain of ${below.length} certificates does not lead from ${kind} to a CI`)
    const { authorityKeyId } = certificate
    if (authorityKeyId === undefined) refuse('wrong-issuer', 'it has no authorityKeyIdentifier')
    const candidates = isLast ? trustAnchors : [below[index + 1]!]
    const issuer = candidates.find(
      ({ subjectKeyId }) => subjectKeyId !== undefined && equalBytes(subjectKeyId, authorityKeyId!),
    )
    if (issuer === undefined)
      return refuse(isLast ? 'unknown-ci' : 'wrong-issuer', `no ${issuerKind} with the key ${toHex(authorityKeyId!)}`)
    links.push({ kind: current, certificate, issuer })
    current = issuerKind
  }
  if (links.length === 0) throw new CertificateError('unknown-ci', 'the chain is empty', { kind })
  return links
}

/**
 * SGP.22 v3 §4.5.2.1: variant A has a sub-CA of the EUM, variant B one of the CI, variant C both. The EUM above
 * identifies the first, its role the second. A version 2 chain (variant O) has neither.
 */
const issuerKindOf = (kind: CertificateKind, above: readonly RspCertificate[]): CertificateKind => {
  const { issuer, subCa } = CERTIFICATE_KINDS[kind]
  const [next, afterNext] = above
  if (subCa === 'CISubCA' && next !== undefined && hasRole(next, 'CISubCA')) return subCa
  if (subCa !== 'EUMSubCA' || next === undefined || next.policies.includes(CERTIFICATE_KINDS.EUM.role)) return issuer
  return afterNext !== undefined && hasRole(afterNext, 'EUM') ? subCa : issuer
}

/**
 * SGP.22 §4.5.2.1.0.3: the EID begins with a permitted prefix of the EUM, and the organization is that of the EUM. A
 * sub-CA can restrict the prefixes further.
 */
const checkEid = (links: readonly Link[], expected: string | undefined): void => {
  const { kind, certificate } = links[0]!
  const refuse = refusal(kind, certificate)
  const eid = certificate.eid!
  const bounds = links.flatMap(({ issuer }) => (issuer.permittedEids === undefined ? [] : [issuer.permittedEids]))
  const fits = bounds.every(permitted =>
    permitted.some(
      ({ prefix, organization }) =>
        eid.startsWith(prefix) && (organization === undefined || organization === certificate.organization),
    ),
  )
  if (bounds.length === 0 || !fits) refuse('eid-not-permitted', `its EUM may not issue for the EID ${eid}`)
  if (expected !== undefined && eid !== expected) refuse('eid-mismatch', `its EID is ${eid}, not ${expected}`)
}

/**
 * Checks a CI certificate from a folder: it is self-signed and has the properties of a CI. It does not decide on trust.
 */
export const checkCi = (certificate: RspCertificate, now: Date): void => {
  const refuse = refusal('CI', certificate)
  if (!isSignedBy(certificate, certificate)) refuse('bad-signature', 'it is not self-signed')
  if (now < certificate.notBefore) refuse('not-yet-valid', `valid from ${certificate.notBefore.toISOString()}`)
  if (now > certificate.notAfter) refuse('expired', `expired on ${certificate.notAfter.toISOString()}`)
  checkKind(certificate, 'CI')
}
