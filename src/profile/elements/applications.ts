import { defaulted, optional, sequence, sequenceOf } from '../../asn1/constructed.ts'
import { octets, oid } from '../../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../../asn1/schema.ts'
import { automatic } from './automatic-tags.ts'
import { ApplicationIdentifier, PEHeader, UInt8, UInt16 } from './file.ts'

/** An AID under its GlobalPlatform tag '4F' ([APPLICATION 15]). */
const Aid = tagged(0x4f, ApplicationIdentifier)
const Memory = octets(2, 4)

/** SAIP §8.7.3.  System specific parameters of INSTALL [for install], tag 'EF' (GlobalPlatform §11.5.2.3.7). */
const ApplicationSystemParameters = sequence(
  {
    volatileMemoryQuotaC7: optional(tagged(0xc7, Memory)),
    nonVolatileMemoryQuotaC8: optional(tagged(0xc8, Memory)),
    globalServiceParameters: optional(tagged(0xcb, octets())),
    implicitSelectionParameter: optional(tagged(0xcf, octets())),
    volatileReservedMemory: optional(tagged(0xd7, Memory)),
    nonVolatileReservedMemory: optional(tagged(0xd8, Memory)),
    ts102226SIMFileAccessToolkitParameter: optional(tagged(0xca, octets())),
    ts102226AdditionalContactlessParameters: optional(tagged(0xa0, automatic({ protocolParameterData: octets() }))),
    contactlessProtocolParameters: optional(tagged(0xd9, octets())),
    userInteractionContactlessParameters: optional(tagged(0xda, octets())),
    cumulativeGrantedVolatileMemory: optional(tagged(0x82, Memory)),
    cumulativeGrantedNonVolatileMemory: optional(tagged(0x83, Memory)),
  },
  'ApplicationSystemParameters',
)

/** SAIP §8.7.3.  UICC parameters of TS 102 226 §8.2.1.3.2.2, tag 'EA'. */
const UICCApplicationParameters = sequence(
  {
    uiccToolkitApplicationSpecificParametersField: optional(tagged(0x80, octets())),
    uiccAccessApplicationSpecificParametersField: optional(tagged(0x81, octets())),
    uiccAdministrativeAccessApplicationSpecificParametersField: optional(tagged(0x82, octets())),
  },
  'UICCApplicationParameters',
)

/** SAIP §8.7.3.  ApplicationInstance: an application or security domain to install from a load package. */
export const ApplicationInstance = sequence(
  {
    applicationLoadPackageAID: Aid,
    classAID: Aid,
    instanceAID: Aid,
    extraditeSecurityDomainAID: optional(Aid),
    applicationPrivileges: tagged(0x82, octets()),
    lifeCycleState: defaulted(tagged(0x83, octets(1)), Uint8Array.of(7)),
    applicationSpecificParametersC9: tagged(0xc9, octets()),
    systemSpecificParameters: optional(tagged(0xef, ApplicationSystemParameters)),
    applicationParameters: optional(tagged(0xea, UICCApplicationParameters)),
    processData: optional(sequenceOf(octets(), 'processData')),
    controlReferenceTemplate: optional(
      tagged(0xb0, sequence({ applicationProviderIdentifier: tagged(0x5f20, octets()) })),
    ),
  },
  'ApplicationInstance',
)
export type ApplicationInstance = SchemaValue<typeof ApplicationInstance>

/** SAIP §8.6.3.  KeyObject: an entry of a key set with one or more components (GlobalPlatform §11.8). */
const KeyObject = sequence(
  {
    keyUsageQualifier: tagged(0x95, octets(1, 2)),
    keyAccess: defaulted(tagged(0x96, octets(1)), Uint8Array.of(0)),
    keyIdentifier: tagged(0x82, octets(1)),
    keyVersionNumber: tagged(0x83, octets(1)),
    keyCounterValue: optional(tagged(0x85, octets())),
    keyCompontents: sequenceOf(
      sequence({
        keyType: tagged(0x80, octets()),
        keyData: tagged(0x86, octets()),
        macLength: defaulted(tagged(0x87, UInt8), 8),
      }),
      'keyCompontents',
    ),
  },
  'KeyObject',
)
export type KeyObject = SchemaValue<typeof KeyObject>

/** SAIP §8.6.  PE-SecurityDomain: the MNO-SD, or one below it, with its keys and personalization. */
export const SecurityDomain = automatic(
  {
    'sd-Header': PEHeader,
    instance: ApplicationInstance,
    keyList: optional(sequenceOf(KeyObject, 'keyList')),
    sdPersoData: optional(sequenceOf(octets(), 'sdPersoData')),
    openPersoData: optional(
      sequence({
        restrictParameter: optional(tagged(0xd9, octets(1))),
        contactlessProtocolParameters: optional(octets()),
      }),
    ),
    catTpParameters: optional(automatic({ catTpMaxSduSize: UInt16, catTpMaxPduSize: UInt16 })),
  },
  'PE-SecurityDomain',
)
export type SecurityDomain = SchemaValue<typeof SecurityDomain>

/** SAIP §8.7.2.  ApplicationLoadPackage: an executable load file. */
const ApplicationLoadPackage = sequence(
  {
    loadPackageAID: Aid,
    securityDomainAID: optional(Aid),
    nonVolatileCodeLimitC6: optional(tagged(0xc6, octets())),
    volatileDataLimitC7: optional(tagged(0xc7, octets())),
    nonVolatileDataLimitC8: optional(tagged(0xc8, octets())),
    hashValue: optional(tagged(0xc1, octets())),
    loadBlockObject: tagged(0xc4, octets()),
  },
  'ApplicationLoadPackage',
)

/** SAIP §8.7.  PE-Application: a load file and its instances. */
export const Application = automatic(
  {
    'app-Header': PEHeader,
    loadBlock: optional(ApplicationLoadPackage),
    instanceList: optional(sequenceOf(ApplicationInstance, 'instanceList')),
  },
  'PE-Application',
)
export type Application = SchemaValue<typeof Application>

/** SAIP §8.8.  PE-RFM: an instance of remote file management. Some of its tags are not automatic. */
export const Rfm = sequence(
  {
    'rfm-header': tagged(0xa0, PEHeader),
    instanceAID: Aid,
    securityDomainAID: optional(Aid),
    tarList: optional(tagged(0xa0, sequenceOf(octets(3), 'tarList'))),
    minimumSecurityLevel: tagged(0x81, octets(1)),
    uiccAccessDomain: octets(),
    uiccAdminAccessDomain: octets(),
    adfRFMAccess: optional(
      automatic({ adfAID: ApplicationIdentifier, adfAccessDomain: octets(), adfAdminAccessDomain: octets() }),
    ),
  },
  'PE-RFM',
)
export type Rfm = SchemaValue<typeof Rfm>

/** SAIP §8.9.  PE-NonStandard: content that an issuer and a card manufacturer agreed on. */
export const NonStandard = automatic(
  { 'nonStandard-header': PEHeader, issuerID: oid(), content: octets() },
  'PE-NonStandard',
)
