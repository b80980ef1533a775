import { fromHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { packPlmn } from '../../profile/digits.ts'
import type { ProfileFacts } from '../../server/smdp/profile-facts.ts'
import type { MetadataEntry } from './inventory-file.ts'

const NOTIFICATIONS = {
  install: 'notificationInstall',
  enable: 'notificationEnable',
  disable: 'notificationDisable',
  delete: 'notificationDelete',
} as const

/** SGP.22 §2.4a.1.2: an icon has 64 by 64 pixels and at most 1024 bytes. */
const MAX_ICON = 1024

const readIcon = (bytes: Uint8Array, file: string): NonNullable<ProfileFacts['icon']> => {
  const isPng = bytes[0] === 0x89 && bytes[1] === 0x50
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8
  if (!isPng && !isJpeg) throw new BenchError('inventory', `the icon ${file} is neither JPEG nor PNG`)
  if (bytes.length > MAX_ICON)
    throw new BenchError(
      'inventory',
      `the icon ${file} has ${bytes.length} bytes; a profile's icon may have ${MAX_ICON}`,
    )
  return { type: isPng ? 'png' : 'jpg', bytes }
}

/** Converts a metadata entry to the form that the server stores. */
export const readMetadata = (
  entry: MetadataEntry | undefined,
  read: (path: string) => Uint8Array,
): Partial<ProfileFacts> => {
  if (entry === undefined) return {}
  const { serviceProviderName, profileName, profileClass, icon, owner, policyRules, notify } = entry
  return {
    ...(serviceProviderName !== undefined && { serviceProviderName }),
    ...(profileName !== undefined && { profileName }),
    ...(profileClass !== undefined && { profileClass }),
    ...(icon !== undefined && { icon: readIcon(read(icon), icon) }),
    ...(owner !== undefined && {
      profileOwner: {
        mccMnc: packPlmn(owner.mccMnc.slice(0, 3), owner.mccMnc.slice(3)),
        ...(owner.gid1 !== undefined && { gid1: fromHex(owner.gid1) }),
        ...(owner.gid2 !== undefined && { gid2: fromHex(owner.gid2) }),
      },
    }),
    ...(policyRules !== undefined && { profilePolicyRules: policyRules }),
    ...(notify !== undefined && { notify: notify.map(event => NOTIFICATIONS[event]) }),
  }
}
