import { verify } from 'node:crypto'
import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { RspCertificate } from './certificate.ts'
import { type Crl, isRevoked } from './crl.ts'
import { CertificateError, type CertificateErrorCode } from './error.ts'
import { CERTIFICATE_KINDS, type CertificateKind, checkKind, hasRole } from './kinds.ts'

export interface ChainToVerify {
  readonly kind: CertificateKind
  /** The certificate that is to be trusted first, then who issued it, up to below the CI (the CI itself may follow). */
  readonly chain: readonly RspCertificate[]
  /** The CIs that are trusted: the rest of the decision. */
  readonly trustAnchors: readonly RspCertificate[]
  readonly now: Date
  /** Lists of the CIs, as far as they are at hand. A list that does not verify under its CI's key counts for nothing. */
  readonly crls?: readonly Crl[]
  /** The EID that an eUICC certificate must be of, where it is known. */
  readonly eid?: string
}

// Whether a key signed some bytes does not change. A certificate that was found signed by another is not verified
// again: parsed certificates are kept by their bytes, so the objects stand for them.
const signedBy = new WeakMap<RspCertificate, WeakSet<RspCertificate>>()

const isSignedBy = (certificate: RspCertificate, issuer: RspCertificate): boolean => {
  if (signedBy.get(certificate)?.has(issuer)) return true
  if (!verify('sha256', certificate.toBeSigned, issuer.publicKey, certificate.signature)) return false
  const known = signedBy.get(certificate) ?? new WeakSet()
  signedBy.set(certificate, known.add(issuer))
  return true
}

/**
 * SGP.22 §4.5.2.2: accepts a chain or throws a CertificateError. Gives the CI that it ends at.
 *
 * The order is: whose it is, signatures, dates, revocation, and then what each certificate may be used for; the first
 * refusal is the one that is told.
 */
export const verifyChain = ({ kind, chain, trustAnchors, now, crls = [], eid }: ChainToVerify): RspCertificate => {
  const links = linksOf(kind, chain, trustAnchors)
  for (const { kind, certificate, issuer } of links) {
    const refuse = refusal(kind, certificate)
    if (certificate.issuer !== issuer.subject) refuse('wrong-issuer', `issued by ${certificate.issuer}`)
    if (!isSignedBy(certificate, issuer)) refuse('bad-signature', 'its signature is not by the key of its issuer')
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

/** Puts each certificate beside its issuer, by key identifiers; the last issuer is a trusted CI. */
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
 * SGP.22 v3 §4.5.2.1: variant A has a sub-CA of the EUM, B one of the CI, C both. The first is known by the EUM
 * above it, the other by its role. A chain of version 2 (variant O) has neither.
 */
const issuerKindOf = (kind: CertificateKind, above: readonly RspCertificate[]): CertificateKind => {
  const { issuer, subCa } = CERTIFICATE_KINDS[kind]
  const [next, afterNext] = above
  if (subCa === 'CISubCA' && next !== undefined && hasRole(next, 'CISubCA')) return subCa
  if (subCa !== 'EUMSubCA' || next === undefined || next.policies.includes(CERTIFICATE_KINDS.EUM.role)) return issuer
  return afterNext !== undefined && hasRole(afterNext, 'EUM') ? subCa : issuer
}

/**
 * SGP.22 §4.5.2.1.0.3: the EID begins with a prefix that the EUM may issue for, and the organization is the EUM's. Where
 * a sub-CA sets bounds too, it narrows them.
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
  if (expected !== undefined && eid !== expected) refuse('eid-mismatch', `it is of ${eid}, not of ${expected}`)
}

/** A CI as it comes from a folder: signed by itself, and saying what a CI must say. Trust in it is decided elsewhere. */
export const checkCi = (certificate: RspCertificate, now: Date): void => {
  const refuse = refusal('CI', certificate)
  if (!isSignedBy(certificate, certificate)) refuse('bad-signature', 'it is not signed by itself')
  if (now < certificate.notBefore) refuse('not-yet-valid', `valid from ${certificate.notBefore.toISOString()}`)
  if (now > certificate.notAfter) refuse('expired', `expired on ${certificate.notAfter.toISOString()}`)
  checkKind(certificate, 'CI')
}
