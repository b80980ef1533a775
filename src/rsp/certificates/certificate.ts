import type { KeyObject } from 'node:crypto'
import { equalBytes, toHex } from '../../asn1/bytes.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { octets } from '../../asn1/primitives.ts'
import { decode, type Schema } from '../../asn1/schema.ts'
import { CURVES, type CurveName, POINT_LENGTH, publicKeyFromPoint } from '../crypto/curve.ts'
import { CryptoError } from '../crypto/error.ts'
import { CertificateError } from './error.ts'
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  CertificatePolicies,
  ECDSA_WITH_SHA256,
  ExtendedKeyUsage,
  findElements,
  GeneralNames,
  getPermittedNames,
  getRegisteredId,
  getTexts,
  KeyUsage,
  type KeyUsageName,
  type NameAttribute,
  OID,
  PermittedEins,
  readElementText,
  showDistinguishedName,
  signed,
  TBSCertificate,
} from './x509.ts'

/** A parsed certificate of the SGP.22 PKI (§4.5.2). Parsing does not verify its signature. */
export interface RspCertificate {
  readonly der: Uint8Array
  /** The signed part as received, and its DER signature. */
  readonly toBeSigned: Uint8Array
  readonly signature: Uint8Array
  /** Hexadecimal, as in the certificate. */
  readonly serialNumber: string
  readonly subject: string
  readonly issuer: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly curve: CurveName
  readonly publicKey: KeyObject
  readonly subjectKeyId: Uint8Array | undefined
  readonly authorityKeyId: Uint8Array | undefined
  readonly policies: readonly string[]
  readonly isCa: boolean
  readonly pathLength: number | undefined
  readonly keyUsage: readonly KeyUsageName[]
  readonly extendedKeyUsage: readonly string[]
  readonly registeredId: string | undefined
  readonly dnsNames: readonly string[]
  /** serialNumber of the subject: in an eUICC certificate, the EID. */
  readonly eid: string | undefined
  readonly organization: string | undefined
  /** The EIDs for which an EUM may issue certificates; undefined if the certificate sets no limit. */
  readonly permittedEids: readonly PermittedEids[] | undefined
  readonly crlUrls: readonly string[]
  readonly unknownCriticalExtensions: readonly string[]
}

/** EIDs that begin with the prefix and, if it is named, belong to the organization (SGP.22 §4.5.2.1.0.2). */
export interface PermittedEids {
  readonly prefix: string
  readonly organization: string | undefined
}

export const Certificate = signed(TBSCertificate, 'Certificate')

const CACHE_SIZE = 512
/** Certificates of the PKI are well below 1 KiB. */
const LONGEST_CACHED = 4096
const cache = new Map<string, RspCertificate>()

/** Parses a certificate. Equal bytes return the same object. Throws CertificateError `malformed`. */
export const parseCertificate = (der: Uint8Array): RspCertificate => {
  const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1')
  const known = cache.get(key)
  if (known !== undefined) return known
  const certificate = readCertificate(new Uint8Array(der))
  // Evicts the oldest entry, so that a peer cannot fill the memory with certificates.
  if (der.length > LONGEST_CACHED) return certificate
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value as string)
  cache.set(key, certificate)
  return certificate
}

const readCertificate = (der: Uint8Array): RspCertificate => {
  try {
    return read(der)
  } catch (cause) {
    if (!(cause instanceof Asn1Error || cause instanceof CryptoError)) throw cause
    throw new CertificateError('malformed', `not a certificate of the SGP.22 PKI: ${cause.message}`, { cause })
  }
}

