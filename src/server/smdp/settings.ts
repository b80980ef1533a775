import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import type { FetchLayer } from '../../rsp/fetch.ts'
import type { StatusCodeData } from '../../rsp/interfaces/http-function.ts'
import type { ServerEndpoint } from '../rsp-server/server-call.ts'
import type { Faults } from './faults/faults.ts'
import type { Dropped, Retention } from './retention.ts'
import type { SmdpStore } from './store.ts'

/** What the server signs with under one CI, which is also trusted for the chains of cards. A `Pki` is one of these. */
export interface SmdpCredentials {
  readonly ci: { readonly certificate: RspCertificate }
  readonly dpAuth: Credential
  readonly dpPb: Credential
}

/** Where an operator takes HandleDownloadProgressInfo and HandleNotification. */
export type OperatorEndpoint = ServerEndpoint

/** Where an SM-DS takes events (ES12). */
export interface SmdsEndpoint extends ServerEndpoint {
  /** Whether an alternative SM-DS shall tell its root as well; it shall where nothing is said. */
  readonly forward?: boolean
}

export interface SmdpSettings {
  /** The name under which LPAs know this server, without scheme; a port in it is not compared. */
  readonly address: string
  readonly credentials: readonly SmdpCredentials[]
  readonly store: SmdpStore
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly crls?: () => readonly Crl[]
  /** ES2+: who calls, from the client certificate of the connection. */
  readonly requesterOf: (request: Request) => string | undefined
  /** ES2+: where the one who ordered is told how the download goes; undefined: not told. */
  readonly operatorOf?: (requester: string) => OperatorEndpoint | undefined
  /** ES12: the SM-DS that an operator names; undefined: it is refused as inaccessible. */
  readonly smdsOf?: (address: string) => SmdsEndpoint | undefined
  readonly sessionLifetimeMs?: number
  readonly confirmationCodeAttempts?: number
  /** How often an order may be tried; without it there is no limit. */
  readonly downloadAttempts?: number
  /** Specification versions of eUICCs that are served, both ends included. */
  readonly svnRange?: readonly [from: readonly number[], to: readonly number[]]
  /** The size that segments of a bound package may have, header and MAC included. */
  readonly segmentSize?: number
  /** SGP.22 §2.5.3: random keys of the profile's own, which the session keys carry; or the session keys themselves. */
  readonly profileProtection?: 'profile-keys' | 'session-keys'
  /** Told to misbehave on ES9+, for tests of cards and LPAs; its rules may be changed at any time. */
  readonly faults?: Faults
  /** Layers of the program that runs the server, above those of the server; lowest first. */
  readonly outerLayers?: { readonly es9p?: readonly FetchLayer[]; readonly es2p?: readonly FetchLayer[] }
  readonly onDefect?: (error: unknown, functionName: string) => void
  /** What is kept of notifications, deliveries and reports that wait for their operator. */
  readonly retention?: Retention
  /** Told of each drop. */
  readonly onDropped?: (dropped: Dropped) => void
}

export const DEFAULTS = {
  sessionLifetimeMs: 10 * 60_000,
  confirmationCodeAttempts: 5,
  downloadAttempts: Number.POSITIVE_INFINITY,
  // A card of version 3 tells in this field from which version on it can be served.
  svnRange: [
    [2, 0, 0],
    [3, 255, 255],
  ],
  profileProtection: 'profile-keys',
  onDefect: () => {},
  retention: { days: 90, count: 100_000 },
  onDropped: () => {},
} as const satisfies Partial<SmdpSettings>

/** The settings with nothing left open, and what the functions share. */
export type Smdp = Required<
  Omit<SmdpSettings, 'crls' | 'operatorOf' | 'smdsOf' | 'segmentSize' | 'faults' | 'outerLayers'>
> &
  Pick<SmdpSettings, 'segmentSize'> & {
    readonly crls: () => readonly Crl[]
    /** Tells the operator, in the background. */
    readonly reportProgress: (progress: ProgressToReport) => Promise<void>
    readonly reportNotification: (notification: NotificationToReport) => Promise<void>
    readonly smdsOf: (address: string) => SmdsEndpoint | undefined
    /** Tells other servers what they are to be told, in the background. */
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
  /** Reports with the same words here are one: a server that died before it knew that it had reported does so again. */
  readonly once?: string
}

/** What an eUICC told of a profile that came from here. */
export interface NotificationToReport {
  readonly requester?: string | undefined
  readonly iccid: string
  readonly profileType: string
  readonly eid?: string | undefined
  readonly event: 'Install' | 'Enable' | 'Disable' | 'Delete'
  readonly notification: Uint8Array
  readonly once?: string
}
