import { verify } from 'node:crypto'
import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { integer } from '../../asn1/primitives.ts'
import { decode, explicit, rawElement } from '../../asn1/schema.ts'
import type { RspCertificate } from './certificate.ts'
import { CertificateError } from './error.ts'
import {
  AuthorityKeyIdentifier,
  bigInteger,
  ECDSA_WITH_SHA256,
  Extension,
  Name,
  OID,
  showDistinguishedName,
  signed,
  Time,
} from './x509.ts'

/** A parsed certificate revocation list (SGP.22 §4.6, RFC 5280 §5). Parsing does not verify its signature. */
export interface Crl {
  readonly der: Uint8Array
  readonly toBeSigned: Uint8Array
  readonly signature: Uint8Array
  readonly issuer: string
  readonly authorityKeyId: Uint8Array | undefined
  readonly thisUpdate: Date
  readonly nextUpdate: Date | undefined
  readonly number: string | undefined
  /** Serial numbers in hexadecimal, as in the certificates. */
  readonly revoked: ReadonlySet<string>
  /** The number of this part and the total, for a CRL in parts (SGP.22 §4.6.1.1). */
  readonly part: { readonly number: number; readonly total: number } | undefined
}

/** TBSCertList ::= SEQUENCE { version, signature, issuer, thisUpdate, nextUpdate, revokedCertificates, crlExtensions [0] } */
const TBSCertList = sequence(
  {
    version: optional(integer(0, 1)),
    signature: rawElement('AlgorithmIdentifier', 0x30),
    issuer: Name,
    thisUpdate: Time,
    nextUpdate: optional(Time),
    revokedCertificates: optional(
      sequenceOf(
        sequence(
          {
            userCertificate: bigInteger(),
            revocationDate: Time,
            crlEntryExtensions: optional(sequenceOf(Extension)),
          },
          'RevokedCertificate',
        ),
      ),
    ),
    crlExtensions: optional(explicit(0xa0, sequenceOf(Extension))),
  },
  'TBSCertList',
)
const CertificateList = signed(TBSCertList, 'CertificateList')

/** SGP.22 §4.6.1.1 allows these critical extensions; any other critical extension is rejected. */
const KNOWN: readonly string[] = [
  OID.authorityKeyIdentifier,
  OID.crlNumber,
  OID.rspExpirationDate,
  OID.rspTotalPartialCrlNumber,
  OID.rspPartialCrlNumber,
]

/** Parses a revocation list. Throws CertificateError `malformed` or `unknown-critical-extension`. */
export const parseCrl = (der: Uint8Array): Crl => {
  try {
    return read(new Uint8Array(der))
  } catch (cause) {
    if (!(cause instanceof Asn1Error)) throw cause
    throw new CertificateError('malformed', `not a revocation list of the SGP.22 PKI: ${cause.message}`, { cause })
  }
}

const read = (der: Uint8Array): Crl => {
  const { toBeSigned, signatureAlgorithm, signatureValue } = decode(CertificateList, der)
  const list = toBeSigned.value
  if (!equalBytes(list.signature, ECDSA_WITH_SHA256) || !equalBytes(signatureAlgorithm, ECDSA_WITH_SHA256))
    throw new Asn1Error('bad-value', 'it is not signed with ecdsa-with-SHA256')
  const extensions = list.crlExtensions ?? []
  const entries = list.revokedCertificates ?? []
  for (const { extnID, critical } of [...extensions, ...entries.flatMap(entry => entry.crlEntryExtensions ?? [])])
    if (critical && !KNOWN.includes(extnID))
      throw new CertificateError('unknown-critical-extension', `extension ${extnID} is critical and unknown`)
  const extensionOf = (id: string) => extensions.find(({ extnID }) => extnID === id)?.extnValue
  const numberOf = (id: string) => {
    const value = extensionOf(id)
    return value && decode(integer(0), value)
  }
  const authority = extensionOf(OID.authorityKeyIdentifier)
  const number = extensionOf(OID.crlNumber)
  const part = numberOf(OID.rspPartialCrlNumber)
  const total = numberOf(OID.rspTotalPartialCrlNumber)
  return {
    der,
    toBeSigned: toBeSigned.bytes,
    signature: signatureValue,
    issuer: showDistinguishedName(list.issuer),
    authorityKeyId: authority && decode(AuthorityKeyIdentifier, authority).keyIdentifier,
    thisUpdate: list.thisUpdate,
    nextUpdate: list.nextUpdate,
    number: number && toHex(decode(bigInteger(), number)),
    revoked: new Set(entries.map(entry => toHex(entry.userCertificate))),
    part: part === undefined || total === undefined ? undefined : { number: part, total },
  }
}

const verified = new WeakMap<Crl, RspCertificate>()

/** True if this CI signed the list. */
export const isCrlSignedBy = (crl: Crl, issuer: RspCertificate): boolean => {
  if (verified.get(crl) === issuer) return true
  if (crl.issuer !== issuer.subject || !issuer.keyUsage.includes('cRLSign')) return false
  const { authorityKeyId } = crl
  if (authorityKeyId && issuer.subjectKeyId && !equalBytes(authorityKeyId, issuer.subjectKeyId)) return false
  if (!verify('sha256', crl.toBeSigned, issuer.publicKey, crl.signature)) return false
  verified.set(crl, issuer)
  return true
}

/**
 * True if a list of the issuer contains the certificate. A list after its next update is still valid for revocations.
 */
export const isRevoked = (certificate: RspCertificate, issuer: RspCertificate, crls: readonly Crl[]): boolean =>
  crls.some(crl => crl.revoked.has(certificate.serialNumber) && isCrlSignedBy(crl, issuer))
