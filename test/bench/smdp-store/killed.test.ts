import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { createAddressBook } from '../../../src/bench/net/address-book.ts'
import { openFetch } from '../../../src/bench/net/open-fetch.ts'
import { openSmdpStore } from '../../../src/bench/smdp-store/open-smdp-store.ts'
import { createEuicc, type SoftwareEuicc } from '../../../src/euicc/euicc.ts'
import { ordinaryIdentity } from '../../../src/euicc/identity.ts'
import { createMemory } from '../../../src/euicc/memory.ts'
import { deviceInfoOf } from '../../../src/lpa/device-info.ts'
import { downloadProfile } from '../../../src/lpa/download.ts'
import { type Isdr, withIsdr } from '../../../src/lpa/isdr.ts'
import { sendNotifications } from '../../../src/lpa/notifications.ts'
import { listProfiles } from '../../../src/lpa/profiles.ts'
import { buildProfilePackage } from '../../../src/profile/build.ts'
import { encodeProfilePackage } from '../../../src/profile/package.ts'
import { completeEid, issueEuicc } from '../../../src/rsp/certificates/test-pki.ts'
import { ES9p } from '../../../src/rsp/es9p.ts'
import { type Fetch, FetchError } from '../../../src/rsp/fetch.ts'
import { iccidToDigits } from '../../../src/rsp/identifiers.ts'
import { checkDigit } from '../../../src/server/smdp/iccid.ts'
import { advance, newOrder } from '../../../src/server/smdp/order.ts'
import type { StoredNotification } from '../../../src/server/smdp/store.ts'
import { dice } from '../../rsp/dice.ts'
import { ADDRESS, START, testPki } from '../../server/smdp/scene.ts'
import { type Cluster, startCluster, temporaryFolder, withoutPostgres } from './postgres-cluster.ts'
import { type Compiled, compileProcess, type ServerProcess, startProcess } from './server-process.ts'

const DOWNLOADS = 100
/** Why downloads began anew. */
const refusals: string[] = []
const KEY = toHex(dice('store key')(32))
const pki = testPki('P-256')

const folder = temporaryFolder()
let cluster: Cluster | undefined
let compiled: Compiled
beforeAll(async () => {
  compiled = await compileProcess('smdp-process.ts')
  if (withoutPostgres === undefined) cluster = startCluster()
})
afterAll(() => {
  cluster?.stop()
  compiled?.remove()
  rmSync(folder, { recursive: true, force: true })
})

const iccidOf = (at: number): string => {
  const digits = `89882470001${String(at).padStart(7, '0')}`
  return digits + checkDigit(digits)
}
const matchingIdOf = (at: number): string => `ID-${at}`
const open = (location: string) =>
  openSmdpStore(location, { environment: { ESIM_BENCH_STORE_KEY: KEY }, random: dice(`opener ${location}`) })

/** A hundred orders, released. */
const fillStore = async (location: string, count: number): Promise<void> => {
  const store = await open(location)
  for (let at = 0; at < count; at++) {
    const iccid = iccidOf(at)
    const upp = encodeProfilePackage(
      buildProfilePackage({
        iccid,
        imsi: `00101${String(at).padStart(10, '0')}`,
        algorithm: { name: 'milenage', k: dice(`k ${at}`)(16), opc: dice(`opc ${at}`)(16) },
        serviceProviderName: 'Operator A',
        random: dice(`profile ${at}`),
      }),
    )
    const metadata = { serviceProviderName: 'Operator A', profileName: 'Plan S' }
    const profile = { iccid, profileType: 'Plan S', package: upp, metadata, memory: upp.length }
    const order = advance(
      advance(newOrder(iccid, 'Plan S', undefined, START), 'Allocated', 'DownloadOrder', START),
      'Released',
      'ConfirmOrder',
      START,
      { requester: 'Operator A', matchingId: matchingIdOf(at) },
    )
    expect(await store.addProfile(profile, order)).toBe(true)
  }
  await store.close()
}

