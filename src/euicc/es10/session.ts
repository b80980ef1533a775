import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { OneTimeKeyPair } from '../../rsp/crypto/key-agreement.ts'
import type { ConfigureISDPRequest } from '../../rsp/interfaces/es8p.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { OpenedPackage } from '../../rsp/package/open.ts'
import type { Credential } from '../state/identity.ts'

/** A mutually authenticated session (SGP.22 §3.1.2), from ES10b.AuthenticateServer on. */
interface Authenticated {
  readonly transactionId: Uint8Array
  /** The address that the server signed; the installation result is for it. */
  readonly serverAddress: string
  readonly credential: Credential
  readonly serverCertificate: RspCertificate
  /** The CI of the server's certificates, which need not be the one the card signs under. */
  readonly serverCi: RspCertificate
  readonly euiccSignature1: Uint8Array
}

interface Prepared extends Authenticated {
  readonly smdpCertificate: RspCertificate
  readonly oneTimeKey: OneTimeKeyPair
}

/**
 * The one RSP session. It lives in volatile memory: a reset ends it, and so does ES10b.GetEUICCChallenge, which begins
 * the next. A challenge answers one ES10b.AuthenticateServer, right or wrong.
 */
export type EuiccSession =
  | { readonly phase: 'none' }
  | { readonly phase: 'challenged'; readonly euiccChallenge: Uint8Array }
  /** `role` is what the server proved to be: an SM-DS has nothing to download from. */
  | ({ readonly phase: 'authenticated'; readonly role: 'dp' | 'ds' } & Authenticated)
  | ({ readonly phase: 'prepared' } & Prepared)
export type PreparedSession = Extract<EuiccSession, { phase: 'prepared' }>

export const NO_SESSION: EuiccSession = { phase: 'none' }

/** A bound package that is coming in, segment by segment. */
export interface Loading {
  readonly session: PreparedSession
  readonly opened: OpenedPackage
  metadata: StoreMetadataRequest | undefined
  dpProprietaryData: ConfigureISDPRequest['dpProprietaryData']
  readonly profileElements: Uint8Array[]
  /** Bytes of profile elements so far. */
  length: number
}
