import type { ES12 } from '../../rsp/interfaces/es12.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { createSmdsError, SmdsError } from './error.ts'
import { deleteAtRoot, registerAtRoot, withoutRoot } from './root-events.ts'
import type { Smds } from './settings.ts'
import type { EventRecord } from './store.ts'

/**
 * SGP.22 §5.9.1 and, at a root, §5.10.1: registers an event. The record is stored before the call to the root, so that
 * only one of two calls gets the id and a restarted server can continue. While the result at the root is unknown, the
 * record stays, hidden from eUICCs: the caller repeats the call or deletes the event.
 */
export const createRegisterEvent =
  (smds: Smds): FunctionHandlers<typeof ES12>['RegisterEvent'] =>
  async ({ eid, eventId, rspServerAddress, forwardingIndicator }, { requester, header }) => {
    // A root forwards no events.
    const isForwarded = forwardingIndicator && smds.kind === 'alternative'
    if (isForwarded && smds.root === undefined) throw withoutRoot()
    const event: EventRecord = {
      eid,
      eventId,
      rspServerAddress,
      owner: requester,
      callIdentifier: header!.functionCallIdentifier,
      at: smds.clock(),
      atRoot: isForwarded ? 'to-register' : 'not-asked',
      isWithdrawn: false,
      revision: 1,
    }
    const current = (await smds.store.addEvent(event)) ? event : await smds.store.findEvent(eid, eventId)
    if (current === undefined || !isTheSame(current, event)) throw createSmdsError('event-taken', undefined, eventId)
    if (current.atRoot !== 'to-register') return {}
    try {
      await registerAtRoot(smds, current)
    } catch (error) {
      const isRegistrationUnknown = error instanceof SmdsError && error.code === 'root-inaccessible'
      if (!isRegistrationUnknown) await smds.store.dropEvent(current)
      throw error
    }
    if ((await smds.store.saveEvent({ ...current, atRoot: 'registered' })) === 'saved') return {}
    // A concurrent call changed the record: the same call saved it, or the owner deleted it.
    const saved = await smds.store.findEvent(eid, eventId)
    if (saved?.isWithdrawn === false) return {}
    await deleteAtRoot(smds, current)
    throw createSmdsError('event-unknown', 'its owner deleted it during the registration', eventId)
  }

/** A repeated call after a lost response (SGP.22 §5.2.1), or a call that completes a registration at the root. */
const isTheSame = (known: EventRecord, asked: EventRecord): boolean =>
  !known.isWithdrawn &&
  known.owner === asked.owner &&
  (known.callIdentifier === asked.callIdentifier || known.atRoot === 'to-register') &&
  known.rspServerAddress === asked.rspServerAddress
