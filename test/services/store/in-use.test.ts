import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenSmdpStore, openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { ROOT } from '../../paths.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { createSmdpFixture, ICCID } from '../../server/smdp/smdp-fixture.ts'
import { type Cluster, startCluster, temporaryFolder, withoutPostgres } from './postgres-cluster.ts'

let cluster: Cluster | undefined
let folder: string
beforeAll(() => {
  folder = temporaryFolder()
  if (!withoutPostgres) cluster = startCluster()
})
afterAll(() => {
  cluster?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const environment = { ESIM_BENCH_STORE_KEY: '07'.repeat(32) }
const open = (place: string): Promise<OpenSmdpStore> =>
  openSmdpStore(place, { environment, random: seededRandom(place) })
const places = [
  ['SQLite', () => join(folder, 'two.db'), undefined],
  ['PostgreSQL', () => cluster!.database('in_use'), withoutPostgres],
] as const

describe.each(places)('a store on %s', (_, place, missing) => {
  it.skipIf(missing)(`clear refuses a store that a server uses${missing ? ` (skipped: ${missing})` : ''}`, async () => {
    const at = place()
    const server = await open(at)
    await createSmdpFixture({ store: server })
    await server.occupy()
    const beside = await open(at)
    await beside.occupy()
    const resetting = await open(at)
    await expect(resetting.clear()).rejects.toMatchObject({
      code: 'store-busy',
      message: expect.stringContaining('end it before the store is emptied'),
    })
    // Nor by one of the two that stand there.
    await expect(beside.clear()).rejects.toMatchObject({ code: 'store-busy' })
    expect(await server.findOrder(ICCID)).toMatchObject({ state: 'Available' })
    await server.close()
    await expect(resetting.clear()).rejects.toMatchObject({ code: 'store-busy' })
    await beside.close()
    await resetting.clear()
    expect(await resetting.findOrder(ICCID)).toBeUndefined()
    await resetting.occupy()
    await resetting.close()
  })
})

it('a SQLite store is released when its server process is killed', async () => {
  const file = join(folder, 'killed.db')
  const store = await open(file)
  const libsql = join(ROOT, 'node_modules', 'libsql')
  const holder = spawn(process.execPath, [
    '-e',
    `const file = new (require(${JSON.stringify(libsql)}))(${JSON.stringify(`${file}.in-use`)})
     file.exec('begin'); file.prepare('select count(*) from sqlite_master').get()
     console.log('holds it'); setInterval(() => {}, 1000)`,
  ])
  await once(holder.stdout, 'data')
  await expect(store.clear()).rejects.toMatchObject({ code: 'store-busy' })
  holder.kill('SIGKILL')
  await once(holder, 'exit')
  await store.clear()
  await store.close()
})
