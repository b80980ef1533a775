import type { EventRecord, SmdsSession, SmdsStore } from './store.ts'

/** A store in memory. Each method is atomic because it does not await. */
export const createMemorySmdsStore = (): SmdsStore => {
  const events = new Map<string, Map<string, EventRecord>>()
  const sessions = new Map<string, SmdsSession>()
  const isCurrent = ({ eid, eventId, revision }: EventRecord): boolean =>
    events.get(eid)?.get(eventId)?.revision === revision
  return {
    synced: async () => undefined,

    async addEvent(event) {
      const ofEid = events.get(event.eid) ?? new Map<string, EventRecord>()
      if (ofEid.has(event.eventId)) return false
      events.set(event.eid, ofEid.set(event.eventId, event))
      return true
    },
    findEvent: async (eid, eventId) => events.get(eid)?.get(eventId),
    listEvents: async eid => [...(events.get(eid)?.values() ?? [])],
    async saveEvent(event) {
      if (!isCurrent(event)) return 'stale'
      events.get(event.eid)!.set(event.eventId, { ...event, revision: event.revision + 1 })
      return 'saved'
    },
    async dropEvent(event) {
      if (!isCurrent(event)) return false
      const ofEid = events.get(event.eid)!
      ofEid.delete(event.eventId)
      if (ofEid.size === 0) events.delete(event.eid)
      return true
    },

    async addSession(session) {
      sessions.set(session.transactionId, session)
    },
    findSession: async transactionId => sessions.get(transactionId),
    dropSession: async transactionId => sessions.delete(transactionId),
    async dropSessionsBefore(now) {
      // All sessions have the same lifetime, so they expire in the order of their creation.
      for (const session of sessions.values()) {
        if (session.expiresAt > now) break
        sessions.delete(session.transactionId)
      }
    },
  }
}
