import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { createMemoryStore } from '../../../src/server/smdp/memory-store.ts'
import { advance, newOrder, type Order } from '../../../src/server/smdp/order.ts'
import type { InitiatedSession, SmdpStore, StockProfile, StoredNotification } from '../../../src/server/smdp/store.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { openFixtures, withoutPostgres } from './postgres-cluster.ts'

const AT = new Date('2026-11-01T12:00:00.123Z')
const environment = { ESIM_BENCH_STORE_KEY: toHex(seededRandom('store key')(32)) }
const EID = '89049032123451234512345678901235'

const places = openFixtures()
const { folder } = places

/** Waits after each step until another process would see it too. */
const unhurried = <S extends { synced(): Promise<void> }>(store: S): S =>
  new Proxy(store, {
    get: (target, name: keyof S & string) => {
      const method = target[name] as (...given: unknown[]) => Promise<unknown>
      return async (...given: unknown[]) => {
        const result = await method(...given)
        await target.synced()
        return result
      }
    },
  })

let opened = 0
/** Two views of one store: as two server processes have it where it is a database. */
type Open = () => Promise<{ one: SmdpStore; other: SmdpStore; close(): Promise<void> }>
const openTwice = async (place: string): ReturnType<Open> => {
  const one = await openSmdpStore(place, { environment, random: seededRandom(`${place} one`) })
  const other = await openSmdpStore(place, { environment, random: seededRandom(`${place} other`) })
  return {
    one: unhurried(one),
    other: unhurried(other),
    async close() {
      await one.close()
      await other.close()
    },
  }
}
const STORES: readonly [name: string, isMissing: string | undefined, open: Open][] = [
  [
    'in memory',
    undefined,
    async () => {
      const store = createMemoryStore()
      return { one: store, other: store, close: async () => undefined }
    },
  ],
  ['on SQLite', undefined, () => openTwice(join(folder, `store-${opened++}.db`))],
  ['on PostgreSQL', withoutPostgres, () => openTwice(places.cluster.database(`store_${opened++}`))],
]

const profileOf = (iccid: string, change: Partial<StockProfile> = {}): StockProfile => ({
  iccid,
  profileType: 'Plan S',
  package: seededRandom(iccid)(3000),
  metadata: {
    serviceProviderName: 'Opérateur',
    profileName: 'Plan "S"',
    icon: { type: 'png', bytes: Uint8Array.of(0, 255) },
  },
  memory: 3000,
  ...change,
})
const sessionOf = (transactionId: string, change: Partial<InitiatedSession> = {}): InitiatedSession => ({
  stage: 'initiated',
  transactionId,
  expiresAt: new Date(AT.getTime() + 600_000),
  serverCi: 'aa',
  euiccCi: 'bb',
  serverChallenge: seededRandom(transactionId)(16),
  revision: 1,
  ...change,
})

