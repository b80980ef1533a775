import { channel } from 'node:diagnostics_channel'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { openTlsServer } from '../../../src/host/net/tls-server.ts'
import { OWN_SMDP_HOST, ownCertificates } from '../../../src/host/pki/card-pki.ts'
import { openWebPki, serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { type BenchProgram, compileBench } from '../../cli/bench-process.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { createCard, fetchProfile, iccidsOn, watchNotifications } from './downloading-cards.ts'
import { openStore, STORE_KEY } from './killed-stores.ts'
import { type Cluster, startCluster, withoutPostgres } from './postgres-cluster.ts'
import { createLives, createTurnstile } from './server-lives.ts'

const DOWNLOADS = 100
/** When the server is killed: at the so many-th moment of a kind. What it does just then is its own affair. */
const FUNCTIONS = ['initiateAuthentication', 'authenticateClient', 'getBoundProfilePackage', 'handleNotification']
const KILLS: readonly (readonly [moment: string, count: number])[] = [
  // The request has left, and the answer is there: each on the socket.
  ...FUNCTIONS.flatMap((name, at) => [
    [`sent ${name}`, 1 + (at % 3)] as const,
    [`answered ${name}`, 3 - (at % 3)] as const,
  ]),
  // The operator hears of a download, or of an installation, and has not answered.
  ['told 3', 2],
  ['told 4', 2],
]
/** With each life so many cards come, so that each moment is reached; the others come at once. */
const PER_LIFE = 3
const AT_ONCE = DOWNLOADS - PER_LIFE * (KILLS.length + 1)

/** A port that nobody is given who asks for any, so that it is free still when its server has been killed. */
const findPort = async (random: (length: number) => Uint8Array): Promise<number> => {
  const [lowest] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/).map(Number)
  for (;;) {
    const [high, low] = random(2)
    const port = 10_000 + (((high! << 8) | low!) % (lowest! - 10_000))
    const server = createServer()
    const isFree = await new Promise<boolean>(done => {
      server.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true))
    })
    await new Promise(done => server.close(done))
    if (isFree) return port
  }
}

let program: BenchProgram
let cluster: Cluster | undefined
const places: Place[] = []
beforeAll(async () => {
  program = await compileBench()
  if (withoutPostgres === undefined) cluster = startCluster()
}, 60_000)
afterAll(() => {
  program?.remove()
  cluster?.stop()
  for (const place of places) place.remove()
})

const STORES: readonly [name: string, isMissing: string | undefined, locate: (place: Place) => string][] = [
  ['SQLite', undefined, place => join(place.folder, 'smdp.db')],
  ['PostgreSQL', withoutPostgres, () => cluster!.database('serve')],
]

