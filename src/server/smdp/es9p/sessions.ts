import { sessionKey } from '../../rsp-server/transaction.ts'
import { createSmdpError } from '../error.ts'
import type { Smdp } from '../settings.ts'
import type { SmdpSession } from '../store.ts'

/** Finds the session in one of `stages`. Throws 8.10.1/3.9 for an unknown or expired session or another stage. */
export const findSession = async <S extends SmdpSession['stage']>(
  { store, clock }: Smdp,
  transactionId: Uint8Array,
  ...stages: readonly S[]
): Promise<Extract<SmdpSession, { stage: S }>> => {
  const session = await store.findSession(sessionKey(transactionId))
  if (session === undefined) throw createSmdpError('unknown-transaction')
  if (session.expiresAt <= clock()) {
    await store.dropSession(session.transactionId)
    throw createSmdpError('unknown-transaction', 'the session has expired')
  }
  if (!(stages as readonly string[]).includes(session.stage))
    throw createSmdpError('unknown-transaction', 'the session is in another stage')
  return session as Extract<SmdpSession, { stage: S }>
}
