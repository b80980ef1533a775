import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { createMemorySmdsStore } from '../../../src/server/smds/memory-store.ts'
import type { EventRecord, SmdsSession, SmdsStore } from '../../../src/server/smds/store.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { openFixtures, withoutPostgres } from './postgres-cluster.ts'

const AT = new Date('2026-11-01T12:00:00Z')
const EID = '89049032123451234512345678901235'
const environment = { ESIM_BENCH_STORE_KEY: toHex(seededRandom('store key')(32)) }

const places = openFixtures()
const { folder } = places

const opened = async (location: string) => {
  const { smds, close } = await openSmdpStore(location, { environment, random: seededRandom('smds') })
  return { store: smds, close }
}
const STORES: readonly [string, string | undefined, () => Promise<{ store: SmdsStore; close(): Promise<void> }>][] = [
  ['in memory', undefined, async () => ({ store: createMemorySmdsStore(), close: async () => undefined })],
  ['on SQLite', undefined, () => opened(join(folder, 'smds.db'))],
  ['on PostgreSQL', withoutPostgres, () => opened(places.cluster.database('smds'))],
]

for (const [name, isMissing, open] of STORES)
  describe.skipIf(isMissing)(`the store of an SM-DS ${name}${isMissing ? ` (${isMissing})` : ''}`, () => {
    let store: SmdsStore
    let close: (() => Promise<void>) | undefined
    beforeAll(async () => {
      const made = await open()
      store = made.store
      close = made.close
    })
    afterAll(() => close?.())

    const event: EventRecord = {
      eid: EID,
      eventId: 'EVENT-1',
      rspServerAddress: 'smdp.example.com',
      owner: '1.3.6.1',
      callIdentifier: 'call 1',
      at: AT,
      atRoot: 'to-register',
      isWithdrawn: false,
      revision: 1,
    }

    it('the store contains one event of an id for each EID and updates it at its revision', async () => {
      expect(await store.addEvent(event)).toBe(true)
      expect(await store.addEvent({ ...event, owner: 'another' })).toBe(false)
      const second = { ...event, eventId: 'EVENT-2' }
      expect(await store.addEvent(second)).toBe(true)
      expect(await store.addEvent({ ...event, eid: '1' })).toBe(true)
      expect(await store.findEvent(EID, 'EVENT-1')).toEqual(event)
      expect(await store.findEvent(EID, 'EVENT-3')).toBeUndefined()
      expect(await store.listEvents(EID)).toEqual([event, second])
      expect(await store.saveEvent({ ...event, isWithdrawn: true })).toBe('saved')
      expect(await store.saveEvent(event)).toBe('stale')
      expect(await store.dropEvent(event)).toBe(false)
      const now = (await store.findEvent(EID, 'EVENT-1'))!
      expect(now).toEqual({ ...event, isWithdrawn: true, revision: 2 })
      expect(await store.dropEvent(now)).toBe(true)
      expect(await store.dropEvent(now)).toBe(false)
      expect(await store.listEvents(EID)).toEqual([second])
    })

    it('the store ends a session once and deletes expired ones', async () => {
      const session: SmdsSession = {
        transactionId: 'AA01',
        expiresAt: AT,
        serverCi: 'aa',
        euiccCi: 'bb',
        serverChallenge: seededRandom('challenge')(16),
      }
      await store.addSession(session)
      await store.addSession({ ...session, transactionId: 'AA02' })
      expect(await store.findSession('AA01')).toEqual(session)
      expect((await Promise.all([store.dropSession('AA01'), store.dropSession('AA01')])).sort()).toEqual([false, true])
      expect(await store.findSession('AA01')).toBeUndefined()
      await store.dropSessionsBefore(new Date(AT.getTime() - 1))
      expect(await store.findSession('AA02')).toBeDefined()
      await store.dropSessionsBefore(new Date(AT.getTime() + 60_000))
      expect(await store.findSession('AA02')).toBeUndefined()
    })
  })