describe.each(STORES)('smdp serve on %s', (_, isMissing, locate) => {
  it.skipIf(isMissing)(
    `the server continues on the same port after kills during a hundred downloads${isMissing ? ` (${isMissing})` : ''}`,
    async () => {
      const place = createCliFixture()
      places.push(place)
      const { runtime } = place.runtimeOf(new AbortController().signal)
      const now = runtime.clock()
      const homePki = join(place.home, 'pki')
      const pki = ownCertificates(homePki, 'nist', { random: runtime.random, now })

      // What happens, and what is done about it.
      let kill: { moment: string; left: number } | undefined
      let killServer = (): void => undefined
      const onMoment = (moment: string): void => {
        if (kill?.moment === moment && --kill.left === 0) killServer()
      }

      // The operator: it is told again what it has not acknowledged.
      const told = new Map<string, string>()
      const web = openWebPki(homePki, { random: runtime.random, now })
      const operator = await openTlsServer(
        mountFetch(async request => {
          const { header, iccid, notificationPointId } = (await request.json()) as {
            header: { functionCallIdentifier: string }
            iccid: string
            notificationPointId: number
          }
          told.set(header.functionCallIdentifier, `${iccid.replace('F', '')} ${notificationPointId}`)
          onMoment(`told ${notificationPointId}`)
          return new Response(null, { status: 204 })
        }),
        serverIdentity(web.issue('127.0.0.1')),
      )

      const inventory = join(place.folder, 'inventory.yaml')
      const orders = Array.from(
        { length: DOWNLOADS },
        (_, at) => `- {matchingId: ID-${at}, profile: own, operator: lab}`,
      )
      writeFileSync(
        inventory,
        `types: {own: {template: own}}\noperators: [{name: lab, callback: 'https://127.0.0.1:${operator.port}'}]\norders:\n${orders.join('\n')}\n`,
      )
      const location = locate(place)
      const port = await findPort(runtime.random)
      const args = ['smdp', 'serve', '--es9-port', `${port}`, '--db', location, '--inventory', inventory]
      const start = () =>
        program.start(args, {
          folder: place.folder,
          environment: { ESIM_BENCH_HOME: place.home, ESIM_BENCH_STORE_KEY: STORE_KEY },
          until: /Ctrl-C/,
        })

      const lives = createLives(OWN_SMDP_HOST)
      const bodySent = channel('undici:request:bodySent')
      const nameOf = (path: string): string => path.split('/').at(-1)!
      const onBodySent = (message: unknown): void =>
        onMoment(`sent ${nameOf((message as { request: { path: string } }).request.path)}`)
      const { fetch, acknowledged } = watchNotifications(async request => {
        const response = await lives.fetch(request)
        onMoment(`answered ${nameOf(new URL(request.url).pathname)}`)
        return response
      })
      const turnstile = createTurnstile(PER_LIFE, AT_ONCE)
      const cards = await Promise.all(Array.from({ length: DOWNLOADS }, (_, at) => createCard(pki, at, now)))
      const deaths: string[] = []
      bodySent.subscribe(onBodySent)
      const downloads = Promise.all(
        cards.map(async (card, at) => {
          await turnstile.enter(at)
          await fetchProfile(card, { address: OWN_SMDP_HOST, matchingId: `ID-${at}`, fetch })
        }),
      )
      const living = async (): Promise<void> => {
        for (const [number, [moment, left]] of KILLS.entries()) {
          const server = await start()
          killServer = () => server.kill('SIGKILL')
          kill = { moment, left }
          lives.begin({ port, ended: server.ended.then(({ signal }) => `${signal}`), close: async () => undefined })
          turnstile.onLife(number)
          deaths.push(`${moment} ${(await server.ended).signal}`)
          kill = undefined
        }
        const last = await start()
        lives.begin({
          port,
          ended: last.ended.then(() => 'the end'),
          async close() {
            last.kill('SIGINT')
            expect(await last.ended).toMatchObject({ exitCode: 0, err: '' })
          },
        })
        turnstile.onLife(KILLS.length)
      }
      try {
        await Promise.all([living(), downloads])
      } finally {
        bodySent.unsubscribe(onBodySent)
      }
      await lives.close()
      await operator.close()
      expect(deaths).toEqual(KILLS.map(([moment]) => `${moment} SIGKILL`))

      const store = await openStore(location)
      expect(await store.listOrders()).toHaveLength(DOWNLOADS)
      const iccids: string[] = []
      for (const [at, card] of cards.entries()) {
        const order = (await store.findOrderByMatchingId(`ID-${at}`))!
        expect(order.history.map(({ to }) => to).slice(-3)).toEqual(['Released', 'Downloaded', 'Installed'])
        expect(await iccidsOn(card)).toEqual([order.iccid])
        iccids.push(order.iccid)
      }
      expect(new Set(iccids).size).toBe(DOWNLOADS)
      const kept = await store.listNotifications()
      expect(acknowledged.size).toBe(DOWNLOADS)
      expect(new Set(kept.map(({ bytes }) => Buffer.from(bytes).toString('base64')))).toEqual(acknowledged)
      // Told of each download, and of each installation under one identifier; nothing waits any more.
      const reports = [...told.values()]
      for (const iccid of iccids) {
        expect(reports).toContain(`${iccid} 3`)
        expect(reports.filter(report => report === `${iccid} 4`)).toHaveLength(1)
      }
      expect(await store.listProgress()).toEqual([])
      await store.close()
    },
    600_000,
  )
})
