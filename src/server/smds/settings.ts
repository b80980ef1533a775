import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { Crl } from '../../rsp/certificates/crl.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import type { SvnRange } from '../rsp-server/server-address.ts'
import type { ServerEndpoint } from '../rsp-server/server-call.ts'
import type { SmdsStore } from './store.ts'

/** What the server signs with under one CI, which is also trusted for the chains of cards. */
export interface SmdsCredentials {
  readonly ci: { readonly certificate: RspCertificate }
  readonly dsAuth: Credential
}

export interface SmdsSettings {
  /** The name under which LPAs know this server, without scheme; a port in it is not compared. */
  readonly address: string
  readonly credentials: readonly SmdsCredentials[]
  readonly store: SmdsStore
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly crls?: () => readonly Crl[]
  /** ES12 and ES15: who calls, from the client certificate of the connection. What one has registered is that one's. */
  readonly requesterOf: (request: Request) => string | undefined
  readonly kind: 'root' | 'alternative'
  /** An alternative SM-DS: where it registers the events that are to be forwarded. */
  readonly root?: ServerEndpoint
  readonly sessionLifetimeMs?: number
  /** Specification versions of eUICCs that are served, both ends included. */
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

/** The settings with nothing left open but the root. */
export type Smds = Required<Omit<SmdsSettings, 'root'>> & Pick<SmdsSettings, 'root'>
