import { join } from 'node:path'
import Libsql from 'libsql'
import { describe, expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../../src/server/smdp/memory-store.ts'
import type { Progress, SmdpStore } from '../../../src/server/smdp/store.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { openFixtures, withoutPostgres } from './postgres-cluster.ts'

const NOW = new Date('2026-11-01T12:00:00.000Z')
const EID = '89049032123451234512345678901235'
const environment = { ESIM_BENCH_STORE_KEY: '07'.repeat(32) }
const hours = (count: number): Date => new Date(NOW.getTime() + count * 3_600_000)

// Where a library warns, in the middle of what `--json` prints.
const printed: unknown[] = []
vi.spyOn(console, 'log').mockImplementation((...words) => void printed.push(words))

const places = openFixtures()
const { folder } = places

const open = (place: string) => openSmdpStore(place, { environment, random: seededRandom(place) })
let opened = 0
const inMemory = async () => ({ ...createMemoryStore(), close: async () => undefined })
const STORES: readonly [string, string | undefined, () => Promise<SmdpStore & { close(): Promise<void> }>][] = [
  ['in memory', undefined, inMemory],
  ['on SQLite', undefined, () => open(join(folder, `kept-${opened++}.db`))],
  ['on PostgreSQL', withoutPostgres, () => open(places.cluster.database(`kept_${opened++}`))],
]

const report = (id: string, requester: string, at: Date | undefined): Progress => ({
  id,
  requester,
  at,
  request: {
    name: 'HandleDownloadProgressInfo',
    message: {
      eid: EID,
      iccid: '8988247000102003044F',
      profileType: 'Plan S',
      timestamp: '2026-11-01T12:00:00Z',
      notificationPointId: 1,
      notificationPointStatus: { status: 'Executed-Success' },
      resultData: undefined,
    },
  },
})
const fill = async (store: SmdpStore): Promise<void> => {
  for (let at = 0; at < 6; at++) {
    await store.addProgress(report(`a${at}`, 'a.example', hours(at)))
    await store.addProgress(report(`b${at}`, 'b.example', hours(at)))
    await store.addDelivery({
      transactionId: `0${at}`,
      iccid: '8988247000102003044',
      eid: EID,
      euiccCertificate: new Uint8Array(3),
      at: hours(at),
    })
    for (const matched of [true, false])
      await store.addNotification({
        digest: `${at} ${matched}`,
        at: hours(at),
        eid: EID,
        iccid: undefined,
        operation: 'notificationEnable',
        seqNumber: at,
        matched,
        bytes: Uint8Array.of(at),
      })
  }
  await store.addProgress({
    id: 'delete event',
    requester: 'ds.example',
    request: { name: 'DeleteEvent', message: { eid: EID, eventId: 'E' }, iccid: '89', notBefore: NOW },
  })
}
const UNLIMITED = { before: new Date(0), count: 1_000 }

describe.each(STORES)('retention %s', (_, missing, openStore) => {
  it.skipIf(missing)(
    `rows over the limits are dropped, the oldest first, and counted${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      const store = await openStore()
      await fill(store)
      expect(await store.listRequesters()).toEqual(['a.example', 'b.example', 'ds.example'])
      const ids = async (skip: number, limit: number) =>
        (await store.listProgressOf('b.example', skip, limit)).map(({ id }) => id)
      expect([await ids(0, 2), await ids(2, 2), await ids(5, 2)]).toEqual([['b0', 'b1'], ['b2', 'b3'], ['b5']])
      const kept = { notifications: 6, 'unmatched notifications': 6, deliveries: 6, reports: 12 }
      expect(await store.readFigures()).toEqual({
        kept,
        waiting: [
          { requester: 'a.example', count: 6, since: NOW },
          { requester: 'b.example', count: 6, since: NOW },
        ],
        dropped: [],
      })

      for (const kind of ['notifications', 'unmatched notifications', 'deliveries', 'reports'] as const)
        expect(await store.dropOld(kind, UNLIMITED, hours(9))).toBe(0)
      expect((await store.readFigures()).kept).toEqual(kept)

      expect(await store.dropOld('unmatched notifications', { before: hours(2), count: 1_000 }, hours(9))).toBe(2)
      expect(await store.dropOld('deliveries', { before: new Date(0), count: 5 }, hours(9))).toBe(1)
      expect(await store.dropOld('reports', { before: hours(1), count: 1_000 }, hours(9))).toBe(2)
      expect(await store.dropOld('reports', { before: new Date(0), count: 3 }, hours(10))).toBe(7)
      expect(await store.dropOld('notifications', { before: hours(1), count: 4 }, hours(9))).toBe(2)

      expect(await store.listRequesters()).toEqual(expect.arrayContaining(['a.example', 'b.example', 'ds.example']))
      expect((await store.listProgress()).map(({ id }) => id)).toEqual(['b4', 'a5', 'b5', 'delete event'])
      expect(await store.findDelivery('00')).toBeUndefined()
      expect(await store.findDelivery('01')).toMatchObject({ at: hours(1) })
      expect((await store.listNotifications()).map(({ digest }) => digest)).toEqual(
        [...Array(6).keys()].flatMap(at => (at < 2 ? [] : [`${at} true`, `${at} false`])),
      )
      const { dropped, kept: left } = await store.readFigures()
      expect(left).toEqual({ notifications: 4, 'unmatched notifications': 4, deliveries: 5, reports: 3 })
      expect([...dropped].sort((a, b) => `${a.kind}${a.requester}`.localeCompare(`${b.kind}${b.requester}`))).toEqual([
        { kind: 'deliveries', requester: undefined, count: 1, at: hours(9) },
        { kind: 'notifications', requester: undefined, count: 2, at: hours(9) },
        { kind: 'reports', requester: 'a.example', count: 5, at: hours(10) },
        { kind: 'reports', requester: 'b.example', count: 4, at: hours(10) },
        { kind: 'unmatched notifications', requester: undefined, count: 2, at: hours(9) },
      ])
      await store.close()
    },
  )

  it.skipIf(missing)(`many rows are dropped in steps${missing ? ` (skipped: ${missing})` : ''}`, async () => {
    const store = await openStore()
    const add = (at: number) =>
      store.addNotification({
        digest: `many ${at}`,
        at: NOW,
        eid: EID,
        iccid: undefined,
        operation: 'notificationEnable',
        seqNumber: at,
        matched: false,
        bytes: new Uint8Array(1),
      })
    // Together, as a store that syncs takes them: the last one alone, so that it is the newest everywhere.
    await Promise.all([...Array(2_299).keys()].map(add))
    await add(2_299)
    expect(await store.dropOld('unmatched notifications', { before: new Date(0), count: 10 }, NOW)).toBe(2_290)
    expect((await store.readFigures()).kept['unmatched notifications']).toBe(10)
    expect((await store.listNotifications()).at(-1)?.digest).toBe('many 2299')
    await store.close()
  })
})

it('the server prints nothing', () => {
  expect(printed).toEqual([])
})

it('the migration of a SQLite store dates its reports with the day of the migration', async () => {
  const file = join(folder, 'former.db')
  const store = await open(file)
  await store.addProgress(report('old', 'a.example', NOW))
  await store.close()
  const former = new Libsql(file)
  for (const index of [
    'progress_requester',
    'progress_age',
    'deliveries_age',
    'notifications_age',
    'notifications_order',
  ])
    former.exec(`drop index ${index}`)
  former.exec('alter table progress drop column at; drop table dropped; update smdp_store set form = 1')
  former.close()
  const again = await open(file)
  const [kept] = await again.listProgress()
  expect(kept).toMatchObject({ id: 'old', requester: 'a.example' })
  expect(kept!.at!.getTime()).toBeGreaterThan(NOW.getTime() - 365 * 86_400_000)
  await again.close()
})
