import type { OperatorId } from '../../rsp/identifiers.ts'

/** What the profile's metadata say beside the ICCID and the notification addresses, which the server knows itself. */
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

/** Data of a service, by the OID of who defined them (SGP.22 v2.5 §2.4.5.3); the bytes are one DER element. */
export interface ServiceData {
  readonly vendorOid: string
  readonly data: Uint8Array
}
