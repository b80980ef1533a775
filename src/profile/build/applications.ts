import { concat } from '../../asn1/bytes.ts'
import { oid } from '../../asn1/primitives.ts'
import { encode } from '../../asn1/schema.ts'
import { encodeTlv } from '../../asn1/tlv.ts'
import type { PEHeader } from '../elements/file.ts'
import type { ElementValue } from '../elements/profile-element.ts'

/** Package and class of a security domain (GlobalPlatform §H.1.3), and the instance of the MNO-SD (SGP.02 annex H). */
const GP_RID = [0xa0, 0x00, 0x00, 0x01, 0x51]
const SD_PACKAGE = Uint8Array.of(...GP_RID, 0x53, 0x50)
const SD_CLASS = Uint8Array.of(...GP_RID, 0x53, 0x50, 0x41)
const MNO_SD = Uint8Array.of(...GP_RID, 0x00, 0x00, 0x00)
/** Security Domain, CVM Management; Trusted Path, Authorized Management, Global Delete, Lock and Registry (GlobalPlatform §11.1.2). */
const PRIVILEGES = Uint8Array.of(0x82, 0xdc, 0x00)
const PERSONALIZED = Uint8Array.of(0x0f)

/**
 * SCP80 with any option; extradition, deletion and similar requests are accepted from each authorized party
 * (GlobalPlatform §11.5.2.3.7).
 */
const SD_PARAMETERS = concat(
  encodeTlv(0x81, Uint8Array.of(0x80, 0x00)),
  ...[0x82, 0x83, 0x87].map(tag => encodeTlv(tag, Uint8Array.of(0xf0))),
)
/** TS 102 226 §8.2.1.3.2.2.1: priority 1, no timers, texts, menu entries or channels; MSL '06'; TARs B20100 and 000000. */
const TOOLKIT_PARAMETERS = Uint8Array.of(
  ...[0x01, 0x00, 0x00, 0x00, 0x00],
  ...[0x02, 0x01, 0x06],
  ...[0x06, 0xb2, 0x01, 0x00, 0x00, 0x00, 0x00],
  ...[0x00, 0x00],
)
/** Card recognition data (GlobalPlatform §H.2): the specifications of the security domain, including SCP80. */
const GP_OID = '1.2.840.114283'
const recognitionData = (): Uint8Array => {
  const objectIdentifier = (suffix: string) => encode(oid(), GP_OID + suffix)
  const data = encodeTlv(
    0x73,
    objectIdentifier('.1'),
    encodeTlv(0x60, objectIdentifier('.2.2.2')),
    encodeTlv(0x63, objectIdentifier('.3')),
    // SCP 80 with option 00, both as arcs of one byte; the OID type would encode them differently
    encodeTlv(0x64, encodeTlv(0x06, concat(encode(oid(), `${GP_OID}.4`).subarray(2), Uint8Array.of(0x80, 0x00)))),
  )
  const template = encodeTlv(0x66, data)
  return concat(Uint8Array.of(0x00, 0x70, template.length), template)
}

/**
 * Usage of the SCP80 keys: ciphering, message authentication, and encryption of other keys (GlobalPlatform §11.1.9).
 */
const KEYS = [
  { id: 0x01, usage: 0x18 },
  { id: 0x02, usage: 0x14 },
  { id: 0x03, usage: 0x48 },
]
const AES = Uint8Array.of(0x88)

/** The MNO-SD with one set of AES keys for over-the-air messages (SAIP §8.6). */
export const securityDomain = (
  header: PEHeader,
  random: (length: number) => Uint8Array,
): ElementValue<'securityDomain'> =>
  ({
    'sd-Header': header,
    instance: {
      applicationLoadPackageAID: SD_PACKAGE,
      classAID: SD_CLASS,
      instanceAID: MNO_SD,
      applicationPrivileges: PRIVILEGES,
      lifeCycleState: PERSONALIZED,
      applicationSpecificParametersC9: SD_PARAMETERS,
      applicationParameters: { uiccToolkitApplicationSpecificParametersField: TOOLKIT_PARAMETERS },
    },
    keyList: KEYS.map(({ id, usage }) => ({
      keyUsageQualifier: Uint8Array.of(usage),
      keyIdentifier: Uint8Array.of(id),
      keyVersionNumber: Uint8Array.of(1),
      keyCompontents: [{ keyType: AES, keyData: random(16) }],
    })),
    sdPersoData: [recognitionData()],
  }) as unknown as ElementValue<'securityDomain'>

/** The AIDs of remote file management instances begin with the RID of ETSI (TS 101 220 annex D). */
const RFM_AID = [0xa0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0x00]

/** An instance of remote file management (SAIP §8.8): messages require ciphering and a cryptographic checksum. */
export const remoteFileManagement = (
  header: PEHeader,
  instance: number,
  tar: number,
  adfAID?: Uint8Array,
): ElementValue<'rfm'> => {
  const fullAccess = Uint8Array.of(0x00)
  return {
    'rfm-header': header,
    instanceAID: Uint8Array.of(...RFM_AID, instance),
    tarList: [Uint8Array.of(0xb0, 0x01, tar)],
    minimumSecurityLevel: Uint8Array.of(0x06),
    uiccAccessDomain: fullAccess,
    uiccAdminAccessDomain: fullAccess,
    ...(adfAID && { adfRFMAccess: { adfAID, adfAccessDomain: fullAccess, adfAdminAccessDomain: fullAccess } }),
  }
}