const read = (der: Uint8Array): RspCertificate => {
  const { toBeSigned, signatureAlgorithm, signatureValue } = decode(Certificate, der)
  const tbs = toBeSigned.value
  // RFC 5280 §4.1.1.2: the algorithms outside and inside the signed part must be equal.
  if (!equalBytes(tbs.signature, ECDSA_WITH_SHA256) || !equalBytes(signatureAlgorithm, ECDSA_WITH_SHA256))
    throw new Asn1Error('bad-value', 'it is not signed with ecdsa-with-SHA256')
  const { curve, publicKey } = readPublicKey(tbs.subjectPublicKeyInfo)

  const extensions = new Map((tbs.extensions ?? []).map(extension => [extension.extnID, extension]))
  if (extensions.size !== (tbs.extensions ?? []).length) throw new Asn1Error('bad-value', 'an extension is repeated')
  const extensionOf = <T>(id: string, schema: Schema<T>): T | undefined => {
    const extension = extensions.get(id)
    return extension && decode(schema, extension.extnValue)
  }
  const basicConstraints = extensionOf(OID.basicConstraints, BasicConstraints)
  const names = extensionOf(OID.subjectAltName, GeneralNames) ?? []
  const distribution = extensions.get(OID.crlDistributionPoints)

  return {
    der,
    toBeSigned: toBeSigned.bytes,
    signature: signatureValue,
    serialNumber: toHex(tbs.serialNumber),
    subject: showDistinguishedName(tbs.subject),
    issuer: showDistinguishedName(tbs.issuer),
    notBefore: tbs.validity.notBefore,
    notAfter: tbs.validity.notAfter,
    curve,
    publicKey,
    subjectKeyId: extensionOf(OID.subjectKeyIdentifier, octets(1, 64)),
    authorityKeyId: extensionOf(OID.authorityKeyIdentifier, AuthorityKeyIdentifier)?.keyIdentifier,
    policies: extensionOf(OID.certificatePolicies, CertificatePolicies)?.map(policy => policy.policyIdentifier) ?? [],
    isCa: basicConstraints?.cA ?? false,
    pathLength: basicConstraints?.pathLenConstraint,
    keyUsage: extensionOf(OID.keyUsage, KeyUsage) ?? [],
    extendedKeyUsage: extensionOf(OID.extendedKeyUsage, ExtendedKeyUsage) ?? [],
    registeredId: getRegisteredId(names),
    dnsNames: getTexts(names, 0x82),
    eid: attribute(tbs.subject, OID.serialNumber),
    organization: attribute(tbs.subject, OID.organization),
    permittedEids: readPermittedEids(
      extensions.get(OID.nameConstraints)?.extnValue,
      extensionOf(OID.permittedEins, PermittedEins)?.map(readElementText),
    ),
    crlUrls: distribution ? getTexts(findElements(distribution.extnValue, 0x86), 0x86) : [],
    unknownCriticalExtensions: [...extensions.values()]
      .filter(({ critical, extnID }) => critical && !KNOWN_EXTENSIONS.includes(extnID))
      .map(({ extnID }) => extnID),
  }
}

/** Extensions that this code handles and that may therefore be critical. */
const KNOWN_EXTENSIONS: readonly string[] = [
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.certificatePolicies,
  OID.basicConstraints,
  OID.subjectAltName,
  OID.crlDistributionPoints,
  OID.nameConstraints,
  OID.permittedEins,
]

const readPublicKey = (spki: Uint8Array): { curve: CurveName; publicKey: KeyObject } => {
  const prefix = spki.subarray(0, -POINT_LENGTH)
  for (const [curve, { spkiPrefix }] of Object.entries(CURVES) as [CurveName, (typeof CURVES)[CurveName]][])
    if (equalBytes(prefix, spkiPrefix))
      return { curve, publicKey: publicKeyFromPoint(curve, spki.subarray(-POINT_LENGTH)) }
  throw new Asn1Error('bad-value', 'the public key is neither on P-256 nor on brainpoolP256r1')
}

const attribute = (name: readonly NameAttribute[], type: string): string | undefined =>
  name.find(entry => entry.type === type)?.value

/**
 * SGP.22 §4.5.2.1.0.2 encodes the EID prefix in the serialNumber of a permitted directoryName (v2) or in an extension
 * (v3). X.509 would require an equal serialNumber; this code applies the meaning of SGP.22.
 */
const readPermittedEids = (
  nameConstraints: Uint8Array | undefined,
  permittedEins: readonly string[] | undefined,
): readonly PermittedEids[] | undefined => {
  if (nameConstraints === undefined && permittedEins === undefined) return undefined
  const fromNames = (nameConstraints ? getPermittedNames(nameConstraints) : []).flatMap(attributes => {
    const prefix = attribute(attributes, OID.serialNumber)
    return prefix === undefined ? [] : [{ prefix, organization: attribute(attributes, OID.organization) }]
  })
  return [...fromNames, ...(permittedEins ?? []).map(prefix => ({ prefix, organization: undefined }))]
}
