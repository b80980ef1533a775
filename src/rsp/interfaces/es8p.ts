import { optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { namedInteger, octets } from '../../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../../asn1/schema.ts'
import { OneTimePublicKey, Signature, TransactionId } from '../identifiers.ts'
import { DpProprietaryData } from '../metadata.ts'

/** RemoteOpId ::= [2] INTEGER */
export const RemoteOpId = tagged(0x82, namedInteger({ installBoundProfilePackage: 1 }))

/** GlobalPlatform §6.4.2.3, profiled: key type '88' (AES), key length '10', host id. */
export const ControlRefTemplate = sequence(
  { keyType: tagged(0x80, octets(1)), keyLen: tagged(0x81, octets(1)), hostId: tagged(0x84, octets(1, 16)) },
  'ControlRefTemplate',
)
export type ControlRefTemplate = SchemaValue<typeof ControlRefTemplate>

/** SGP.22 §5.5.1. InitialiseSecureChannelRequest ::= [35] SEQUENCE; smdpSign covers the other components and otPK.EUICC.ECKA. */
export const InitialiseSecureChannelRequest = tagged(
  0xbf23,
  sequence(
    {
      remoteOpId: RemoteOpId,
      transactionId: tagged(0x80, TransactionId),
      controlRefTemplate: tagged(0xa6, ControlRefTemplate),
      smdpOtpk: OneTimePublicKey,
      smdpSign: Signature,
    },
    'InitialiseSecureChannelRequest',
  ),
)
export type InitialiseSecureChannelRequest = SchemaValue<typeof InitialiseSecureChannelRequest>

/** SGP.22 §5.5.2. ConfigureISDPRequest ::= [36] SEQUENCE { dpProprietaryData [24] OPTIONAL } */
export const ConfigureISDPRequest = tagged(
  0xbf24,
  sequence({ dpProprietaryData: optional(tagged(0xb8, DpProprietaryData)) }, 'ConfigureISDPRequest'),
)
export type ConfigureISDPRequest = SchemaValue<typeof ConfigureISDPRequest>

/** SGP.22 §5.5.4. ReplaceSessionKeysRequest ::= [38] SEQUENCE { initialMacChainingValue, ppkEnc, ppkCmac } */
export const ReplaceSessionKeysRequest = tagged(
  0xbf26,
  sequence(
    {
      initialMacChainingValue: tagged(0x80, octets(16)),
      ppkEnc: tagged(0x81, octets(16)),
      ppkCmac: tagged(0x82, octets(16)),
    },
    'ReplaceSessionKeysRequest',
  ),
)

/**
 * SGP.22 §2.5.5. BoundProfilePackage ::= [54] SEQUENCE: the secure channel, then protected segments: '87' commands
 * (encrypted, MAC), '88' metadata (MAC only), '86' the profile.
 */
export const BoundProfilePackage = tagged(
  0xbf36,
  sequence(
    {
      initialiseSecureChannelRequest: InitialiseSecureChannelRequest,
      firstSequenceOf87: tagged(0xa0, sequenceOf(tagged(0x87, octets()))),
      sequenceOf88: tagged(0xa1, sequenceOf(tagged(0x88, octets()))),
      secondSequenceOf87: optional(tagged(0xa2, sequenceOf(tagged(0x87, octets())))),
      sequenceOf86: tagged(0xa3, sequenceOf(tagged(0x86, octets()))),
    },
    'BoundProfilePackage',
  ),
)
export type BoundProfilePackage = SchemaValue<typeof BoundProfilePackage>
