import { toHex } from '../asn1/bytes.ts'
import { optional, sequence } from '../asn1/constructed.ts'
import { bits, namedInteger, octets } from '../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../asn1/schema.ts'

/** VersionType ::= OCTET STRING (SIZE(3)): major, minor, revision. */
export const VersionType = octets(3)
/** TransactionId ::= OCTET STRING (SIZE(1..16)) */
export const TransactionId = octets(1, 16)
/** Iccid ::= [APPLICATION 26] OCTET STRING (SIZE(10)): swapped digits as in EF.ICCID, F after the last digit if odd. */
export const Iccid = tagged(0x5a, octets(10))
/** [APPLICATION 15]: the AID of an ISD-P. */
export const IsdpAid = tagged(0x4f, octets(1, 16))
/** SubjectKeyIdentifier ::= KeyIdentifier ::= OCTET STRING */
export const SubjectKeyIdentifier = octets(1, 64)
/** A signature: r ‖ s under [APPLICATION 55]. The verification checks its length, so that it reports its own error. */
export const Signature = tagged(0x5f37, octets())
/** A one-time public key: an uncompressed point under [APPLICATION 73]. */
export const OneTimePublicKey = tagged(0x5f49, octets())

/** SGP.22 §2.9.2.4. PprIds ::= BIT STRING */
export const PprIds = bits('pprUpdateControl', 'ppr1', 'ppr2')
export const ProfileState = namedInteger({ disabled: 0, enabled: 1 })
export const ProfileClass = namedInteger({ test: 0, provisioning: 1, operational: 2 })
export const IconType = namedInteger({ jpg: 0, png: 1 })
export const NotificationEvent = bits(
  'notificationInstall',
  'notificationEnable',
  'notificationDisable',
  'notificationDelete',
)

/**
 * OperatorId ::= SEQUENCE { mccMnc, gid1 OPTIONAL, gid2 OPTIONAL }; mccMnc coded as in TS 24.008; `EEEEEE` means any
 * operator (SGP.22 §2.9.3.1).
 */
export const OperatorId = sequence(
  {
    mccMnc: tagged(0x80, octets(3)),
    gid1: optional(tagged(0x81, octets())),
    gid2: optional(tagged(0x82, octets())),
  },
  'OperatorId',
)
export type OperatorId = SchemaValue<typeof OperatorId>
export type NotificationEventName =
  | 'notificationInstall'
  | 'notificationEnable'
  | 'notificationDisable'
  | 'notificationDelete'

const swapNibbles = (bytes: Uint8Array): string => toHex(bytes.map(octet => (octet << 4) | (octet >> 4)))

/** Returns the 18 to 20 digits of an ICCID, without the filler. */
export const iccidToDigits = (iccid: Uint8Array): string => swapNibbles(iccid).replace(/f+$/, '')

/** Encodes 18 to 20 digits, with or without a filler `F`, in ten bytes. Throws a RangeError for other text. */
export const iccidFromDigits = (digits: string): Uint8Array => {
  if (!/^\d{18,20}F{0,2}$/i.test(digits) || digits.length > 20)
    throw new RangeError(`"${digits}" is not an ICCID: 18 to 20 digits are expected`)
  const out = new Uint8Array(10)
  for (let at = 0; at < 10; at++) out[at] = nibble(digits, 2 * at + 1) * 16 + nibble(digits, 2 * at)
  return out
}

/** The digit at `at`; F for the filler and after the last digit. */
const nibble = (digits: string, at: number): number => {
  const code = digits.charCodeAt(at)
  return code >= 0x30 && code <= 0x39 ? code - 0x30 : 0x0f
}

/** Formats a version for display: `2.2.2`. */
export const showVersion = (version: Uint8Array): string => version.join('.')

/** The root SM-DS address of shipped cards (SGP.22 §3.6.1). The SM-DS of the bench uses the same name. */
export const ROOT_DS_ADDRESS = 'lpa.ds.gsma.com'