const createCard = (at: number): Promise<SoftwareEuicc> => {
  const eid = completeEid(`89049032${String(at).padStart(22, '0')}`)
  const euicc = issueEuicc(pki.eum, { random: dice(`card ${at}`), now: START, eid })
  return createEuicc({
    identity: ordinaryIdentity([{ ...pki, euicc }], { rootDsAddress: 'ds.example.com' }),
    memory: createMemory(),
    clock: () => START,
    random: dice(`card ${at} draws`),
    onFault: fault => {
      throw fault
    },
  })
}

const startServer = (environment: Readonly<Record<string, string>>): Promise<ServerProcess> =>
  startProcess(compiled.file, { ESIM_BENCH_STORE_KEY: KEY, ...environment })

/** The server, which may be between two lives, and those who call it. */
const createLives = () => {
  const addresses = createAddressBook()
  const { fetch, close } = openFetch({ addresses, check: () => undefined })
  let server: ServerProcess | undefined
  let whenUp = Promise.resolve()
  let isUp!: () => void
  const acknowledged = new Set<string>()
  /** Asks again while there is no answer, as an LPA whose network comes and goes. */
  const patient: Fetch = async request => {
    const body = await request.clone().text()
    for (;;) {
      await whenUp
      try {
        const response = await fetch(request.clone() as Request)
        if (response.status === 204 && request.url.endsWith(ES9p.HandleNotification.path))
          acknowledged.add((JSON.parse(body) as { pendingNotification: string }).pendingNotification)
        return response
      } catch (error) {
        if (!(error instanceof FetchError)) throw error
        // Until the end of the process is known here too.
        await new Promise(setImmediate)
      }
    }
  }
  return {
    fetch: patient,
    acknowledged,
    /** The next life; it is called from now on. */
    begin(next: ServerProcess): void {
      server = next
      addresses.serve(ADDRESS, next.port)
      isUp?.()
      void next.ended.then(() => {
        whenUp = new Promise(resolve => {
          isUp = resolve
        })
      })
    },
    async close() {
      await server?.close()
      await close()
    },
  }
}

const iccidsOn = async (isdr: Isdr): Promise<string[]> =>
  (await listProfiles(isdr)).map(({ iccid }) => iccidToDigits(iccid!))

const fetchProfile = async (card: SoftwareEuicc, at: number, fetch: Fetch): Promise<void> => {
  for (let attempt = 0; attempt < 40; attempt++) {
    const isDone = await card.exclusive(channel =>
      withIsdr(channel, {}, async isdr => {
        const has = async () => (await iccidsOn(isdr)).includes(iccidOf(at))
        try {
          if (!(await has()))
            await downloadProfile({
              isdr,
              fetch,
              activationCode: `LPA:1$${ADDRESS}$${matchingIdOf(at)}`,
              deviceInfo: deviceInfoOf('35290611'),
              confirm: async () => ({ accepted: true }),
            })
        } catch (error) {
          // The server had done what it could not say any more: the session is over, and another one begins.
          if ((error as { code?: string }).code !== 'server-refused') throw error
          refusals.push(String((error as Error).message))
        }
        await sendNotifications({ isdr, fetch })
        return has()
      }),
    )
    if (isDone) return
  }
  throw new Error(`the card did not come to the profile of ${matchingIdOf(at)}`)
}

/** Every step of a download at which something is written, in their order. */
const recordSteps = async (location: string): Promise<readonly string[]> => {
  await fillStore(location, 1)
  const lives = createLives()
  const server = await startServer({ STORE: location, RECORD: 'yes' })
  lives.begin(server)
  await fetchProfile(await createCard(0), 0, lives.fetch)
  await lives.close()
  return server.steps
}

const STORES: readonly [name: string, isMissing: string | undefined, location: (name: string) => string][] = [
  ['SQLite', undefined, name => join(folder, `${name}.db`)],
  ['PostgreSQL', withoutPostgres, name => cluster!.database(name)],
]

