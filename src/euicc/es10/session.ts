import type { RspCertificate } from '../../rsp/certificates/certificate.ts'
import type { OneTimeKeyPair } from '../../rsp/crypto/key-agreement.ts'
import type { ConfigureISDPRequest } from '../../rsp/interfaces/es8p.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { OpenedPackage } from '../../rsp/package/open.ts'
import type { EuiccCredential } from '../state/identity.ts'

/** A mutually authenticated session (SGP.22 §3.1.2), starting with ES10b.AuthenticateServer. */
interface Authenticated {
  readonly transactionId: Uint8Array
  /** The address that the server signed; the installation result is sent to it. */
  readonly serverAddress: string
  readonly credential: EuiccCredential
  readonly serverCertificate: RspCertificate
  /** The CI of the server certificates; the card may sign with another one. */
  readonly serverCi: RspCertificate
  readonly euiccSignature1: Uint8Array
}

interface Prepared extends Authenticated {
  readonly smdpCertificate: RspCertificate
  readonly oneTimeKey: OneTimeKeyPair
}

/**
 * The RSP session, in volatile memory. A reset or ES10b.GetEUICCChallenge ends it. A challenge is valid for one
 * ES10b.AuthenticateServer.
 */
export type EuiccSession =
  | { readonly phase: 'none' }
  | { readonly phase: 'challenged'; readonly euiccChallenge: Uint8Array }
  /** `role` is the verified role of the server: an SM-DS offers no download. */
  | ({ readonly phase: 'authenticated'; readonly role: 'dp' | 'ds' } & Authenticated)
  | ({ readonly phase: 'prepared' } & Prepared)
export type PreparedSession = Extract<EuiccSession, { phase: 'prepared' }>

export const NO_SESSION: EuiccSession = { phase: 'none' }

/** A bound package that is being received in segments. */
export interface PackageLoading {
  readonly session: PreparedSession
  readonly opened: OpenedPackage
  metadata: StoreMetadataRequest | undefined
  dpProprietaryData: ConfigureISDPRequest['dpProprietaryData']
  readonly profileElements: Uint8Array[]
  /** Number of received bytes of profile elements. */
  length: number
}
