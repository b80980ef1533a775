import type { ES12 } from '../../rsp/interfaces/es12.ts'
import type { FunctionHandlers } from '../rsp-server/json-binding.ts'
import { createSmdsError } from './error.ts'
import { deleteAtRoot } from './root-events.ts'
import type { Smds } from './settings.ts'

/**
 * SGP.22 §5.9.2 and, at a root, §5.10.2. A caller cannot distinguish an event of another owner from a missing one.
 * If the root is not reachable, the SM-DS still hides the event from eUICCs, and the caller repeats the call.
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
        // The next round reads the event again, also after a conflict.
        await smds.store.saveEvent({ ...event, isWithdrawn: true })
        continue
      }
      await deleteAtRoot(smds, event)
      if (await smds.store.dropEvent(event)) return {}
    }
  }
