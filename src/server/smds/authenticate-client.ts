import type { ES11, EventEntry } from '../../rsp/interfaces/es11.ts'
import { getCredentials } from '../rsp-server/ci-choice.ts'
import { verifyEuiccChain } from '../rsp-server/euicc-chain.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { checkEuiccSigned1, sessionKey } from '../rsp-server/transaction.ts'
import { createSmdsError } from './error.ts'
import type { Smds } from './settings.ts'
import type { SmdsSession } from './store.ts'

/**
 * SGP.22 §5.8.2: authenticates the card, and tells it what waits for it.
 *
 * Until the card is authenticated the session stays as it is, so that nobody but the card can end it. From then on it
 * is over: there is nothing more to ask an SM-DS in a session.
 */
export const createAuthenticateClient =
  (smds: Smds): FunctionHandlers<typeof ES11>['AuthenticateClient'] =>
  async ({ transactionId, authenticateServerResponse: { value: response } }) => {
    const session = await findSession(smds, transactionId)
    if (response.authenticateResponseError !== undefined) {
      await smds.store.dropSession(session.transactionId)
      throw createSmdsError('euicc-reported-error', `${response.authenticateResponseError.authenticateErrorCode}`)
    }

    // 1. Who is it?
    const { euiccSigned1, euiccSignature1, ...certificates } = response.authenticateResponseOk
    const euicc = verifyEuiccChain({
      ...certificates,
      trusted: [getCredentials(smds.credentials, session.euiccCi).ci.certificate],
      now: smds.clock(),
      crls: smds.crls(),
    })
    checkEuiccSigned1(euicc, euiccSigned1, euiccSignature1, session, smds.address)
    if (!(await smds.store.dropSession(session.transactionId)))
      throw createSmdsError('unknown-transaction', 'another call has ended it')

    // 2. What waits for it?
    const { matchingId } = euiccSigned1.value.ctxParams1.ctxParamsForCommonAuthentication
    return { transactionId, eventEntries: await findEvents(smds, euicc.eid!, matchingId) }
  }

const findSession = async ({ store, clock }: Smds, transactionId: Uint8Array): Promise<SmdsSession> => {
  const session = await store.findSession(sessionKey(transactionId))
  if (session === undefined) throw createSmdsError('unknown-transaction')
  if (session.expiresAt > clock()) return session
  await store.dropSession(session.transactionId)
  throw createSmdsError('unknown-transaction', 'the session has expired')
}

/** SGP.22 §3.6.2: the event that the card names, or all of its events; none at all is an answer too. */
const findEvents = async (
  { store }: Smds,
  eid: string,
  eventId: string | undefined,
): Promise<readonly EventEntry[]> => {
  const waiting = (await store.listEvents(eid)).filter(event => !event.isWithdrawn && event.atRoot !== 'to-register')
  const wanted = eventId ? waiting.filter(event => event.eventId === eventId) : waiting
  if (eventId && wanted.length === 0) throw createSmdsError('event-unknown', undefined, eventId)
  return wanted.map(event => ({ eventId: event.eventId, rspServerAddress: event.rspServerAddress }))
}
