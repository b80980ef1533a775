import { defaulted, type Optional, optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { Asn1Error } from '../../asn1/error.ts'
import { bits, boolean, integer, octets, oid } from '../../asn1/primitives.ts'
import {
  decode,
  encode,
  explicit,
  rawElement,
  type Schema,
  type SchemaValue,
  tagged,
  withRawBytes,
  withTag,
} from '../../asn1/schema.ts'
import {
  encodeTlv,
  getChildren,
  getContent,
  getElementBytes,
  isConstructed,
  readOnlyTlv,
  type Tlv,
} from '../../asn1/tlv.ts'

/**
 * The part of X.509 that SGP.22 §4.5.2 uses (RFC 5280). These schemas read a certificate in microseconds, pkijs needs a
 * millisecond. They reject everything that is not DER.
 */

export const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  /** SGP.22 Annex H: id-rsp-expDate, id-rsp-totalPartialCrlNumber, id-rsp-partialCrlNumber. */
  rspExpirationDate: '2.23.146.1.2.0.1',
  rspTotalPartialCrlNumber: '2.23.146.1.2.0.2',
  rspPartialCrlNumber: '2.23.146.1.2.0.3',
  /** SGP.22 v3 §4.5.2.1.0.2: SEQUENCE OF PrintableString, prefixes of the EIDs that an EUM may issue for. */
  permittedEins: '2.23.146.1.2.2.0',
} as const

/** The only AlgorithmIdentifier in use: ecdsa-with-SHA256 without parameters (RFC 5758 §3.2). */
export const ECDSA_WITH_SHA256 = encodeTlv(0x30, encodeTlv(0x06, Uint8Array.of(0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2)))

const text = new TextDecoder('utf-8', { fatal: true })
const readText = (tlv: Tlv): string => {
  try {
    return text.decode(getContent(tlv))
  } catch {
    throw new Asn1Error('bad-value', 'not a text type', { offset: tlv.start })
  }
}

/** Time ::= CHOICE { utcTime, generalTime }, both with seconds and `Z` (RFC 5280 §4.1.2.5). */
export const Time: Schema<Date> = {
  name: 'Time',
  tags: [0x17, 0x18],
  encode: date => {
    const digits = `${date.toISOString().slice(0, 19).replace(/\D/g, '')}Z`
    const year = date.getUTCFullYear()
    const short = year >= 1950 && year < 2050
    return encodeTlv(short ? 0x17 : 0x18, new TextEncoder().encode(short ? digits.slice(2) : digits))
  },
  decodeTlv: tlv => {
    const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(readText(tlv))
    if (match === null || (match[1]!.length === 2) !== (tlv.tag === 0x17))
      throw new Asn1Error('bad-value', 'not a time as RFC 5280 defines it', { offset: tlv.start })
    const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, ...number[]]
    const full = match[1]!.length === 4 ? year : year + (year < 50 ? 2000 : 1900)
    const date = new Date(Date.UTC(full, month! - 1, day, hour, minute, second))
    // Date reads 31 April as 1 May.
    if (date.getUTCMonth() !== month! - 1 || date.getUTCDate() !== day || date.getUTCHours() !== hour)
      throw new Asn1Error('bad-value', 'a date that does not exist', { offset: tlv.start })
    return date
  },
}

/** One attribute of a name: its type and its value as text. */
export interface NameAttribute {
  readonly type: string
  readonly value: string
}
const STRINGS = [0x0c, 0x13, 0x14, 0x16]

/** The types whose values are PrintableString (RFC 5280 Appendix A.1); the others use UTF8String. */
const PRINTABLE: readonly string[] = [OID.country, OID.serialNumber]

/** Name ::= SEQUENCE OF SET OF AttributeTypeAndValue, flattened: SGP.22 has one attribute in each set. */
export const Name: Schema<readonly NameAttribute[]> = {
  name: 'Name',
  tags: [0x30],
  encode: attributes =>
    encodeTlv(
      0x30,
      ...attributes.map(({ type, value }) =>
        encodeTlv(
          0x31,
          encodeTlv(
            0x30,
            encode(oid(), type),
            encodeTlv(PRINTABLE.includes(type) ? 0x13 : 0x0c, new TextEncoder().encode(value)),
          ),
        ),
      ),
    ),
  decodeTlv: tlv =>
    getChildren(tlv).flatMap(set => {
      if (set.tag !== 0x31) throw new Asn1Error('bad-tag', 'a name without a SET', { offset: set.start })
      return getChildren(set).map(attribute => {
        const [type, value, ...rest] = attribute.tag === 0x30 ? getChildren(attribute) : []
        if (type?.tag !== 0x06 || value === undefined || rest.length > 0 || !STRINGS.includes(value.tag))
          throw new Asn1Error('bad-value', 'not an attribute of a name', { offset: attribute.start })
        return { type: oid().decodeTlv(type), value: readText(value) }
      })
    }),
}

const SHORT_NAMES: Record<string, string> = {
  [OID.commonName]: 'CN',
  [OID.serialNumber]: 'serialNumber',
  [OID.country]: 'C',
  [OID.organization]: 'O',
  '2.5.4.11': 'OU',
}

