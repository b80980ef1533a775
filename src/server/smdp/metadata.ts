import { type Kept, keep } from '../../asn1/schema.ts'
import { iccidFromDigits } from '../../rsp/identifiers.ts'
import { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { StockProfile } from './store.ts'

const NOTIFY = ['notificationEnable', 'notificationDisable', 'notificationDelete'] as const

/** What the end user is shown and the card stores. Notifications come back here: one entry an event, as cards expect it. */
export const buildMetadata = (profile: StockProfile, address: string): Kept<StoreMetadataRequest> => {
  const { serviceProviderName, profileName, profileClass, icon, profileOwner, profilePolicyRules, notify } =
    profile.metadata
  const events = notify ?? NOTIFY
  return keep(StoreMetadataRequest, {
    iccid: iccidFromDigits(profile.iccid),
    serviceProviderName,
    profileName,
    iconType: icon?.type,
    icon: icon?.bytes,
    profileClass: profileClass ?? 'operational',
    notificationConfigurationInfo:
      events.length === 0
        ? undefined
        : events.map(event => ({ profileManagementOperation: [event], notificationAddress: address })),
    profileOwner,
    profilePolicyRules,
  })
}
