import type { ES11, EventEntry } from '../../rsp/interfaces/es11.ts'
import { getCredentials } from '../rsp-server/ci-choice.ts'
import { verifyEuiccChain } from '../rsp-server/euicc-chain.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { checkEuiccSigned1, sessionKey } from '../rsp-server/transaction.ts'
import { createSmdsError } from './error.ts'
import type { Smds } from './settings.ts'
import type { SmdsSession } from './store.ts'

/**
 * SGP.22 §5.8.2: authenticates the card and returns its events.
 *
 * A request without a valid signature leaves the session unchanged, so that no other party can end it. A valid
 * signature ends the session: the SM-DS has no further function.
 */
export const createAuthenticateClient =
  (smds: Smds): FunctionHandlers<typeof ES11>['AuthenticateClient'] =>
  async ({ transactionId, authenticateServerResponse: { value: response } }) => {
    const session = await findSession(smds, transactionId)
    if (response.authenticateResponseError !== undefined) {
      await smds.store.dropSession(session.transactionId)
      throw createSmdsError('euicc-reported-error', `${response.authenticateResponseError.authenticateErrorCode}`)
    }

    // 1. Authenticate the card.
    const { euiccSigned1, euiccSignature1, ...certificates } = response.authenticateResponseOk
    const euicc = verifyEuiccChain({
      ...certificates,
      trusted: [getCredentials(smds.credentials, session.euiccCi).ci.certificate],
      now: smds.clock(),
      crls: smds.crls(),
    })
    checkEuiccSigned1(euicc, euiccSigned1, euiccSignature1, session, smds.address)
    if (!(await smds.store.dropSession(session.transactionId)))
      throw createSmdsError('unknown-transaction', 'another call ended the session')

    // 2. Find its events.
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

/** SGP.22 §3.6.2: the event that the card names, or all events of the card. The list may be empty. */
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
