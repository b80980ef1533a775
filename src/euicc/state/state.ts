import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { WithRawBytes } from '../../asn1/schema.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import type { NotificationEventName } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import type { PendingNotification } from '../../rsp/notification.ts'
import type { OneTimeKeyRecord, RootRecord } from './state-records.ts'

/** The stored data of an installed profile, without its package. */
export interface Profile {
  readonly isdpAid: Uint8Array
  /** The CI whose eUICC key signs the notifications of this profile: the one of its download. */
  readonly ciPKId: Uint8Array
  /** Used non-volatile memory, in bytes. */
  readonly size: number
  /** Metadata and nickname; the enabled state is stored once, in the root. */
  readonly info: ProfileInfo & { readonly iccid: Uint8Array }
}

/**
 * The persistent state as one immutable value: a function returns a new one, and a commit writes the differences. Keys
 * of `profiles`, `packages` and `files` are ISD-P AIDs in hexadecimal.
 */
export interface CardState {
  readonly root: RootRecord
  readonly profiles: ReadonlyMap<string, Profile>
  /** The unprotected profile packages, from which the files are built at start. Written once. */
  readonly packages: ReadonlyMap<string, Uint8Array>
  /** Changes of the profile files: contents, PINs, sequence numbers. */
  readonly files: ReadonlyMap<string, Uint8Array>
  /** By sequence number, ascending. */
  readonly notifications: ReadonlyMap<number, WithRawBytes<PendingNotification>>
  /** Revocation lists by CI key id in hexadecimal and part number, if the list has parts. */
  readonly crls: ReadonlyMap<string, Crl>
  /** The one-time key of an unfinished download (SGP.22 §3.1.3, retry). */
  readonly oneTimeKey: OneTimeKeyRecord | undefined
}

/** A copy of `map` with `key` set, or removed if `value` is undefined. */
export const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V | undefined): ReadonlyMap<K, V> => {
  const next = new Map(map)
  if (value === undefined) next.delete(key)
  else next.set(key, value)
  return next
}

export const getProfileKey = (profile: Pick<Profile, 'isdpAid'>): string => toHex(profile.isdpAid)

export type ProfileIdentifier = { readonly isdpAid?: Uint8Array | undefined; readonly iccid?: Uint8Array | undefined }

export const findProfile = (state: CardState, { isdpAid, iccid }: ProfileIdentifier): Profile | undefined => {
  if (isdpAid !== undefined) return state.profiles.get(toHex(isdpAid))
  for (const profile of state.profiles.values())
    if (iccid !== undefined && equalBytes(profile.info.iccid, iccid)) return profile
  return undefined
}

export const getEnabledProfile = (state: CardState): Profile | undefined =>
  state.root.enabled && state.profiles.get(toHex(state.root.enabled))

export const isEnabled = (state: CardState, profile: Profile): boolean =>
  state.root.enabled !== undefined && equalBytes(state.root.enabled, profile.isdpAid)

/** Addresses for notifications of `event`, in the order of the metadata. */
export const getNotificationAddresses = (profile: Profile, event: NotificationEventName): readonly string[] =>
  (profile.info.notificationConfigurationInfo ?? [])
    .filter(({ profileManagementOperation }) => profileManagementOperation.includes(event))
    .map(({ notificationAddress }) => notificationAddress)

export const isTestProfile = (profile: Profile): boolean => profile.info.profileClass === 'test'

export const hasRule = (profile: Profile, rule: 'ppr1' | 'ppr2'): boolean =>
  profile.info.profilePolicyRules?.includes(rule) ?? false

export const getUsedMemory = (state: CardState): number => {
  let used = 0
  for (const profile of state.profiles.values()) used += profile.size
  for (const { bytes } of state.notifications.values()) used += bytes.length
  for (const crl of state.crls.values()) used += crl.der.length
  return used
}
