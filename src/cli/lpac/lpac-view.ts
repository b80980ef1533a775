import { toBase64, toHex } from '../../asn1/bytes.ts'
import type { EuiccInspection } from '../../lpa/card/euicc.ts'
import type { EUICCInfo2 } from '../../rsp/euicc-info.ts'
import { iccidToDigits, showVersion } from '../../rsp/identifiers.ts'
import type { ProfileInfo, StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { NotificationMetadata } from '../../rsp/notification.ts'
import { readCardResource, showPlmn } from '../card/info-view.ts'

/** Values and keys in the spelling and order of lpac, for its front ends. */

const iconType = (type: ProfileInfo['iconType']): string | null =>
  type === 'jpg' ? 'jpeg' : type === undefined ? null : String(type)
const getIcon = ({ icon }: Pick<ProfileInfo, 'icon'>): string | null => (icon?.length ? toBase64(icon) : null)

export const lpacProfile = (profile: ProfileInfo) => ({
  iccid: profile.iccid ? iccidToDigits(profile.iccid) : null,
  isdpAid: profile.isdpAid ? toHex(profile.isdpAid) : null,
  profileState: String(profile.profileState ?? 'unknown'),
  profileNickname: profile.profileNickname || null,
  serviceProviderName: profile.serviceProviderName ?? null,
  profileName: profile.profileName ?? null,
  iconType: iconType(profile.iconType),
  icon: getIcon(profile),
  profileClass: String(profile.profileClass ?? 'operational'),
})

export const lpacMetadata = (metadata: StoreMetadataRequest) => ({
  iccid: iccidToDigits(metadata.iccid),
  serviceProviderName: metadata.serviceProviderName,
  profileName: metadata.profileName,
  iconType: iconType(metadata.iconType),
  icon: getIcon(metadata),
  // DER omits the DEFAULT `operational`, and lpac prints null for a missing element.
  profileClass: metadata.profileClass === 'operational' ? null : String(metadata.profileClass),
})

/** Returns one operation: a card sets exactly one bit. */
const getOperation = ([operation]: NotificationMetadata['profileManagementOperation']): string =>
  operation?.startsWith('notification') ? operation.slice('notification'.length).toLowerCase() : 'unknown'

export const lpacNotification = (metadata: NotificationMetadata) => ({
  seqNumber: metadata.seqNumber,
  profileManagementOperation: getOperation(metadata.profileManagementOperation),
  notificationAddress: metadata.notificationAddress,
  iccid: metadata.iccid ? iccidToDigits(metadata.iccid) : null,
})

const version = (bytes: Uint8Array | undefined): string | null => (bytes ? showVersion(bytes) : null)
const keyIds = (ids: readonly Uint8Array[]): string[] => ids.map(toHex)

/** The capabilities that lpac names. */
const RSP_CAPABILITIES: readonly string[] = [
  'additionalProfile',
  'crlSupport',
  'rpmSupport',
  'testProfileSupport',
  'deviceInfoExtensibilitySupport',
]

/** Returns the chip information of lpac. Values that the card did not return are absent. */
export const lpacChipInfo = ({ eid, addresses, euiccInfo2, rat }: EuiccInspection) => ({
  eidValue: eid,
  ...(addresses && {
    EuiccConfiguredAddresses: {
      defaultDpAddress: addresses.defaultDpAddress || null,
      rootDsAddress: addresses.rootDsAddress || null,
    },
  }),
  ...(euiccInfo2 && { EUICCInfo2: lpacInfo2(euiccInfo2) }),
  ...(rat && {
    rulesAuthorisationTable: rat.map(({ pprIds, allowedOperators, pprFlags }) => ({
      pprIds,
      allowedOperators: allowedOperators.map(({ mccMnc, gid1, gid2 }) => ({
        plmn: showPlmn(mccMnc).toLowerCase(),
        gid1: gid1?.length ? toHex(gid1) : null,
        gid2: gid2?.length ? toHex(gid2) : null,
      })),
      pprFlags,
    })),
  }),
})

const lpacInfo2 = (info: EUICCInfo2) => {
  const memory = readCardResource(info.extCardResource)
  const isRead = !('raw' in memory)
  return {
    profileVersion: version(info.profileVersion),
    svn: version(info.svn),
    euiccFirmwareVer: version(info.euiccFirmwareVer),
    extCardResource: {
      installedApplication: isRead ? memory.installedApplications : 0,
      freeNonVolatileMemory: isRead ? memory.freeNonVolatile : 0,
      freeVolatileMemory: isRead ? memory.freeVolatile : 0,
    },
    uiccCapability: info.uiccCapability.map(name => (name === 'usimTestAlgorithm' ? 'rfu1' : name)),
    ts102241Version: version(info.ts102241Version),
    globalplatformVersion: version(info.globalplatformVersion),
    rspCapability: info.rspCapability.filter(name => RSP_CAPABILITIES.includes(name)),
    euiccCiPKIdListForVerification: keyIds(info.euiccCiPKIdListForVerification),
    euiccCiPKIdListForSigning: keyIds(info.euiccCiPKIdListForSigning),
    // lpac reads another tag than SGP.22 specifies, and therefore always prints null.
    euiccCategory: null,
    ...(info.forbiddenProfilePolicyRules ? { forbiddenProfilePolicyRules: info.forbiddenProfilePolicyRules } : {}),
    ppVersion: version(info.ppVersion),
    sasAcreditationNumber: info.sasAcreditationNumber,
    certificationDataObject: {
      platformLabel: info.certificationDataObject?.platformLabel ?? null,
      discoveryBaseURL: info.certificationDataObject?.discoveryBaseURL ?? null,
    },
  }
}
