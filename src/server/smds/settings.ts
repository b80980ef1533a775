import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import type { SvnRange } from '../rsp-server/server-address.ts'
import type { ServerEndpoint } from '../rsp-server/server-call.ts'
import type { SmdsStore } from './store.ts'

/** The signing key of the server under one CI. The server also trusts this CI for the certificate chains of cards. */
export interface SmdsCredentials {
  readonly ci: { readonly certificate: RspCertificate }
  readonly dsAuth: Credential
}

export interface SmdsSettings {
  /** The host name that LPAs send, without scheme. A port in it is not compared. */
  readonly address: string
  readonly credentials: readonly SmdsCredentials[]
  readonly store: SmdsStore
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly crls?: () => readonly Crl[]
  /** ES12 and ES15: the caller by the client certificate of the connection. The caller owns the events it registers. */
  readonly requesterOf: (request: Request) => string | undefined
  readonly kind: 'root' | 'alternative'
  /** The root at which an alternative SM-DS registers forwarded events. */
  readonly root?: ServerEndpoint
  readonly sessionLifetimeMs?: number
  /** Supported specification versions of eUICCs, both ends included. */
  readonly svnRange?: SvnRange
  readonly onDefect?: (error: unknown, functionName: string) => void
}

export const DEFAULTS = {
  crls: () => [],
  sessionLifetimeMs: 10 * 60_000,
  svnRange: [
    [2, 0, 0],
    [3, 255, 255],
  ],
  onDefect: () => {},
} as const satisfies Partial<SmdsSettings>

/** The settings with defaults applied. The root stays optional. */
export type Smds = Required<Omit<SmdsSettings, 'root'>> & Pick<SmdsSettings, 'root'>
