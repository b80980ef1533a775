import type { Order } from '../../server/smdp/order.ts'
import type { BoundCopy, Delivery, Progress, SmdpSession, SmdpStore, StockProfile } from '../../server/smdp/store.ts'
import { type Database, TakenError } from './database.ts'
import { fromDocument, fromPackedDocument, toDocument, toPackedDocument } from './document.ts'
import { createRetentionOn } from './retention.ts'
import type { Sealing } from './sealing.ts'
import { prepareStatements, SWEEP_EVERY_MS } from './smdp-statements.ts'
import { bound } from './statement.ts'

/** The number of stored responses to repeated function calls, and the interval of the cleanup. */
const CALLS_KEPT = 10_000
const CALLS_BETWEEN = 500

/**
 * The store of the SM-DP+ in a database. Each method is one statement or one transaction. An update checks the
 * revision that the caller read.
 */
export const createStoreOn = (database: Database, sealing: Sealing): SmdpStore => {
  const statements = prepareStatements(database.db)

  const orderRow = (order: Order) => {
    const { revision: _, ...facts } = order
    const isBytes = ([, value]: [string, unknown]): boolean => value instanceof Uint8Array
    const entries = Object.entries(facts)
    const secrets = entries.filter(isBytes)
    return {
      iccid: order.iccid,
      profileType: order.profileType,
      state: order.state,
      matchingId: order.matchingId ?? null,
      eventId: order.eventId ?? null,
      eid: order.eid ?? null,
      doc: toDocument(secrets.length === 0 ? facts : Object.fromEntries(entries.filter(entry => !isBytes(entry)))),
      sealed:
        secrets.length === 0
          ? null
          : sealing.seal(toPackedDocument(Object.fromEntries(secrets)), `order ${order.iccid}`),
    }
  }
  const toOrder = (row: { doc: string; sealed: Uint8Array | null; revision: number; iccid: string }): Order => ({
    ...fromDocument<Omit<Order, 'revision'>>(row.doc),
    ...(row.sealed !== null && fromPackedDocument<Partial<Order>>(sealing.open(row.sealed, `order ${row.iccid}`))),
    revision: row.revision,
  })
  const sessionRow = (session: SmdpSession) => {
    const { transactionId, revision } = session
    return {
      transactionId,
      expiresAt: session.expiresAt.toISOString(),
      revision,
      sealed: sealing.seal(toPackedDocument(session), `session ${transactionId}`),
    }
  }
  const opened = <T>(row: { sealed: Uint8Array } | undefined, about: string): T | undefined =>
    row && fromPackedDocument<T>(sealing.open(row.sealed, about))

  const toProgress = (row: { id: string; requester: string; at: string | null; doc: string }): Progress => ({
    id: row.id,
    requester: row.requester,
    request: fromDocument<Progress['request']>(row.doc),
    ...(row.at !== null && { at: new Date(row.at) }),
  })

  let sweptAt = Number.NEGATIVE_INFINITY
  let callsAdded = 0
  const forgetOldCalls = async (): Promise<void> => {
    if (++callsAdded % CALLS_BETWEEN === 0) await database.change(statements.dropOldCalls, { kept: CALLS_KEPT })
  }
  const findCall = async (key: string): Promise<unknown> => {
    const row = await database.row(statements.findCall, { key })
    return row && fromDocument<unknown>(row.doc)
  }

  return {
    synced: database.synced,
    ...createRetentionOn(database),
    async addProfile(profile, order, over) {
      const row = orderRow(order)
      const stock = {
        iccid: profile.iccid,
        profileType: profile.profileType,
        sealed: sealing.seal(toPackedDocument(profile), `profile ${profile.iccid}`),
      }
      try {
        return await database.changeAll([
          over === undefined
            ? bound(statements.addOrder, row)
            : bound(statements.saveOrder, { ...row, revision: over.revision }),
          bound(statements.putProfile, stock),
        ])
      } catch (error) {
        if (error instanceof TakenError) return false
        throw error
      }
    },
    findProfile: async iccid =>
      opened<StockProfile>(await database.row(statements.findProfile, { iccid }), `profile ${iccid}`),
    async findOrder(iccid) {
      const row = await database.row(statements.findOrder, { iccid })
      return row && toOrder(row)
    },
    async findOrderByMatchingId(matchingId) {
      const row = await database.row(statements.findOrderByMatchingId, { matchingId })
      return row && toOrder(row)
    },
    async findOrderByEventId(eventId) {
      const row = await database.row(statements.findOrderByEventId, { eventId })
      return row && toOrder(row)
    },
    findDefaultOrders: async eid => (await database.rows(statements.findDefaultOrders, { eid })).map(toOrder),
    findOrdersOfType: async profileType =>
      (await database.rows(statements.findOrdersOfType, { profileType })).map(toOrder),
    listOrders: async () => (await database.rows(statements.listOrders, {})).map(toOrder),
    async saveOrder(order, call) {
      const row = { ...orderRow(order), revision: order.revision }
      try {
        if (call === undefined) {
          if ((await database.change(statements.saveOrderInPlace, row)) > 0) return 'saved'
          return (await database.change(statements.saveOrder, row)) > 0 ? 'saved' : 'stale'
        }
        const { key, response } = call
        const answer = bound(statements.answerCall, { key, doc: toDocument(response) })
        if (!(await database.changeAll([answer, bound(statements.saveOrder, row)])))
          return (await findCall(key)) === undefined ? 'stale' : 'call-known'
        await forgetOldCalls()
        return 'saved'
      } catch (error) {
        if (error instanceof TakenError) return 'matching-id-taken'
        throw error
      }
    },

    async addSession(session) {
      await database.change(statements.addSession, sessionRow(session))
    },
    async findSession(transactionId) {
      const row = await database.row(statements.findSession, { transactionId })
      const session = opened<SmdpSession>(row, `session ${transactionId}`)
      return session && { ...session, revision: row!.revision }
    },
    saveSession: async session =>
      (await database.change(statements.saveSession, sessionRow(session))) > 0 ? 'saved' : 'stale',
    async dropSession(transactionId) {
      await database.change(statements.dropSession, { transactionId })
    },
    async dropSessionsBefore(now) {
      const since = now.getTime() - sweptAt
      if (since >= 0 && since < SWEEP_EVERY_MS) return
      sweptAt = now.getTime()
      await database.change(statements.dropSessionsBefore, { now: now.toISOString() })
    },

    async putBoundCopy(copy) {
      const { iccid } = copy
      await database.change(statements.putBoundCopy, {
        iccid,
        sealed: sealing.seal(toPackedDocument(copy), `bound copy ${iccid}`),
      })
    },
    findBoundCopy: async iccid =>
      opened<BoundCopy>(await database.row(statements.findBoundCopy, { iccid }), `bound copy ${iccid}`),
    async dropBoundCopy(iccid) {
      await database.change(statements.dropBoundCopy, { iccid })
    },

    async addDelivery(delivery) {
      const { transactionId, iccid, eid, at } = delivery
      const row = { transactionId, iccid, eid, at: at.toISOString(), doc: toDocument(delivery) }
      await database.change(statements.addDelivery, row)
    },
    async findDelivery(transactionId) {
      const row = await database.row(statements.findDelivery, { transactionId })
      return row && fromDocument<Delivery>(row.doc)
    },

    addNotification: async notification =>
      (await database.change(statements.addNotification, {
        ...notification,
        at: notification.at.toISOString(),
        iccid: notification.iccid ?? null,
        matched: notification.matched ? 1 : 0,
      })) > 0,
    hasNotification: async digest => (await database.row(statements.hasNotification, { digest })) !== undefined,
    listNotifications: async () =>
      (await database.rows(statements.listNotifications, {})).map(row => ({
        digest: row.digest,
        at: new Date(row.at),
        eid: row.eid,
        iccid: row.iccid ?? undefined,
        operation: row.operation,
        // The PostgreSQL driver returns 64-bit integers as text; a sequence number has 32 bits.
        seqNumber: Number(row.seq_number),
        matched: row.matched === 1,
        bytes: Uint8Array.from(row.bytes),
      })),

    async addProgress({ id, requester, request, at }) {
      await database.change(statements.addProgress, {
        id,
        requester,
        at: at?.toISOString() ?? null,
        doc: toDocument(request),
      })
    },
    listProgress: async () => (await database.rows(statements.listProgress, {})).map(toProgress),
    async listRequesters() {
      const found: string[] = []
      for (let after = ''; ; ) {
        const row = await database.row(statements.nextRequester, { after })
        if (row === undefined) return found
        after = row.requester
        found.push(after)
      }
    },
    listProgressOf: async (requester, skip, limit) =>
      (await database.rows(statements.listProgressOf, { requester, skip, limit })).map(toProgress),
    async dropProgress(id) {
      await database.change(statements.dropProgress, { id })
    },

    findCall,
    async addCall(key, response) {
      await database.change(statements.addCall, { key, doc: toDocument(response) })
      await forgetOldCalls()
    },
  }
}