for (const [name, isMissing, locate] of STORES)
  describe.skipIf(isMissing)(`a server on ${name}${isMissing ? ` (${isMissing})` : ''}`, () => {
    it('is killed at every step of a hundred concurrent downloads, and loses and doubles nothing', async () => {
      const steps = await recordSteps(locate('steps'))
      // What a download writes; a step that is not among these was forgotten here, not there.
      expect(steps).toEqual(
        expect.arrayContaining([
          'InitiateAuthentication.addSession',
          'AuthenticateClient.saveOrder',
          'AuthenticateClient.saveSession',
          'GetBoundProfilePackage.saveOrder',
          'GetBoundProfilePackage.putBoundCopy',
          'GetBoundProfilePackage.addDelivery',
          'GetBoundProfilePackage.saveSession',
          'HandleNotification.saveOrder',
          'HandleNotification.addNotification',
          'HandleNotification.addProgress',
        ]),
      )

      const location = locate('killed')
      await fillStore(location, DOWNLOADS)
      const lives = createLives()
      const cards = await Promise.all(Array.from({ length: DOWNLOADS }, (_, at) => createCard(at)))
      const draw = dice(`kills ${name}`)
      // Each step early in the run, so that downloads are left for the next; of how many such calls, the dice say.
      const kills = steps.flatMap(step => ['before', 'after'].map(when => `${step}:${when}:${1 + (draw(1)[0]! % 3)}`))
      const deaths: string[] = []
      let areDone = false
      const downloads = Promise.all(cards.map((card, at) => fetchProfile(card, at, lives.fetch))).then(() => {
        areDone = true
      })
      const living = (async () => {
        // The next one starts while this one lives: they take turns, as where another process takes over.
        let upcoming = startServer({ STORE: location, KILL_AT: kills[0]! })
        for (const [at, kill] of kills.entries()) {
          const server = await upcoming
          const next = kills[at + 1]
          upcoming = startServer({ STORE: location, ...(next !== undefined && { KILL_AT: next }) })
          lives.begin(server)
          const how = await Promise.race([server.ended, downloads])
          if (areDone) break
          deaths.push(`${kill} ${how}`)
        }
        const last = await upcoming
        if (areDone) await last.close()
        else lives.begin(last)
      })()
      await Promise.all([downloads, living])
      await lives.close()
      // It did die at each of them.
      expect(deaths).toEqual(kills.map(kill => `${kill} SIGKILL`))

      const store = await open(location)
      const orders = await store.listOrders()
      expect(orders).toHaveLength(DOWNLOADS)
      for (const order of orders)
        expect({ iccid: order.iccid, path: order.history.map(({ to }) => to) }).toEqual({
          iccid: order.iccid,
          path: ['Available', 'Allocated', 'Released', 'Downloaded', 'Installed'],
        })
      for (const [at, card] of cards.entries()) {
        expect(await card.exclusive(channel => withIsdr(channel, {}, iccidsOn))).toEqual([iccidOf(at)])
      }
      const kept = await store.listNotifications()
      const bytes = (notification: StoredNotification): string => Buffer.from(notification.bytes).toString('base64')
      expect(lives.acknowledged.size).toBe(DOWNLOADS)
      expect(new Set(kept.map(bytes))).toEqual(lives.acknowledged)
      expect(kept.every(({ matched }) => matched)).toBe(true)
      // What the operator is to be told of each: the download and the installation, at least once.
      const told = new Set(
        (await store.listProgress()).map(({ request }) =>
          request.name === 'HandleDownloadProgressInfo'
            ? `${request.message.iccid.replace('F', '')} ${request.message.notificationPointId}`
            : '',
        ),
      )
      const missing = orders.flatMap(({ iccid }) =>
        [3, 4].filter(point => !told.has(`${iccid} ${point}`)).map(point => `${iccid} ${point}`),
      )
      expect(missing).toEqual([])
      await store.close()
    }, 180_000)
  })
