import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import { checkDigit } from '../../../src/server/smdp/iccid.ts'
import { advance, newOrder, type Order } from '../../../src/server/smdp/order.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { START } from '../../server/smdp/smdp-fixture.ts'
import { type Cluster, startCluster, temporaryFolder, withoutPostgres } from './postgres-cluster.ts'
import { type Compiled, compileProcess, type ServerProcess, startProcess } from './server-process.ts'

export const STORE_KEY = toHex(seededRandom('store key')(32))

/** What a test does on each of the two stores. */
export interface KilledPlace {
  readonly name: string
  /** A new store. */
  locate(name: string): string
  start(environment: Readonly<Record<string, string>>): Promise<ServerProcess>
}

/** The tests of `define` on SQLite and on PostgreSQL, where there is one. */
export const describeOnStores = (what: string, define: (place: KilledPlace) => void): void => {
  const folder = temporaryFolder()
  let cluster: Cluster | undefined
  let compiled: Compiled
  beforeAll(async () => {
    compiled = await compileProcess('test/services/store/smdp-process.ts')
    if (withoutPostgres === undefined) cluster = startCluster()
  })
  afterAll(() => {
    cluster?.stop()
    compiled?.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const start: KilledPlace['start'] = environment =>
    startProcess(compiled.file, { ESIM_BENCH_STORE_KEY: STORE_KEY, ...environment })
  describe(`${what} on SQLite`, () => {
    define({ name: 'SQLite', locate: name => join(folder, `${name}.db`), start })
  })
  describe.skipIf(withoutPostgres)(`${what} on PostgreSQL${withoutPostgres ? ` (${withoutPostgres})` : ''}`, () => {
    define({ name: 'PostgreSQL', locate: name => cluster!.database(name.replace(/\W/g, '_')), start })
  })
}

export const openStore = (location: string) =>
  openSmdpStore(location, {
    environment: { ESIM_BENCH_STORE_KEY: STORE_KEY },
    random: seededRandom(`opener ${location}`),
  })

export const iccidOf = (at: number): string => {
  const digits = `89882470001${String(at).padStart(7, '0')}`
  return digits + checkDigit(digits)
}
export const matchingIdOf = (at: number): string => `ID-${at}`

/** The order of a new profile, released. */
export const released = (order: Order, at: number): Order =>
  advance(advance(order, 'Allocated', 'DownloadOrder', START), 'Released', 'ConfirmOrder', START, {
    requester: 'Operator A',
    matchingId: matchingIdOf(at),
  })

const packageOf = (iccid: string, at: number): Uint8Array =>
  encodeProfilePackage(
    buildProfilePackage({
      iccid,
      imsi: `00101${String(at).padStart(10, '0')}`,
      algorithm: { name: 'milenage', k: seededRandom(`k ${at}`)(16), opc: seededRandom(`opc ${at}`)(16) },
      serviceProviderName: 'Operator A',
      random: seededRandom(`profile ${at}`),
    }),
  )

/** So many profiles of the type Plan S, with the orders that `orderOf` makes of new ones. */
export const fillStore = async (
  location: string,
  count: number,
  orderOf: (order: Order, at: number) => Order = order => order,
  sameForAll?: Uint8Array,
): Promise<void> => {
  const store = await openStore(location)
  const metadata = { serviceProviderName: 'Operator A', profileName: 'Plan S' }
  for (let at = 0; at < count; at++) {
    const iccid = iccidOf(at)
    const upp = sameForAll ?? packageOf(iccid, at)
    const profile = { iccid, profileType: 'Plan S', package: upp, metadata, memory: upp.length }
    const order = orderOf(newOrder(iccid, 'Plan S', undefined, START), at)
    if (!(await store.addProfile(profile, order))) throw new Error(`${iccid} was there`)
  }
  await store.close()
}

/** Every step before and after which something is written, at one of its first `most` times. */
export const killsAt = (steps: readonly string[], seed: string, most: number): string[] => {
  const draw = seededRandom(seed)
  return steps.flatMap(step => ['before', 'after'].map(when => `${step}:${when}:${1 + (draw(1)[0]! % most)}`))
}
