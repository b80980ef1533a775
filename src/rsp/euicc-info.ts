import { optional, sequence, sequenceOf } from '../asn1/constructed.ts'
import { bits, namedInteger, octets, utf8 } from '../asn1/primitives.ts'
import { type SchemaValue, tagged } from '../asn1/schema.ts'
import { PprIds, SubjectKeyIdentifier, VersionType } from './identifiers.ts'

const CiPKIdList = sequenceOf(SubjectKeyIdentifier, 'CI public key ids')

/** SGP.22 §5.7.8. EUICCInfo1 ::= [32] SEQUENCE { svn [2], …ForVerification [9], …ForSigning [10] } */
export const EUICCInfo1 = tagged(
  0xbf20,
  sequence(
    {
      svn: tagged(0x82, VersionType),
      euiccCiPKIdListForVerification: tagged(0xa9, CiPKIdList),
      euiccCiPKIdListForSigning: tagged(0xaa, CiPKIdList),
      /** Version 3: CIs under which the eUICC has a chain of variant Ov3, A, B or C. */
      euiccCiPKIdListForSigningV3: optional(tagged(0xb1, CiPKIdList)),
    },
    'EUICCInfo1',
  ),
)
export type EUICCInfo1 = SchemaValue<typeof EUICCInfo1>

/** SAIP PEDefinitions. UICCCapability ::= BIT STRING, bit 0 first. */
export const UICC_CAPABILITIES = [
  'contactlessSupport',
  'usimSupport',
  'isimSupport',
  'csimSupport',
  'akaMilenage',
  'akaCave',
  'akaTuak128',
  'akaTuak256',
  'usimTestAlgorithm',
  'rfu2',
  'gbaAuthenUsim',
  'gbaAuthenISim',
  'mbmsAuthenUsim',
  'eapClient',
  'javacard',
  'multos',
  'multipleUsimSupport',
  'multipleIsimSupport',
  'multipleCsimSupport',
  'berTlvFileSupport',
  'dfLinkSupport',
  'catTp',
  'getIdentity',
  'profile-a-x25519',
  'profile-b-p256',
  'suciCalculatorApi',
  'dns-resolution',
  'scp11ac',
  'scp11c-authorization-mechanism',
  's16mode',
  'eaka',
  'iotminimal',
] as const
export const UICCCapability = bits(...UICC_CAPABILITIES)
export type UICCCapability = SchemaValue<typeof UICCCapability>

/** SGP.22 §5.7.8. RspCapability ::= BIT STRING */
export const RspCapability = bits(
  'additionalProfile',
  'crlSupport',
  'rpmSupport',
  'testProfileSupport',
  'deviceInfoExtensibilitySupport',
  'serviceSpecificDataSupport',
)
export type RspCapability = SchemaValue<typeof RspCapability>

/** CertificationDataObject ::= SEQUENCE { platformLabel, discoveryBaseURL } */
const CertificationDataObject = sequence(
  { platformLabel: tagged(0x80, utf8()), discoveryBaseURL: tagged(0x81, utf8()) },
  'CertificationDataObject',
)

/**
 * SGP.22 §5.7.8. EUICCInfo2 ::= [34] SEQUENCE. Two components have universal tags (ppVersion, sasAcreditationNumber,
 * spelled as in the module). All additions of v3 have context tags and are retained as unknown.
 */
export const EUICCInfo2 = tagged(
  0xbf22,
  sequence(
    {
      profileVersion: tagged(0x81, VersionType),
      svn: tagged(0x82, VersionType),
      euiccFirmwareVer: tagged(0x83, VersionType),
      extCardResource: tagged(0x84, octets()),
      uiccCapability: tagged(0x85, UICCCapability),
      ts102241Version: optional(tagged(0x86, VersionType)),
      globalplatformVersion: optional(tagged(0x87, VersionType)),
      rspCapability: tagged(0x88, RspCapability),
      euiccCiPKIdListForVerification: tagged(0xa9, CiPKIdList),
      euiccCiPKIdListForSigning: tagged(0xaa, CiPKIdList),
      euiccCategory: optional(
        tagged(0x8b, namedInteger({ other: 0, basicEuicc: 1, mediumEuicc: 2, contactlessEuicc: 3 })),
      ),
      forbiddenProfilePolicyRules: optional(tagged(0x99, PprIds)),
      ppVersion: VersionType,
      sasAcreditationNumber: utf8(64),
      certificationDataObject: optional(tagged(0xac, CertificationDataObject)),
      treProperties: optional(tagged(0x8d, bits('isDiscrete', 'isIntegrated', 'usesRemoteMemory'))),
      treProductReference: optional(tagged(0x8e, utf8())),
      additionalEuiccProfilePackageVersions: optional(tagged(0xaf, sequenceOf(VersionType))),
    },
    'EUICCInfo2',
  ),
)
export type EUICCInfo2 = SchemaValue<typeof EUICCInfo2>

/** ETSI TS 102 226 §8.2.1.7.2, the value of extCardResource: number of installed applications '81', free non-volatile '82' and volatile '83' memory in bytes. */
export const ExtCardResource = sequence(
  {
    installedApplication: tagged(0x81, octets(1, 4)),
    freeNonVolatileMemory: tagged(0x82, octets(1, 4)),
    freeVolatileMemory: tagged(0x83, octets(1, 4)),
  },
  'ExtendedCardResource',
)
