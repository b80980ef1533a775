import { defaulted, optional, sequence, sequenceOf } from '../asn1/constructed.ts'
import { octets, oid, utf8 } from '../asn1/primitives.ts'
import { rawElement, type SchemaValue, tagged } from '../asn1/schema.ts'
import {
  Iccid,
  IconType,
  IsdpAid,
  NotificationEvent,
  OperatorId,
  PprIds,
  ProfileClass,
  ProfileState,
} from './identifiers.ts'

/** NotificationConfigurationInformation ::= SEQUENCE { profileManagementOperation, notificationAddress } */
export const NotificationConfigurationInformation = sequence(
  { profileManagementOperation: tagged(0x80, NotificationEvent), notificationAddress: tagged(0x81, utf8()) },
  'NotificationConfigurationInformation',
)
const NotificationConfiguration = tagged(0xb6, sequenceOf(NotificationConfigurationInformation))

/** DpProprietaryData ::= SEQUENCE { dpOid OBJECT IDENTIFIER, … }: additions of the SM-DP+ are retained as unknown. */
export const DpProprietaryData = sequence({ dpOid: tagged(0x80, oid()) }, 'DpProprietaryData')

/** VendorSpecificExtension: an open type by vendor OID; its bytes are retained, because no code interprets it. */
const serviceSpecificData = (tag: number) => rawElement('VendorSpecificExtension', tag)

const ServiceProviderName = tagged(0x91, utf8(32))
const ProfileName = tagged(0x92, utf8(64))
const Icon = tagged(0x94, octets(0, 1024))

/** SGP.22 §5.5.3, ES8+.StoreMetadata. StoreMetadataRequest ::= [37] SEQUENCE */
export const StoreMetadataRequest = tagged(
  0xbf25,
  sequence(
    {
      iccid: Iccid,
      serviceProviderName: ServiceProviderName,
      profileName: ProfileName,
      iconType: optional(tagged(0x93, IconType)),
      icon: optional(Icon),
      profileClass: defaulted(tagged(0x95, ProfileClass), 'operational' as const),
      notificationConfigurationInfo: optional(NotificationConfiguration),
      profileOwner: optional(tagged(0xb7, OperatorId)),
      profilePolicyRules: optional(tagged(0x99, PprIds)),
      serviceSpecificDataStoredInEuicc: optional(serviceSpecificData(0xbf22)),
      serviceSpecificDataNotStoredInEuicc: optional(serviceSpecificData(0xbf23)),
    },
    'StoreMetadataRequest',
  ),
)
export type StoreMetadataRequest = SchemaValue<typeof StoreMetadataRequest>

/** SGP.22 §5.4.1, ES6.UpdateMetadata. UpdateMetadataRequest ::= [42] SEQUENCE */
export const UpdateMetadataRequest = tagged(
  0xbf2a,
  sequence(
    {
      serviceProviderName: optional(ServiceProviderName),
      profileName: optional(ProfileName),
      iconType: optional(tagged(0x93, IconType)),
      icon: optional(Icon),
      profilePolicyRules: optional(tagged(0x99, PprIds)),
      serviceSpecificDataStoredInEuicc: optional(serviceSpecificData(0xbf22)),
    },
    'UpdateMetadataRequest',
  ),
)
export type UpdateMetadataRequest = SchemaValue<typeof UpdateMetadataRequest>

/** SGP.22 §5.7.15. ProfileInfo ::= [PRIVATE 3] SEQUENCE; each component is present only if requested and set. */
export const ProfileInfo = tagged(
  0xe3,
  sequence(
    {
      iccid: optional(Iccid),
      isdpAid: optional(IsdpAid),
      profileState: optional(tagged(0x9f70, ProfileState)),
      profileNickname: optional(tagged(0x90, utf8(64))),
      serviceProviderName: optional(ServiceProviderName),
      profileName: optional(ProfileName),
      iconType: optional(tagged(0x93, IconType)),
      icon: optional(Icon),
      profileClass: optional(tagged(0x95, ProfileClass)),
      notificationConfigurationInfo: optional(NotificationConfiguration),
      profileOwner: optional(tagged(0xb7, OperatorId)),
      dpProprietaryData: optional(tagged(0xb8, DpProprietaryData)),
      profilePolicyRules: optional(tagged(0x99, PprIds)),
      serviceSpecificDataStoredInEuicc: optional(serviceSpecificData(0xbf22)),
    },
    'ProfileInfo',
  ),
)
export type ProfileInfo = SchemaValue<typeof ProfileInfo>
