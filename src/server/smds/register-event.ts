import type { ES12 } from '../../rsp/interfaces/es12.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { createSmdsError, SmdsError } from './error.ts'
import { deleteAtRoot, registerAtRoot, withoutRoot } from './root-events.ts'
import type { Smds } from './settings.ts'
import type { EventRecord } from './store.ts'

/**
 * SGP.22 §5.9.1 and, at a root, §5.10.1: something waits for this EID.
 *
 * Where the root must be told and cannot be, no eUICC is told of the event: the caller tries again, or deletes it. The
 * record is there first, so that of two calls with one id one gets it, and a server killed in between is found where it
 * was; and it stays while nobody knows whether the root has heard of it, so that the root can be told to delete it.
 */
export const createRegisterEvent =
  (smds: Smds): FunctionHandlers<typeof ES12>['RegisterEvent'] =>
  async ({ eid, eventId, rspServerAddress, forwardingIndicator }, { requester, header }) => {
    // There is nothing above a root.
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
      const mayBeHeard = error instanceof SmdsError && error.code === 'root-inaccessible'
      if (!mayBeHeard) await smds.store.dropEvent(current)
      throw error
    }
    if ((await smds.store.saveEvent({ ...current, atRoot: 'registered' })) === 'saved') return {}
    // Either the same call, made twice at once, has saved it; or its owner did not wait to delete it.
    const saved = await smds.store.findEvent(eid, eventId)
    if (saved?.isWithdrawn === false) return {}
    await deleteAtRoot(smds, current)
    throw createSmdsError('event-unknown', 'it was deleted meanwhile', eventId)
  }

/** The same call once more, its answer lost on the way (SGP.22 §5.2.1); or any that finishes what one had to leave. */
const isTheSame = (known: EventRecord, asked: EventRecord): boolean =>
  !known.isWithdrawn &&
  known.owner === asked.owner &&
  (known.callIdentifier === asked.callIdentifier || known.atRoot === 'to-register') &&
  known.rspServerAddress === asked.rspServerAddress
