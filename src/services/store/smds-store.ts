import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { EventRecord, SmdsSession, SmdsStore } from '../../server/smds/store.ts'
import { type Database, TakenError } from './database.ts'
import { fromDocument, fromPackedDocument, toDocument, toPackedDocument } from './document.ts'
import type { Tables } from './schema.ts'
import type { Sealing } from './sealing.ts'
import { SWEEP_EVERY_MS, SWEPT_AT_ONCE } from './smdp-statements.ts'
import { prepare } from './statement.ts'

interface EventKey {
  eid: string
  eventId: string
}

const prepareStatements = (db: Kysely<Tables>) => ({
  addEvent: prepare(db, 'smds-add-event', (db, event: EventKey & { revision: number; doc: string }) =>
    db
      .insertInto('smds_events')
      .values({ eid: event.eid, event_id: event.eventId, revision: event.revision, doc: event.doc }),
  ),
  findEvent: prepare(db, 'smds-find-event', (db, { eid, eventId }: EventKey) =>
    db.selectFrom('smds_events').select(['doc', 'revision']).where('eid', '=', eid).where('event_id', '=', eventId),
  ),
  listEvents: prepare(db, 'smds-list-events', (db, { eid }: { eid: string }) =>
    db.selectFrom('smds_events').select(['doc', 'revision']).where('eid', '=', eid).orderBy('n'),
  ),
  saveEvent: prepare(db, 'smds-save-event', (db, event: EventKey & { revision: number; doc: string }) =>
    db
      .updateTable('smds_events')
      .set(eb => ({ doc: event.doc, revision: eb('revision', '+', 1) }))
      .where('eid', '=', event.eid)
      .where('event_id', '=', event.eventId)
      .where('revision', '=', event.revision),
  ),
  dropEvent: prepare(db, 'smds-drop-event', (db, event: EventKey & { revision: number }) =>
    db
      .deleteFrom('smds_events')
      .where('eid', '=', event.eid)
      .where('event_id', '=', event.eventId)
      .where('revision', '=', event.revision),
  ),
  addSession: prepare(
    db,
    'smds-add-session',
    (db, session: { transactionId: string; expiresAt: string; sealed: Uint8Array }) =>
      db.insertInto('smds_sessions').values({
        transaction_id: session.transactionId,
        expires_at: session.expiresAt,
        sealed: session.sealed,
      }),
  ),
  findSession: prepare(db, 'smds-find-session', (db, { transactionId }: { transactionId: string }) =>
    db.selectFrom('smds_sessions').select('sealed').where('transaction_id', '=', transactionId),
  ),
  dropSession: prepare(db, 'smds-drop-session', (db, { transactionId }: { transactionId: string }) =>
    db.deleteFrom('smds_sessions').where('transaction_id', '=', transactionId),
  ),
  dropSessionsBefore: prepare(db, 'smds-drop-sessions-before', (db, { now }: { now: string }) =>
    db
      .deleteFrom('smds_sessions')
      .where('transaction_id', 'in', eb =>
        eb
          .selectFrom('smds_sessions')
          .select('transaction_id')
          .where('expires_at', '<=', now)
          .orderBy('expires_at')
          .limit(sql.lit(SWEPT_AT_ONCE)),
      ),
  ),
})

/** The store of the SM-DS in a database, with the rules of the SM-DP+ store. */
export const createSmdsStoreOn = (database: Database, sealing: Sealing): SmdsStore => {
  const statements = prepareStatements(database.db)
  const eventRow = (event: EventRecord) => {
    const { eid, eventId, revision } = event
    return { eid, eventId, revision, doc: toDocument(event) }
  }
  const toEvent = (row: { doc: string; revision: number }): EventRecord => ({
    ...fromDocument<EventRecord>(row.doc),
    revision: row.revision,
  })
  let sweptAt = Number.NEGATIVE_INFINITY

  return {
    synced: database.synced,

    async addEvent(event) {
      try {
        await database.change(statements.addEvent, eventRow(event))
        return true
      } catch (error) {
        if (error instanceof TakenError) return false
        throw error
      }
    },
    async findEvent(eid, eventId) {
      const row = await database.row(statements.findEvent, { eid, eventId })
      return row && toEvent(row)
    },
    listEvents: async eid => (await database.rows(statements.listEvents, { eid })).map(toEvent),
    saveEvent: async event => ((await database.change(statements.saveEvent, eventRow(event))) > 0 ? 'saved' : 'stale'),
    dropEvent: async ({ eid, eventId, revision }) =>
      (await database.change(statements.dropEvent, { eid, eventId, revision })) > 0,

    async addSession(session) {
      const { transactionId, expiresAt } = session
      await database.change(statements.addSession, {
        transactionId,
        expiresAt: expiresAt.toISOString(),
        sealed: sealing.seal(toPackedDocument(session), `smds session ${transactionId}`),
      })
    },
    async findSession(transactionId) {
      const row = await database.row(statements.findSession, { transactionId })
      return row && fromPackedDocument<SmdsSession>(sealing.open(row.sealed, `smds session ${transactionId}`))
    },
    dropSession: async transactionId => (await database.change(statements.dropSession, { transactionId })) > 0,
    async dropSessionsBefore(now) {
      const since = now.getTime() - sweptAt
      if (since >= 0 && since < SWEEP_EVERY_MS) return
      sweptAt = now.getTime()
      await database.change(statements.dropSessionsBefore, { now: now.toISOString() })
    },
  }
}
