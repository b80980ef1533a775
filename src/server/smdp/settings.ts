import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import type { FetchLayer } from '../../rsp/fetch.ts'
import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import type { ServerEndpoint } from '../rsp-server/server-call.ts'
import type { Faults } from './faults/faults.ts'
import type { Dropped, Retention } from './retention.ts'
import type { SmdpStore } from './store.ts'

/** The signing keys of the server under one CI. The server also trusts this CI for the certificate chains of cards. */
export interface SmdpCredentials {
  readonly ci: { readonly certificate: RspCertificate }
  readonly dpAuth: Credential
  readonly dpPb: Credential
}

/** Where an operator receives HandleDownloadProgressInfo and HandleNotification. */
export type OperatorEndpoint = ServerEndpoint

/** Where an SM-DS receives events (ES12). */
export interface SmdsEndpoint extends ServerEndpoint {
  /** Whether an alternative SM-DS forwards the event to its root; true by default. */
  readonly forward?: boolean
}

export interface SmdpSettings {
  /** The host name that LPAs send, without scheme. A port in it is not compared. */
  readonly address: string
  readonly credentials: readonly SmdpCredentials[]
  readonly store: SmdpStore
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly crls?: () => readonly Crl[]
  /** ES2+: the caller by the client certificate of the connection. */
  readonly requesterOf: (request: Request) => string | undefined
  /** ES2+: where the operator receives reports about its order; undefined: no reports. */
  readonly operatorOf?: (requester: string) => OperatorEndpoint | undefined
  /** ES12: the SM-DS that an operator names; undefined: ConfirmOrder fails with 8.9/5.1. */
  readonly smdsOf?: (address: string) => SmdsEndpoint | undefined
  readonly sessionLifetimeMs?: number
  readonly confirmationCodeAttempts?: number
  /** The maximum number of download attempts of an order; unlimited by default. */
  readonly downloadAttempts?: number
  /** Supported specification versions of eUICCs, both ends included. */
  readonly svnRange?: readonly [from: readonly number[], to: readonly number[]]
  /** The maximum size of a segment of a bound package, header and MAC included. */
  readonly segmentSize?: number
  /** SGP.22 §2.5.3: random keys for the profile, protected by the session keys; or the session keys themselves. */
  readonly profileProtection?: 'profile-keys' | 'session-keys'
  /** Fault injection on ES9+, for tests of cards and LPAs. The rules may change at any time. */
  readonly faults?: Faults
  /** Layers of the program that runs the server, above those of the server; lowest first. */
  readonly outerLayers?: { readonly es9p?: readonly FetchLayer[]; readonly es2p?: readonly FetchLayer[] }
  readonly onDefect?: (error: unknown, functionName: string) => void
  /** Limits for notifications, deliveries and pending reports. */
  readonly retention?: Retention
  /** Called after entries were dropped. */
  readonly onDropped?: (dropped: Dropped) => void
}

export const DEFAULTS = {
  sessionLifetimeMs: 10 * 60_000,
  confirmationCodeAttempts: 5,
  downloadAttempts: Number.POSITIVE_INFINITY,
  // A card of version 3 reports in this field the lowest version that it supports.
  svnRange: [
    [2, 0, 0],
    [3, 255, 255],
  ],
  profileProtection: 'profile-keys',
  onDefect: () => {},
  retention: { days: 90, count: 100_000 },
  onDropped: () => {},
} as const satisfies Partial<SmdpSettings>

/** The settings with defaults applied, and the services that the functions share. */
export type Smdp = Required<
  Omit<SmdpSettings, 'crls' | 'operatorOf' | 'smdsOf' | 'segmentSize' | 'faults' | 'outerLayers'>
> &
  Pick<SmdpSettings, 'segmentSize'> & {
    readonly crls: () => readonly Crl[]
    /** Stores a report to the operator. The delivery runs in the background. */
    readonly reportProgress: (progress: ProgressToReport) => Promise<void>
    readonly reportNotification: (notification: NotificationToReport) => Promise<void>
    readonly smdsOf: (address: string) => SmdsEndpoint | undefined
    /** Starts the delivery of all stored reports in the background. */
    readonly startDelivery: () => void
  }

export interface ProgressToReport {
  readonly requester?: string | undefined
  readonly iccid: string
  readonly profileType: string
  readonly eid?: string | undefined
  /** SGP.22 §5.3.5: 1 eligibility, 2 confirmation, 3 download, 4 installation. */
  readonly point: 1 | 2 | 3 | 4
  readonly failure?: StatusCodeData | undefined
  readonly resultData?: Uint8Array
  /** Reports with the same key are one report: after a crash the server may create it again. */
  readonly once?: string
}

/** A notification of an eUICC about a profile of this server. */
export interface NotificationToReport {
  readonly requester?: string | undefined
  readonly iccid: string
  readonly profileType: string
  readonly eid?: string | undefined
  readonly event: 'Install' | 'Enable' | 'Disable' | 'Delete'
  readonly notification: Uint8Array
  readonly once?: string
}
