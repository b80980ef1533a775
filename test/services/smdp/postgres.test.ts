import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { type Cluster, startCluster, withoutPostgres } from '../store/postgres-cluster.ts'
import { type Serving, serveSmdp } from './serving.ts'

const reason = withoutPostgres ? ` (skipped: ${withoutPostgres})` : ''

let cluster: Cluster | undefined
let place: Place
const serving: Serving[] = []
beforeAll(() => {
  place = createCliFixture()
  if (!withoutPostgres) cluster = startCluster()
})
afterAll(async () => {
  for (const each of serving) await each.end()
  cluster?.stop()
  place.remove()
})

it.skipIf(withoutPostgres !== undefined)(
  `two servers on one PostgreSQL give one order between them${reason}`,
  async () => {
    const url = cluster!.database('standalone')
    const inventory = join(place.folder, 'inventory.yaml')
    writeFileSync(inventory, 'types: {own: {template: own}}\norders: [{matchingId: SHARED, profile: own}]\n')
    const first = await serveSmdp(place, '--db', url, '--inventory', inventory)
    serving.push(first)
    const second = await serveSmdp(place, '--db', url, '--inventory', inventory)
    serving.push(second)
    expect(first.out()).toContain('1 profiles and 1 orders added')
    expect(second.out()).toContain('0 profiles and 0 orders added, 0 and 1 already existed')

    const download = (server: Serving) =>
      place.run(
        ...['card', 'download', '--smdp', 'smdp.bench.example', '--matching-id', 'SHARED', '--json', '--yes'],
        ...['--connect-to', `127.0.0.1:${server.port('ES9+')}`],
      )
    expect(await download(second)).toMatchObject({ exitCode: 0, err: '' })
    expect(await download(first)).toMatchObject({ exitCode: 1 })
    expect((await place.run('smdp', 'order', 'show', 'SHARED', '--db', url, '--json')).json()).toMatchObject({
      state: 'Installed',
    })
    for (const each of serving.splice(0)) await each.end()
    const fresh = await serveSmdp(place, '--db', url, '--inventory', inventory, '--reset', '--yes')
    serving.push(fresh)
    expect(fresh.out()).toContain('1 profiles and 1 orders added')
  },
)
