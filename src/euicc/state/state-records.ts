import { optional, sequence } from '../../asn1/constructed.ts'
import { integer, octets, oid, utf8 } from '../../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../../asn1/schema.ts'
import { SubjectKeyIdentifier } from '../../rsp/identifiers.ts'
import { ProfileInfo } from '../../rsp/metadata.ts'

/** Incremented when the previous version cannot read the data. */
export const STATE_VERSION = 1

const Aid = octets(5, 16)

/** The root of the state, small because every commit writes it. */
export const RootRecord = sequence(
  {
    version: tagged(0x80, integer(1)),
    eid: tagged(0x81, octets(16)),
    /** Never decreases: a sequence number is used only once (SGP.22 §3.5). */
    nextSequenceNumber: tagged(0x82, integer(0)),
    /** Absent: the address of the factory. Empty: none. */
    defaultDpAddress: optional(tagged(0x83, utf8())),
    /** ISD-P of the Enabled Profile. */
    enabled: optional(tagged(0x84, Aid)),
    /** A switch with the refresh flag that waits for REFRESH or reset (SGP.22 §5.7.16, §5.7.17). */
    pendingSwitch: optional(tagged(0xa5, sequence({ enable: optional(tagged(0x80, Aid)) }, 'pendingSwitch'))),
    /** The operational profile that was enabled before a test profile. */
    beforeTest: optional(tagged(0x86, Aid)),
  },
  'the state of the card',
)
export type RootRecord = SchemaValue<typeof RootRecord>

export const ProfileRecord = sequence(
  {
    isdpAid: tagged(0x80, Aid),
    ciPKId: tagged(0x81, SubjectKeyIdentifier),
    size: tagged(0x82, integer(0)),
    info: ProfileInfo,
  },
  'an installed profile',
)

/** otPK and otSK of an unfinished download, with the OID of its SM-DP+. */
export const OneTimeKeyRecord = sequence(
  {
    smdpOid: oid(),
    curve: tagged(0x80, utf8()),
    publicKey: tagged(0x81, octets(65)),
    privateKey: tagged(0x82, octets(32)),
  },
  'a one-time key',
)
export type OneTimeKeyRecord = SchemaValue<typeof OneTimeKeyRecord>
