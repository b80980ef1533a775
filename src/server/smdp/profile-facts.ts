import type { OperatorId } from '../../rsp/identifiers.ts'

/** The metadata of a profile without ICCID and notification addresses, which the server adds. */
export interface ProfileFacts {
  readonly serviceProviderName: string
  readonly profileName: string
  readonly profileClass?: 'test' | 'provisioning' | 'operational'
  readonly icon?: { readonly type: 'jpg' | 'png'; readonly bytes: Uint8Array }
  readonly profileOwner?: OperatorId
  readonly profilePolicyRules?: readonly ('pprUpdateControl' | 'ppr1' | 'ppr2')[]
  readonly serviceDataStoredInEuicc?: readonly ServiceData[]
  readonly serviceDataNotStoredInEuicc?: readonly ServiceData[]
  /** Events of which the eUICC sends a notification; by default enable, disable and delete. */
  readonly notify?: readonly (
    | 'notificationInstall'
    | 'notificationEnable'
    | 'notificationDisable'
    | 'notificationDelete'
  )[]
}

/** Data of a service with the OID of its vendor (SGP.22 v2.5 §2.4.5.3). The bytes are one DER element. */
export interface ServiceData {
  readonly vendorOid: string
  readonly data: Uint8Array
}