for (const [name, isMissing, open] of STORES)
  describe.skipIf(isMissing)(`a store ${name}${isMissing ? ` (${isMissing})` : ''}`, () => {
    let store: SmdpStore
    let other: SmdpStore
    let close: () => Promise<void>
    beforeAll(async () => {
      const both = await open()
      store = both.one
      other = both.other
      close = both.close
    })
    afterAll(() => close?.())

    const add = async (iccid: string, change: Partial<Order> = {}, type = 'Plan S'): Promise<Order> => {
      const profile = profileOf(iccid, { profileType: type })
      expect(await store.addProfile(profile, { ...newOrder(iccid, type, undefined, AT), ...change })).toBe(true)
      return (await store.findOrder(iccid))!
    }

    it('the store returns a profile and its order with every value', async () => {
      const order = await add('8900000000000000001', {
        owner: 'Operator A',
        eid: EID,
        matchingId: 'ID-1',
        confirmationCodeHash: seededRandom('cc')(32),
        expiresAt: AT,
        reusable: true,
        maxAttempts: 3,
        metadata: { icon: { type: 'jpg', bytes: Uint8Array.of(1, 2, 3) } },
      })
      expect(order).toMatchObject({
        revision: 1,
        state: 'Available',
        matchingId: 'ID-1',
        expiresAt: AT,
        maxAttempts: 3,
      })
      expect(order.confirmationCodeHash).toEqual(seededRandom('cc')(32))
      expect(order.metadata?.icon?.bytes).toEqual(Uint8Array.of(1, 2, 3))
      expect(order.history).toEqual([{ at: AT, from: undefined, to: 'Available', cause: 'added to the stock' }])
      expect(await other.findOrder(order.iccid)).toEqual(order)
      expect(await other.findProfile(order.iccid)).toEqual(profileOf(order.iccid))
      expect(await store.findOrder('1')).toBeUndefined()
      expect(await store.findProfile('1')).toBeUndefined()
    })

    it('addProfile replaces a profile only at the revision of the order that was read', async () => {
      const first = await add('8900000000000000002')
      const again = newOrder(first.iccid, 'Plan L', undefined, AT)
      const larger = profileOf(first.iccid, { profileType: 'Plan L' })
      expect(await store.addProfile(larger, again)).toBe(false)
      expect((await store.findProfile(first.iccid))?.profileType).toBe('Plan S')
      await store.saveOrder(first)
      expect(await store.addProfile(larger, again, first)).toBe(false)
      const now = (await store.findOrder(first.iccid))!
      expect(await other.addProfile(larger, again, now)).toBe(true)
      expect(await store.findOrder(first.iccid)).toMatchObject({ profileType: 'Plan L', revision: now.revision + 1 })
      expect((await store.findProfile(first.iccid))?.profileType).toBe('Plan L')
    })

    it('addProfile refuses the matching ID of another order', async () => {
      await add('8900000000000000003', { matchingId: 'ID-3' })
      const order = { ...newOrder('8900000000000000004', 'Plan S', undefined, AT), matchingId: 'ID-3' }
      expect(await store.addProfile(profileOf(order.iccid), order)).toBe(false)
      expect(await store.findOrder(order.iccid)).toBeUndefined()
      expect(await store.findProfile(order.iccid)).toBeUndefined()
    })

    it('the store finds orders by matching ID, event id, EID and type', async () => {
      const one = await add('8900000000000000011', { matchingId: '', eid: EID }, 'Found')
      const two = await add('8900000000000000012', { matchingId: 'ID-12', eventId: 'EVENT-12', eid: EID }, 'Found')
      const three = await add('8900000000000000013', { matchingId: '', eid: EID }, 'Found')
      expect(await store.findOrderByMatchingId('ID-12')).toEqual(two)
      expect(await store.findOrderByMatchingId('id-12')).toBeUndefined()
      expect(await store.findOrderByMatchingId('')).toBeUndefined()
      expect(await store.findOrderByEventId('EVENT-12')).toEqual(two)
      expect(await store.findOrderByEventId('')).toBeUndefined()
      expect(await store.findDefaultOrders(EID)).toEqual([one, three])
      expect(await store.findDefaultOrders('1')).toEqual([])
      expect(await store.findOrdersOfType('Found')).toEqual([one, two, three])
      expect((await store.listOrders()).map(({ iccid }) => iccid)).toContain(two.iccid)
      await store.saveOrder({ ...two, matchingId: 'ID-12b', eventId: undefined })
      expect(await store.findOrderByMatchingId('ID-12')).toBeUndefined()
      expect(await store.findOrderByEventId('EVENT-12')).toBeUndefined()
      expect(await store.findOrderByMatchingId('ID-12b')).toMatchObject({ iccid: two.iccid, revision: 2 })
    })

    it('saveOrder requires the revision that was read and a unique matching ID', async () => {
      const order = await add('8900000000000000021', { matchingId: 'ID-21' })
      const next = advance(order, 'Linked', 'DownloadOrder', AT, { eid: EID })
      expect(await store.saveOrder(next)).toBe('saved')
      expect(await other.saveOrder(next)).toBe('stale')
      expect(await other.findOrder(order.iccid)).toMatchObject({ state: 'Linked', eid: EID, revision: 2 })
      const second = await add('8900000000000000022')
      expect(await store.saveOrder({ ...second, matchingId: 'ID-21' })).toBe('matching-id-taken')
      expect(await store.saveOrder({ ...second, matchingId: '' })).toBe('saved')
      expect(await store.saveOrder({ ...second, iccid: '1' })).toBe('stale')
    })

    it('saveOrder stores the order and the response of the call in one transaction', async () => {
      const order = await add('8900000000000000041')
      const next = advance(order, 'Linked', 'DownloadOrder', AT, { eid: EID })
      expect(await store.saveOrder({ ...next, revision: 7 }, { key: 'call 41', response: 1 })).toBe('stale')
      expect(await other.findCall('call 41')).toBeUndefined()
      expect(await store.saveOrder(next, { key: 'call 41', response: { iccid: order.iccid } })).toBe('saved')
      expect(await other.findCall('call 41')).toEqual({ iccid: order.iccid })
      const second = await add('8900000000000000042')
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          (at % 2 ? store : other).saveOrder(second, { key: `call ${41 + (at % 3)}`, response: at }),
        ),
      )
      expect(outcomes.filter(outcome => outcome === 'saved')).toHaveLength(1)
      expect(outcomes.filter(outcome => outcome === 'call-known').length).toBeGreaterThanOrEqual(7)
      expect(await other.findCall('call 41')).toEqual({ iccid: order.iccid })
    })

    it('one of several concurrent changes succeeds', async () => {
      const order = await add('8900000000000000031')
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, at) =>
          (at % 2 ? store : other).saveOrder(advance(order, 'Allocated', `call ${at}`, AT)),
        ),
      )
      expect(outcomes.filter(outcome => outcome === 'saved')).toHaveLength(1)
      expect(outcomes.filter(outcome => outcome === 'stale')).toHaveLength(19)
      expect((await store.findOrder(order.iccid))?.history).toHaveLength(2)
    })

    it('the store saves sessions at their revision and deletes them', async () => {
      const session = sessionOf('AA01')
      await store.addSession(session)
      expect(await other.findSession('AA01')).toEqual(session)
      const { serverChallenge: _, ...rest } = session
      const next = {
        ...rest,
        stage: 'authenticated' as const,
        iccid: '1',
        matchingId: '',
        eid: EID,
        euiccCertificate: seededRandom('certificate')(500),
        smdpSignature2: seededRandom('signature')(64),
      }
      expect(await other.saveSession(next)).toBe('saved')
      expect(await store.saveSession(next)).toBe('stale')
      expect(await store.findSession('AA01')).toEqual({ ...next, revision: 2 })
      await store.dropSession('AA01')
      await store.dropSession('AA01')
      expect(await other.findSession('AA01')).toBeUndefined()
      expect(await store.saveSession({ ...next, revision: 2 })).toBe('stale')
    })

    it('the store deletes expired sessions', async () => {
      const later = new Date(AT.getTime() + 1)
      await store.addSession(sessionOf('BB01', { expiresAt: AT }))
      await store.addSession(sessionOf('BB02', { expiresAt: later }))
      await store.dropSessionsBefore(AT)
      expect(await store.findSession('BB01')).toBeUndefined()
      expect(await store.findSession('BB02')).toBeDefined()
      await other.dropSessionsBefore(new Date(AT.getTime() + 60_000))
      expect(await store.findSession('BB02')).toBeUndefined()
    })

    it('the store returns the bound copies', async () => {
      const copy = {
        iccid: '1',
        transactionId: 'AA',
        eid: EID,
        curve: 'P-256' as const,
        euiccOtpk: seededRandom('otpk')(65),
        package: seededRandom('bound')(4000),
      }
      await store.putBoundCopy(copy)
      await store.putBoundCopy({ ...copy, transactionId: 'BB' })
      expect(await other.findBoundCopy('1')).toEqual({ ...copy, transactionId: 'BB' })
      await other.dropBoundCopy('1')
      expect(await store.findBoundCopy('1')).toBeUndefined()
      const delivery = { transactionId: 'AA', iccid: '1', eid: EID, euiccCertificate: seededRandom('c')(500), at: AT }
      await store.addDelivery(delivery)
      await store.addDelivery({ ...delivery, iccid: '2' })
      expect(await other.findDelivery('AA')).toEqual({ ...delivery, iccid: '2' })
      expect(await other.findDelivery('BB')).toBeUndefined()
    })

    it('the store contains each notification once, in the order of arrival', async () => {
      const one: StoredNotification = {
        digest: 'one',
        at: AT,
        eid: EID,
        iccid: undefined,
        operation: 'notificationInstall',
        seqNumber: 4_000_000_000,
        matched: true,
        bytes: seededRandom('one')(300),
      }
      const two = { ...one, digest: 'two', iccid: '1', matched: false, seqNumber: 1 }
      expect(await Promise.all([store.addNotification(one), other.addNotification(one)])).toHaveLength(2)
      expect(await store.addNotification(one)).toBe(false)
      expect(await store.addNotification(two)).toBe(true)
      expect(await other.listNotifications()).toEqual([one, two])
      expect([await other.hasNotification('two'), await other.hasNotification('three')]).toEqual([true, false])
    })

    it('the store contains reports until their delivery, and the responses of calls', async () => {
      const request = {
        name: 'DeleteEvent' as const,
        message: { eid: EID, eventId: 'EVENT-1' },
        iccid: '1',
        notBefore: AT,
      }
      await store.addProgress({ id: 'b', requester: 'A', request })
      await store.addProgress({ id: 'a', requester: 'B', request })
      expect((await other.listProgress()).map(({ id }) => id)).toEqual(['b', 'a'])
      expect((await other.listProgress())[0]).toEqual({ id: 'b', requester: 'A', request })
      await store.dropProgress('b')
      expect((await store.listProgress()).map(({ id }) => id)).toEqual(['a'])
      expect(await store.findCall('key')).toBeUndefined()
      await store.addCall('key', { iccid: '1F' })
      await store.addCall('key', { iccid: '1F' })
      expect(await other.findCall('key')).toEqual({ iccid: '1F' })
    })
  })