/** The name as text for display; names are compared in this form. */
export const showDistinguishedName = (name: readonly NameAttribute[]): string =>
  name.map(({ type, value }) => `${SHORT_NAMES[type] ?? type}=${value.replaceAll(',', '\\,')}`).join(', ')

/** BIT STRING of whole octets. */
const bitString = (): Schema<Uint8Array> =>
  withTag('BIT STRING', 0x03, {
    constructed: false,
    encodeContents: value => Uint8Array.of(0, ...value),
    decodeContents: tlv => {
      const content = getContent(tlv)
      if (content[0] !== 0) throw new Asn1Error('bad-value', 'a BIT STRING with unused bits', { offset: tlv.start })
      return content.subarray(1)
    },
  })

/** An INTEGER of any length as its octets. */
export const bigInteger = (): Schema<Uint8Array> =>
  withTag('INTEGER', 0x02, {
    constructed: false,
    encodeContents: value => value,
    decodeContents: tlv => {
      if (tlv.end === tlv.valueStart) throw new Asn1Error('bad-value', 'INTEGER: no content', { offset: tlv.start })
      return getContent(tlv)
    },
  })

export const Extension = sequence(
  { extnID: oid(), critical: defaulted(boolean(), false), extnValue: octets() },
  'Extension',
)
export type Extension = SchemaValue<typeof Extension>

/** TBSCertificate ::= SEQUENCE { version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, … extensions [3] } */
export const TBSCertificate = sequence(
  {
    version: optional(explicit(0xa0, integer(0, 2))) as Optional<number>,
    serialNumber: bigInteger(),
    signature: rawElement('AlgorithmIdentifier', 0x30),
    issuer: Name,
    validity: sequence({ notBefore: Time, notAfter: Time }, 'Validity'),
    subject: Name,
    subjectPublicKeyInfo: rawElement('SubjectPublicKeyInfo', 0x30),
    extensions: optional(explicit(0xa3, sequenceOf(Extension))),
  },
  'TBSCertificate',
)

/** SIGNED { X } ::= SEQUENCE { toBeSigned, algorithm, signature }: certificates and revocation lists have this form. */
export const signed = <T>(toBeSigned: Schema<T>, name: string) =>
  sequence(
    {
      toBeSigned: withRawBytes(toBeSigned),
      signatureAlgorithm: rawElement('AlgorithmIdentifier', 0x30),
      signatureValue: bitString(),
    },
    name,
  )

export const KeyUsage = bits(
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
)
export type KeyUsageName = SchemaValue<typeof KeyUsage>[number]

export const BasicConstraints = sequence(
  { cA: defaulted(boolean(), false), pathLenConstraint: optional(integer(0, 255)) },
  'BasicConstraints',
)
export const AuthorityKeyIdentifier = sequence(
  { keyIdentifier: optional(tagged(0x80, octets(1, 64))) },
  'AuthorityKeyIdentifier',
)
export const CertificatePolicies = sequenceOf(sequence({ policyIdentifier: oid() }, 'PolicyInformation'))
export const ExtendedKeyUsage = sequenceOf(oid())
export const GeneralNames = sequenceOf(rawElement('GeneralName'))
export const PermittedEins = sequenceOf(rawElement('EIN', ...STRINGS))

/** Returns the texts with this tag from general names: dNSName '82', uniformResourceIdentifier '86'. */
export const getTexts = (names: readonly Uint8Array[], tag: number): string[] =>
  names
    .map(name => readOnlyTlv(name))
    .filter(name => name.tag === tag)
    .map(readText)

/** Returns registeredID [8] from general names. */
export const getRegisteredId = (names: readonly Uint8Array[]): string | undefined => {
  const found = names.map(name => readOnlyTlv(name)).find(name => name.tag === 0x88)
  return found && oid().decodeTlv(found)
}

/** No distribution point has more levels. The limit protects the stack against unsigned input. */
const MAX_LEVELS = 8

/** Returns all elements with this tag at any depth: distribution points nest their names. */
export const findElements = (bytes: Uint8Array, tag: number): Uint8Array[] => {
  const within = (tlv: Tlv, level: number): Uint8Array[] => {
    if (level > MAX_LEVELS) throw new Asn1Error('bad-value', `nested deeper than ${MAX_LEVELS} levels`)
    if (tlv.tag === tag) return [getElementBytes(tlv)]
    return isConstructed(tlv.tag) ? getChildren(tlv).flatMap(child => within(child, level + 1)) : []
  }
  return within(readOnlyTlv(bytes), 0)
}

/**
 * Returns the permitted directoryNames of NameConstraints ::= SEQUENCE { permittedSubtrees [0], excludedSubtrees [1] }.
 */
export const getPermittedNames = (nameConstraints: Uint8Array): (readonly NameAttribute[])[] => {
  const [permitted, ...others] = getChildren(readOnlyTlv(nameConstraints))
  // SGP.22 §4.5.2.1.0.2 defines no exclusion, and reading it as a permission would invert it.
  if (permitted?.tag !== 0xa0 || others.length > 0)
    throw new Asn1Error('bad-value', 'name constraints with other content than permitted subtrees')
  return getChildren(permitted).flatMap(subtree => {
    const [base] = getChildren(subtree)
    return base?.tag === 0xa4 ? [decode(Name, getContent(base))] : []
  })
}

export const readElementText = (element: Uint8Array): string => readText(readOnlyTlv(element))
