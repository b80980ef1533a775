import { equalBytes } from '../../asn1/bytes.ts'
import type { Credential } from '../../rsp/certificates/issue.ts'
import type { Smdp } from './settings.ts'
import type { AuthenticatedSession, BoundCopy, StockProfile } from './store.ts'

export interface Binding {
  readonly session: AuthenticatedSession
  readonly profile: StockProfile
  readonly dpPb: Credential
  readonly transactionId: Uint8Array
  readonly euiccOtpk: Uint8Array
}

export const bindForCard = async (_smdp: Smdp, _binding: Binding): Promise<BoundCopy> => {
  equalBytes
  throw new Error('not yet')
}
