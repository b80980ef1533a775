import type { ES12 } from '../../rsp/interfaces/es12.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { createSmdsError } from './error.ts'
import { deleteAtRoot } from './root-events.ts'
import type { Smds } from './settings.ts'

/**
 * SGP.22 §5.9.2 and, at a root, §5.10.2. An event of somebody else is as unknown as one that never was.
 *
 * Where the root cannot be told the event is gone for eUICCs all the same, and the caller tries again.
 */
export const createDeleteEvent =
  (smds: Smds): FunctionHandlers<typeof ES12>['DeleteEvent'] =>
  async ({ eid, eventId }, { requester }) => {
    for (;;) {
      const event = await smds.store.findEvent(eid, eventId)
      if (event === undefined || event.owner !== requester) throw createSmdsError('event-unknown', undefined, eventId)
      if (event.atRoot === 'not-asked') {
        if (await smds.store.dropEvent(event)) return {}
        continue
      }
      if (!event.isWithdrawn) {
        // Whatever came of it, the next round reads it anew.
        await smds.store.saveEvent({ ...event, isWithdrawn: true })
        continue
      }
      await deleteAtRoot(smds, event)
      if (await smds.store.dropEvent(event)) return {}
    }
  }
