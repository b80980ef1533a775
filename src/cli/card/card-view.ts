import { toHex } from '../../asn1/bytes.ts'
import { iccidToDigits } from '../../rsp/identifiers.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import type { NotificationMetadata } from '../../rsp/notification.ts'
import { table } from '../table.ts'

/** A profile in the output of `card list --json`. */
export interface ProfileView {
  readonly iccid: string
  readonly isdpAid?: string
  readonly state: string
  readonly name: string
  readonly serviceProvider: string
  readonly nickname?: string
  readonly class: string
}

export const viewProfile = (profile: ProfileInfo): ProfileView => ({
  iccid: profile.iccid ? iccidToDigits(profile.iccid) : '',
  ...(profile.isdpAid ? { isdpAid: toHex(profile.isdpAid).toUpperCase() } : {}),
  state: String(profile.profileState ?? 'disabled'),
  name: profile.profileName ?? '',
  serviceProvider: profile.serviceProviderName ?? '',
  ...(profile.profileNickname ? { nickname: profile.profileNickname } : {}),
  class: String(profile.profileClass ?? 'operational'),
})

export const showProfiles = (profiles: readonly ProfileView[]): string[] =>
  profiles.length === 0
    ? ['no profiles on this card']
    : table([
        ['ICCID', 'STATE', 'NAME', 'PROVIDER', 'NICKNAME'],
        ...profiles.map(({ iccid, state, name, serviceProvider, nickname }) => [
          iccid,
          state,
          name,
          serviceProvider,
          nickname ?? '',
        ]),
      ])

export const viewNotification = (notification: NotificationMetadata) => ({
  seqNumber: notification.seqNumber,
  operation: notification.profileManagementOperation.join(' '),
  address: notification.notificationAddress,
  ...(notification.iccid ? { iccid: iccidToDigits(notification.iccid) } : {}),
})
