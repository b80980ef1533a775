import { createHash, type KeyObject, sign } from 'node:crypto'
import { BitString, Integer } from 'asn1js'
import {
  AlgorithmIdentifier,
  Certificate,
  CertificateRevocationList,
  Extension,
  Extensions,
  PublicKeyInfo,
  RelativeDistinguishedNames,
  RevokedCertificate,
  Time,
} from 'pkijs'
import { concat, fromHex } from '../../asn1/bytes.ts'
import { boolean, integer, octets, oid } from '../../asn1/primitives.ts'
import { encode, tagged } from '../../asn1/schema.ts'
import { encodeTlv, getChildren, getElementBytes, readOnlyTlv } from '../../asn1/tlv.ts'
import { CURVES, getCurve, getPoint } from '../crypto/curve.ts'
import { type PermittedEids, parseCertificate, type RspCertificate } from './certificate.ts'
import { type Crl, parseCrl } from './crl.ts'
import { CERTIFICATE_KINDS, type CertificateKind } from './kinds.ts'
import { ExtendedKeyUsage, KeyUsage, type KeyUsageName, Name, type NameAttribute, OID } from './x509.ts'

/** A certificate and its private key. */
export interface Credential {
  readonly certificate: RspCertificate
  readonly privateKey: KeyObject
}

export interface SubjectName {
  readonly commonName: string
  readonly organization?: string
  readonly country?: string
  /** The EID, in an eUICC certificate. */
  readonly serialNumber?: string
}

export interface CertificateToIssue {
  readonly kind: CertificateKind
  readonly subject: SubjectName
  /** The public key of the subject, or its private key. */
  readonly key: KeyObject
  /** The issuer. Without it the certificate is self-signed, and `key` must be private. */
  readonly issuer?: Credential
  readonly notBefore: Date
  readonly notAfter: Date
  readonly random: (length: number) => Uint8Array
  readonly registeredId?: string
  readonly dnsNames?: readonly string[]
  readonly permittedEids?: PermittedEids
  /** The same as the extension of version 3. */
  readonly permittedEins?: readonly string[]
  /** The number of sub-CAs that are allowed below; an EUM of version 2 has none. */
  readonly pathLength?: number
  readonly crlUrl?: string
  /** Deviations from the certificate kind, for tests of verifiers. */
  readonly departures?: {
    readonly role?: string
    readonly keyUsage?: readonly KeyUsageName[]
    readonly ca?: boolean
    readonly criticalExtension?: string
  }
}

/**
 * Builds a certificate of SGP.22 §4.5.2.1 with pkijs and signs it with node:crypto, because WebCrypto has no Brainpool
 * curves.
 */
export const issueCertificate = (toIssue: CertificateToIssue): RspCertificate => {
  const { issuer, key, random } = toIssue
  const certificate = new Certificate({
    version: 2,
    serialNumber: new Integer({ valueHex: drawSerial(random) }),
    subject: nameOf(toIssue.subject),
    issuer: issuer ? Certificate.fromBER(buffer(issuer.certificate.der)).subject : nameOf(toIssue.subject),
    notBefore: timeOf(toIssue.notBefore),
    notAfter: timeOf(toIssue.notAfter),
    signature: ecdsaWithSha256(),
    subjectPublicKeyInfo: PublicKeyInfo.fromBER(spkiOf(key)),
    extensions: extensionsOf(toIssue),
  })
  const toBeSigned = new Uint8Array(certificate.encodeTBS().toBER())
  return parseCertificate(seal(toBeSigned, issuer?.privateKey ?? key))
}

/** Issues a CRL of a CI with these serial numbers (hexadecimal), for tests; `part` makes it one part of several. */
export const issueCrl = ({
  issuer,
  revoked,
  thisUpdate,
  nextUpdate,
  number = 1,
  part,
}: {
  issuer: Credential
  revoked: readonly string[]
  thisUpdate: Date
  nextUpdate: Date
  number?: number
  part?: { number: number; total: number }
}): Crl => {
  const list = new CertificateRevocationList({
    version: 1,
    issuer: Certificate.fromBER(buffer(issuer.certificate.der)).subject,
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: timeOf(nextUpdate),
    signature: ecdsaWithSha256(),
    crlExtensions: new Extensions({
      extensions: [
        authorityKeyIdentifier(issuer),
        extension(OID.crlNumber, false, encode(integer(), number)),
        ...(part === undefined
          ? []
          : [
              extension(OID.rspTotalPartialCrlNumber, true, encode(integer(), part.total)),
              extension(OID.rspPartialCrlNumber, true, encode(integer(), part.number)),
            ]),
      ],
    }),
    // An empty list is omitted (RFC 5280 §5.1.2.6).
    ...(revoked.length > 0 && {
      revokedCertificates: revoked.map(
        serial =>
          new RevokedCertificate({
            userCertificate: new Integer({ valueHex: buffer(fromHex(serial)) }),
            revocationDate: timeOf(thisUpdate),
          }),
      ),
    }),
  })
  // pkijs returns the part to sign only inside the whole structure, so an empty signature is set first.
  list.signatureAlgorithm = ecdsaWithSha256()
  const [toBeSigned] = getChildren(readOnlyTlv(new Uint8Array(list.toSchema(true).toBER())))
  return parseCrl(seal(getElementBytes(toBeSigned!), issuer.privateKey))
}

/** SIGNED { X }: the signature is DER, as X.509 requires. */
const seal = (toBeSigned: Uint8Array, privateKey: KeyObject): Uint8Array => {
  const algorithm = new Uint8Array(ecdsaWithSha256().toSchema().toBER())
  const signature = new Uint8Array(
    new BitString({ valueHex: buffer(sign('sha256', toBeSigned, { key: privateKey, dsaEncoding: 'der' })) }).toBER(),
  )
  return encodeTlv(0x30, toBeSigned, algorithm, signature)
}

const buffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

/** Sixteen octets, positive and without a leading zero octet (RFC 5280 §4.1.2.2). */
const drawSerial = (random: (length: number) => Uint8Array): ArrayBuffer => {
  const serial = new Uint8Array(random(16))
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial.buffer
}

const ecdsaWithSha256 = () => new AlgorithmIdentifier({ algorithmId: OID.ecdsaWithSha256 })

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280 §4.1.2.5); whole seconds. */
const timeOf = (date: Date): Time => {
  const value = new Date(Math.floor(date.getTime() / 1000) * 1000)
  return new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value })
}

/** Uses our encoding: pkijs puts all attributes into one SET, which is a different name. */
const pkijsName = (attributes: readonly NameAttribute[]): RelativeDistinguishedNames =>
  RelativeDistinguishedNames.fromBER(buffer(encode(Name, attributes)))

const nameOf = ({ commonName, organization, country, serialNumber }: SubjectName): RelativeDistinguishedNames =>
  pkijsName([
    ...(country === undefined ? [] : [{ type: OID.country, value: country }]),
    ...(organization === undefined ? [] : [{ type: OID.organization, value: organization }]),
    ...(serialNumber === undefined ? [] : [{ type: OID.serialNumber, value: serialNumber }]),
    { type: OID.commonName, value: commonName },
  ])

const spkiOf = (key: KeyObject): ArrayBuffer => buffer(concat(CURVES[getCurve(key)].spkiPrefix, getPoint(key)))

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the public key's bits. */
const keyIdentifierOf = (key: KeyObject): Uint8Array =>
  new Uint8Array(createHash('sha1').update(getPoint(key)).digest())

const extension = (extnID: string, critical: boolean, value: Uint8Array): Extension =>
  new Extension({ extnID, critical, extnValue: buffer(value) })

const authorityKeyIdentifier = ({ certificate }: Credential): Extension =>
  extension(OID.authorityKeyIdentifier, false, encodeTlv(0x30, encodeTlv(0x80, certificate.subjectKeyId!)))

const extensionsOf = (toIssue: CertificateToIssue): Extension[] => {
  const {
    kind,
    issuer,
    key,
    registeredId,
    dnsNames = [],
    permittedEids,
    permittedEins,
    crlUrl,
    departures = {},
  } = toIssue
  const demands = CERTIFICATE_KINDS[kind]
  const role = departures.role ?? demands.role
  const isCa = departures.ca ?? demands.ca === true
  const pathLength = toIssue.pathLength ?? (kind === 'EUM' ? 0 : undefined)
  const usage: readonly KeyUsageName[] =
    departures.keyUsage ?? (demands.ca && kind !== 'EUM' ? [demands.keyUsage, 'cRLSign'] : [demands.keyUsage])
  const utf8 = (text: string) => new TextEncoder().encode(text)
  const names = [
    ...dnsNames.map(name => encodeTlv(0x82, utf8(name))),
    ...(registeredId === undefined ? [] : [encode(tagged(0x88, oid()), registeredId)]),
  ]

  const extensions: Extension[] = []
  if (issuer) extensions.push(authorityKeyIdentifier(issuer))
  extensions.push(
    extension(OID.subjectKeyIdentifier, false, encode(octets(), keyIdentifierOf(key))),
    extension(OID.keyUsage, true, encode(KeyUsage, usage)),
    // The policy of the TLS kinds is not critical, so that TLS libraries accept it.
    extension(
      OID.certificatePolicies,
      demands.extendedKeyUsage === undefined,
      encodeTlv(0x30, encodeTlv(0x30, encode(oid(), role))),
    ),
  )
  if (demands.extendedKeyUsage)
    extensions.push(extension(OID.extendedKeyUsage, true, encode(ExtendedKeyUsage, [OID.serverAuth, OID.clientAuth])))
  if (names.length > 0) extensions.push(extension(OID.subjectAltName, false, encodeTlv(0x30, ...names)))
  if (isCa)
    extensions.push(
      extension(
        OID.basicConstraints,
        true,
        encodeTlv(0x30, encode(boolean(), true), ...(pathLength === undefined ? [] : [encode(integer(), pathLength)])),
      ),
    )
  if (crlUrl !== undefined)
    extensions.push(
      extension(
        OID.crlDistributionPoints,
        false,
        encodeTlv(0x30, encodeTlv(0x30, encodeTlv(0xa0, encodeTlv(0xa0, encodeTlv(0x86, utf8(crlUrl)))))),
      ),
    )
  if (permittedEids) extensions.push(extension(OID.nameConstraints, true, nameConstraintsOf(permittedEids)))
  if (permittedEins) {
    const eins = permittedEins.map(ein => encodeTlv(0x13, utf8(ein)))
    extensions.push(extension(OID.permittedEins, true, encodeTlv(0x30, ...eins)))
  }
  if (departures.criticalExtension)
    extensions.push(extension(departures.criticalExtension, true, Uint8Array.of(0x05, 0x00)))
  return extensions
}

/** SGP.22 §4.5.2.1.0.2: one permitted directoryName with the organization of the EUM and the prefix of its EIDs. */
const nameConstraintsOf = ({ prefix, organization }: PermittedEids): Uint8Array => {
  const name = encode(Name, [
    ...(organization === undefined ? [] : [{ type: OID.organization, value: organization }]),
    { type: OID.serialNumber, value: prefix },
  ])
  return encodeTlv(0x30, encodeTlv(0xa0, encodeTlv(0x30, encodeTlv(0xa4, name))))
}
