import type { Order } from './order.ts'
import type {
  BoundCopy,
  Delivery,
  KeptKind,
  Progress,
  SmdpSession,
  SmdpStore,
  StockProfile,
  StoredNotification,
  StoreFigures,
} from './store.ts'

/** The number of stored responses for repeated calls. */
const CALLS_KEPT = 10_000

/** A store in memory. Each method is atomic because it does not await. */
export const createMemoryStore = (): SmdpStore => {
  const profiles = new Map<string, StockProfile>()
  const orders = new Map<string, Order>()
  const byMatchingId = new Map<string, string>()
  const byEventId = new Map<string, string>()
  const sessions = new Map<string, SmdpSession>()
  const copies = new Map<string, BoundCopy>()
  const deliveries = new Map<string, Delivery>()
  const notifications = new Map<string, StoredNotification>()
  const progress = new Map<string, Progress>()
  const calls = new Map<string, unknown>()

  const isMine = (order: Order): boolean => {
    const holder = order.matchingId ? byMatchingId.get(order.matchingId) : undefined
    return holder === undefined || holder === order.iccid
  }
  const put = (order: Order, was: Order | undefined): void => {
    if (was?.matchingId && was.matchingId !== order.matchingId) byMatchingId.delete(was.matchingId)
    if (order.matchingId) byMatchingId.set(order.matchingId, order.iccid)
    if (was?.eventId && was.eventId !== order.eventId) byEventId.delete(was.eventId)
    if (order.eventId) byEventId.set(order.eventId, order.iccid)
    orders.set(order.iccid, { ...order, revision: (was?.revision ?? 0) + 1 })
  }
  const putCall = (key: string, response: unknown): void => {
    if (calls.size >= CALLS_KEPT) calls.delete(calls.keys().next().value as string)
    calls.set(key, response)
  }

  const dropped = new Map<string, StoreFigures['dropped'][number]>()
  const mapOf = (kind: KeptKind): Map<string, unknown> =>
    kind === 'deliveries' ? deliveries : kind === 'reports' ? progress : notifications
  /** The entries of a kind, oldest first. */
  function* keptOf(kind: KeptKind): Generator<[key: string, { readonly at: Date; readonly requester?: string }]> {
    if (kind === 'deliveries') yield* deliveries
    else if (kind === 'reports') {
      for (const [id, { at, requester }] of progress) if (at !== undefined) yield [id, { at, requester }]
    } else
      for (const [digest, { at, matched }] of notifications)
        if (matched === (kind === 'notifications')) yield [digest, { at }]
  }

  return {
    synced: async () => undefined,

    async addProfile(profile, order, over) {
      const was = orders.get(order.iccid)
      if (was?.revision !== over?.revision || !isMine(order)) return false
      profiles.set(profile.iccid, profile)
      put(order, was)
      return true
    },
    findProfile: async iccid => profiles.get(iccid),
    findOrder: async iccid => orders.get(iccid),
    findOrderByMatchingId: async matchingId => orders.get(byMatchingId.get(matchingId) ?? ''),
    findOrderByEventId: async eventId => orders.get(byEventId.get(eventId) ?? ''),
    findDefaultOrders: async eid => [...orders.values()].filter(order => order.matchingId === '' && order.eid === eid),
    findOrdersOfType: async profileType => [...orders.values()].filter(order => order.profileType === profileType),
    listOrders: async () => [...orders.values()],
    async saveOrder(order, call) {
      const was = orders.get(order.iccid)
      if (call !== undefined && calls.has(call.key)) return 'call-known'
      if (was?.revision !== order.revision) return 'stale'
      if (!isMine(order)) return 'matching-id-taken'
      put(order, was)
      if (call !== undefined) putCall(call.key, call.response)
      return 'saved'
    },

    async addSession(session) {
      sessions.set(session.transactionId, session)
    },
    findSession: async transactionId => sessions.get(transactionId),
    async saveSession(session) {
      if (sessions.get(session.transactionId)?.revision !== session.revision) return 'stale'
      sessions.set(session.transactionId, { ...session, revision: session.revision + 1 })
      return 'saved'
    },
    async dropSession(transactionId) {
      sessions.delete(transactionId)
    },
    async dropSessionsBefore(now) {
      // All sessions have the same lifetime, so they expire in the order of their creation.
      for (const session of sessions.values()) {
        if (session.expiresAt > now) break
        sessions.delete(session.transactionId)
      }
    },

    async putBoundCopy(copy) {
      copies.set(copy.iccid, copy)
    },
    findBoundCopy: async iccid => copies.get(iccid),
    async dropBoundCopy(iccid) {
      copies.delete(iccid)
    },

    async addDelivery(delivery) {
      deliveries.set(delivery.transactionId, delivery)
    },
    findDelivery: async transactionId => deliveries.get(transactionId),

    async addNotification(notification) {
      if (notifications.has(notification.digest)) return false
      notifications.set(notification.digest, notification)
      return true
    },
    hasNotification: async digest => notifications.has(digest),
    listNotifications: async () => [...notifications.values()],

    async addProgress(item) {
      progress.set(item.id, item)
    },
    listProgress: async () => [...progress.values()],
    listRequesters: async () => [...new Set([...progress.values()].map(({ requester }) => requester))],
    listProgressOf: async (requester, skip, limit) =>
      [...progress.values()].filter(item => item.requester === requester).slice(skip, skip + limit),
    async dropProgress(id) {
      progress.delete(id)
    },

    findCall: async key => calls.get(key),
    async addCall(key, response) {
      putCall(key, response)
    },

    async dropOld(kind, { before, count }, now) {
      const all = [...keptOf(kind)]
      const old = all.filter(([, { at }], index) => at < before || index < all.length - count)
      for (const [key, { requester }] of old) {
        mapOf(kind).delete(key)
        const name = `${kind} ${requester ?? ''}`
        dropped.set(name, { kind, requester, count: (dropped.get(name)?.count ?? 0) + 1, at: now })
      }
      return old.length
    },
    async readFigures() {
      const waiting = new Map<string, { requester: string; count: number; since: Date }>()
      for (const [, { requester, at }] of keptOf('reports')) {
        const before = waiting.get(requester!)
        waiting.set(requester!, { requester: requester!, count: (before?.count ?? 0) + 1, since: before?.since ?? at })
      }
      const countOf = (kind: KeptKind): number => [...keptOf(kind)].length
      return {
        kept: {
          notifications: countOf('notifications'),
          'unmatched notifications': countOf('unmatched notifications'),
          deliveries: countOf('deliveries'),
          reports: countOf('reports'),
        },
        waiting: [...waiting.values()],
        dropped: [...dropped.values()],
      }
    },
  }
}
