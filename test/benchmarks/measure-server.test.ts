import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { measureServer } from '../../benchmarks/measure-server.ts'
import { makeDatabase } from '../../benchmarks/postgres-target.ts'
import { summarize } from '../../benchmarks/server-client.ts'
import { toHex } from '../../src/asn1/bytes.ts'
import { createCliFixture } from '../cli/runtime.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { type Cluster, startCluster, withoutPostgres } from '../services/store/postgres-cluster.ts'
import { type Compiled, compileProcess } from '../services/store/server-process.ts'

const place = createCliFixture()
const { runtime } = place.runtimeOf(new AbortController().signal)
place.remove()

const folder = mkdtempSync(join(tmpdir(), 'measure-'))
const environment = { ESIM_BENCH_STORE_KEY: toHex(seededRandom('key')(32)) }
let compiled: Compiled
let cluster: Cluster | undefined
beforeAll(async () => {
  compiled = await compileProcess('benchmarks/measured-server.ts')
  if (withoutPostgres === undefined) cluster = startCluster()
})
afterAll(() => {
  compiled.remove()
  cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const measure = (name: string, store: string, processes: number) =>
  measureServer(
    runtime,
    { name, store, processes, environment, downloads: 20, sessions: 50, serverFile: compiled.file },
    () => undefined,
  )

it('summarize returns count, median, 99th percentile and rate', () => {
  const took = Array.from({ length: 100 }, (_, at) => 100 - at)
  expect(summarize(took, 2000)).toEqual({ count: 100, p50: 51, p99: 100, perSecond: 50 })
})

it('measureServer measures complete downloads at a server in a child process', async () => {
  const measured = await measure('SQLite', join(folder, 'smdp.db'), 1)
  expect(measured.downloads.count).toBe(20)
  expect(measured.initiateAuthentication.count).toBe(10)
  expect(measured.memory.map(({ sessions }) => sessions)).toEqual([0, 10, 20, 30, 40, 50])
  expect(measured.memory.every(({ rss }) => rss > 1 << 20)).toBe(true)
  expect(measured.downloads.p99).toBeGreaterThanOrEqual(measured.downloads.p50)
  expect(measured.bareCryptoMs).toBeGreaterThan(0)
  expect(measured.downloads.cpuMs).toBeGreaterThan(0)
})

it.skipIf(withoutPostgres)(
  `measureServer measures two processes that share their sessions on PostgreSQL${withoutPostgres ? ` (${withoutPostgres})` : ''}`,
  async () => {
    const database = await makeDatabase(cluster!.database('around'), runtime.random)
    // The functions of one session go to alternating processes. A process that does not find the session returns an error.
    const measured = await measure('PostgreSQL', database.url, 2)
    expect(measured.downloads.count).toBe(20)
    await database.drop()
  },
)

it('the benchmark reports which PostgreSQL it needs', async () => {
  await expect(makeDatabase('postgres://user:geheim@127.0.0.1:1/smdp', runtime.random)).rejects.toThrow(
    /at postgres:\/\/user:\*\*\*@127\.0\.0\.1:1\/smdp: .*DATABASE_URL must name a PostgreSQL server/,
  )
})
