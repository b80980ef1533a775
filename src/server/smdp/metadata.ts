import { oid } from '../../asn1/primitives.ts'
import { encode, keep, tagged, type WithRawBytes } from '../../asn1/schema.ts'
import { encodeTlv, getElementBytes, readOnlyTlv } from '../../asn1/tlv.ts'
import { iccidFromDigits } from '../../rsp/identifiers.ts'
import { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { Order } from './order.ts'
import type { ProfileFacts, ServiceData } from './profile-facts.ts'
import type { StockProfile } from './store.ts'

const NOTIFY = ['notificationEnable', 'notificationDisable', 'notificationDelete'] as const

/** The facts of the profile, with the replacements of its order. */
export const factsFor = ({ metadata }: StockProfile, order: Pick<Order, 'metadata'>): ProfileFacts => {
  const instead = Object.entries(order.metadata ?? {}).filter(([, value]) => value !== undefined)
  return instead.length === 0 ? metadata : { ...metadata, ...Object.fromEntries(instead) }
}

/** Encodes the metadata. Notifications go to `address`, with one entry for each event, as cards expect. */
export const buildMetadata = (
  iccid: string,
  facts: ProfileFacts,
  address: string,
): WithRawBytes<StoreMetadataRequest> => {
  const events = facts.notify ?? NOTIFY
  return keep(StoreMetadataRequest, {
    iccid: iccidFromDigits(iccid),
    serviceProviderName: facts.serviceProviderName,
    profileName: facts.profileName,
    iconType: facts.icon?.type,
    icon: facts.icon?.bytes,
    profileClass: facts.profileClass ?? 'operational',
    notificationConfigurationInfo:
      events.length === 0
        ? undefined
        : events.map(event => ({ profileManagementOperation: [event], notificationAddress: address })),
    profileOwner: facts.profileOwner,
    profilePolicyRules: facts.profilePolicyRules,
    serviceSpecificDataStoredInEuicc: vendorSpecificExtension(0xbf22, facts.serviceDataStoredInEuicc),
    serviceSpecificDataNotStoredInEuicc: vendorSpecificExtension(0xbf23, facts.serviceDataNotStoredInEuicc),
  })
}

/** VendorSpecificExtension ::= SEQUENCE OF SEQUENCE { vendorOid [0] OBJECT IDENTIFIER, vendorSpecificData [1] open type } */
const vendorSpecificExtension = (tag: number, data: readonly ServiceData[] = []): Uint8Array | undefined =>
  data.length === 0
    ? undefined
    : encodeTlv(
        tag,
        ...data.map(({ vendorOid, data }) =>
          encodeTlv(
            0x30,
            encode(tagged(0x80, oid()), vendorOid),
            // An open type has an explicit tag and contains one DER element.
            encodeTlv(0xa1, getElementBytes(readOnlyTlv(data))),
          ),
        ),
      )
