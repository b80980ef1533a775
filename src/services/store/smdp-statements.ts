import { type Kysely, sql } from 'kysely'
import type { Tables } from './schema.ts'
import { prepare } from './statement.ts'

type Db = Kysely<Tables>
interface OrderRow {
  iccid: string
  profileType: string
  state: string
  matchingId: string | null
  eventId: string | null
  eid: string | null
  doc: string
  sealed: Uint8Array | null
}

/** The sessions of one sweep: after a day without service, a sweep must not block the server. */
export const SWEPT_AT_ONCE = 1000
/** Queries exclude expired sessions, so their rows can be deleted later. */
export const SWEEP_EVERY_MS = 200

/**
 * Compared with a bare argument, SQLite tests the condition of the default-order index and compiles the statement
 * again for each matching ID.
 */
const opaque = <T extends string | null>(matchingId: T) => sql<T>`cast(${matchingId} as text)`

/** All statements of the store, compiled once. */
export const prepareStatements = (db: Db) => {
  const readOrder = (db: Db) => db.selectFrom('orders').select(['doc', 'sealed', 'revision', 'iccid'])
  return {
    findProfile: prepare(db, 'find-profile', (db, { iccid }: { iccid: string }) =>
      db.selectFrom('profiles').select('sealed').where('iccid', '=', iccid),
    ),
    putProfile: prepare(
      db,
      'put-profile',
      (db, { iccid, profileType, sealed }: { iccid: string; profileType: string; sealed: Uint8Array }) =>
        db
          .insertInto('profiles')
          .values({ iccid, profile_type: profileType, sealed })
          .onConflict(on =>
            on.column('iccid').doUpdateSet(eb => ({
              profile_type: eb.ref('excluded.profile_type'),
              sealed: eb.ref('excluded.sealed'),
            })),
          ),
    ),

    addOrder: prepare(db, 'add-order', (db, order: OrderRow) =>
      db
        .insertInto('orders')
        .values({
          iccid: order.iccid,
          profile_type: order.profileType,
          state: order.state,
          matching_id: order.matchingId,
          event_id: order.eventId,
          eid: order.eid,
          revision: 1,
          doc: order.doc,
          sealed: order.sealed,
        })
        .onConflict(on => on.column('iccid').doNothing()),
    ),
    saveOrder: prepare(db, 'save-order', (db, order: OrderRow & { revision: number }) =>
      db
        .updateTable('orders')
        .set(eb => ({
          profile_type: order.profileType,
          state: order.state,
          matching_id: order.matchingId,
          event_id: order.eventId,
          eid: order.eid,
          revision: eb('revision', '+', 1),
          doc: order.doc,
          sealed: order.sealed,
        }))
        .where('iccid', '=', order.iccid)
        .where('revision', '=', order.revision),
    ),
    /** Updates a row without new keys, as all steps of a download do: writes only the default-order index. */
    saveOrderInPlace: prepare(db, 'save-order-in-place', (db, order: OrderRow & { revision: number }) =>
      db
        .updateTable('orders')
        .set(eb => ({
          state: order.state,
          eid: order.eid,
          revision: eb('revision', '+', 1),
          doc: order.doc,
          sealed: order.sealed,
        }))
        .where('iccid', '=', order.iccid)
        .where('revision', '=', order.revision)
        .where('profile_type', '=', order.profileType)
        .where('matching_id', 'is not distinct from', opaque(order.matchingId))
        .where('event_id', 'is not distinct from', order.eventId),
    ),
    findOrder: prepare(db, 'find-order', (db, { iccid }: { iccid: string }) =>
      readOrder(db).where('iccid', '=', iccid),
    ),
    findOrderByMatchingId: prepare(db, 'find-order-by-matching-id', (db, { matchingId }: { matchingId: string }) =>
      readOrder(db).where('matching_id', '=', opaque(matchingId)).where('matching_id', '<>', sql.lit('')),
    ),
    findOrderByEventId: prepare(db, 'find-order-by-event-id', (db, { eventId }: { eventId: string }) =>
      readOrder(db).where('event_id', '=', eventId).orderBy('n', 'desc').limit(sql.lit(1)),
    ),
    findDefaultOrders: prepare(db, 'find-default-orders', (db, { eid }: { eid: string }) =>
      readOrder(db).where('eid', '=', eid).where('matching_id', '=', sql.lit('')).orderBy('n'),
    ),
    findOrdersOfType: prepare(db, 'find-orders-of-type', (db, { profileType }: { profileType: string }) =>
      readOrder(db).where('profile_type', '=', profileType).orderBy('n'),
    ),
    listOrders: prepare(db, 'list-orders', (db, _: object) => readOrder(db).orderBy('n')),

    addSession: prepare(
      db,
      'add-session',
      (db, session: { transactionId: string; expiresAt: string; revision: number; sealed: Uint8Array }) =>
        db.insertInto('sessions').values({
          transaction_id: session.transactionId,
          expires_at: session.expiresAt,
          revision: session.revision,
          sealed: session.sealed,
        }),
    ),
    findSession: prepare(db, 'find-session', (db, { transactionId }: { transactionId: string }) =>
      db.selectFrom('sessions').select(['revision', 'sealed']).where('transaction_id', '=', transactionId),
    ),
    // The expiry is set at the start and does not change: the index stays.
    saveSession: prepare(
      db,
      'save-session',
      (db, session: { transactionId: string; revision: number; sealed: Uint8Array }) =>
        db
          .updateTable('sessions')
          .set(eb => ({ revision: eb('revision', '+', 1), sealed: session.sealed }))
          .where('transaction_id', '=', session.transactionId)
          .where('revision', '=', session.revision),
    ),
    dropSession: prepare(db, 'drop-session', (db, { transactionId }: { transactionId: string }) =>
      db.deleteFrom('sessions').where('transaction_id', '=', transactionId),
    ),
    dropSessionsBefore: prepare(db, 'drop-sessions-before', (db, { now }: { now: string }) =>
      db
        .deleteFrom('sessions')
        .where('transaction_id', 'in', eb =>
          eb
            .selectFrom('sessions')
            .select('transaction_id')
            .where('expires_at', '<=', now)
            .orderBy('expires_at')
            .limit(sql.lit(SWEPT_AT_ONCE)),
        ),
    ),

    putBoundCopy: prepare(db, 'put-bound-copy', (db, { iccid, sealed }: { iccid: string; sealed: Uint8Array }) =>
      db
        .insertInto('bound_copies')
        .values({ iccid, sealed })
        .onConflict(on => on.column('iccid').doUpdateSet(eb => ({ sealed: eb.ref('excluded.sealed') }))),
    ),
    findBoundCopy: prepare(db, 'find-bound-copy', (db, { iccid }: { iccid: string }) =>
      db.selectFrom('bound_copies').select('sealed').where('iccid', '=', iccid),
    ),
    dropBoundCopy: prepare(db, 'drop-bound-copy', (db, { iccid }: { iccid: string }) =>
      db.deleteFrom('bound_copies').where('iccid', '=', iccid),
    ),

    addDelivery: prepare(
      db,
      'add-delivery',
      (db, delivery: { transactionId: string; iccid: string; eid: string; at: string; doc: string }) =>
        db
          .insertInto('deliveries')
          .values({
            transaction_id: delivery.transactionId,
            iccid: delivery.iccid,
            eid: delivery.eid,
            at: delivery.at,
            doc: delivery.doc,
          })
          .onConflict(on =>
            on.column('transaction_id').doUpdateSet(eb => ({
              iccid: eb.ref('excluded.iccid'),
              eid: eb.ref('excluded.eid'),
              at: eb.ref('excluded.at'),
              doc: eb.ref('excluded.doc'),
            })),
          ),
    ),
    findDelivery: prepare(db, 'find-delivery', (db, { transactionId }: { transactionId: string }) =>
      db.selectFrom('deliveries').select('doc').where('transaction_id', '=', transactionId),
    ),

    addNotification: prepare(
      db,
      'add-notification',
      (
        db,
        notification: {
          digest: string
          at: string
          eid: string
          iccid: string | null
          operation: string
          seqNumber: number
          matched: number
          bytes: Uint8Array
        },
      ) =>
        db
          .insertInto('notifications')
          .values({
            digest: notification.digest,
            at: notification.at,
            eid: notification.eid,
            iccid: notification.iccid,
            operation: notification.operation,
            seq_number: notification.seqNumber,
            matched: notification.matched,
            bytes: notification.bytes,
          })
          .onConflict(on => on.column('digest').doNothing()),
    ),
    hasNotification: prepare(db, 'has-notification', (db, { digest }: { digest: string }) =>
      db.selectFrom('notifications').select('n').where('digest', '=', digest),
    ),
    listNotifications: prepare(db, 'list-notifications', (db, _: object) =>
      db.selectFrom('notifications').selectAll().orderBy('n'),
    ),

    addProgress: prepare(
      db,
      'add-progress',
      (db, progress: { id: string; requester: string; at: string | null; doc: string }) =>
        db
          .insertInto('progress')
          .values({ id: progress.id, requester: progress.requester, at: progress.at, doc: progress.doc })
          .onConflict(on => on.column('id').doUpdateSet(eb => ({ doc: eb.ref('excluded.doc') }))),
    ),
    listProgress: prepare(db, 'list-progress', (db, _: object) =>
      db.selectFrom('progress').select(['id', 'requester', 'at', 'doc']).orderBy('n'),
    ),
    // One index lookup for each kind, in place of a scan of a million rows.
    nextRequester: prepare(db, 'next-requester', (db, { after }: { after: string }) =>
      db
        .selectFrom('progress')
        .select('requester')
        .where('requester', '>', after)
        .orderBy('requester')
        .limit(sql.lit(1)),
    ),
    listProgressOf: prepare(
      db,
      'list-progress-of',
      (db, { requester, skip, limit }: { requester: string; skip: number; limit: number }) =>
        db
          .selectFrom('progress')
          .select(['id', 'requester', 'at', 'doc'])
          .where('requester', '=', requester)
          .orderBy('n')
          .limit(limit)
          .offset(skip),
    ),
    dropProgress: prepare(db, 'drop-progress', (db, { id }: { id: string }) =>
      db.deleteFrom('progress').where('id', '=', id),
    ),

    findCall: prepare(db, 'find-call', (db, { key }: { key: string }) =>
      db.selectFrom('calls').select('doc').where('key', '=', key),
    ),
    addCall: prepare(db, 'add-call', (db, { key, doc }: { key: string; doc: string }) =>
      db
        .insertInto('calls')
        .values({ key, doc })
        .onConflict(on => on.column('key').doUpdateSet(eb => ({ doc: eb.ref('excluded.doc') }))),
    ),
    answerCall: prepare(db, 'answer-call', (db, { key, doc }: { key: string; doc: string }) =>
      db
        .insertInto('calls')
        .values({ key, doc })
        .onConflict(on => on.column('key').doNothing()),
    ),
    dropOldCalls: prepare(db, 'drop-old-calls', (db, { kept }: { kept: number }) =>
      db
        .deleteFrom('calls')
        .where('n', '<=', eb => eb.selectFrom('calls').select(eb => eb(eb.fn.max('n'), '-', kept).as('last'))),
    ),
  }
}
