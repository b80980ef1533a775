import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { OWN_SMDP_HOST } from '../src/host/pki/card-pki.ts'
import { ES9p } from '../src/rsp/interfaces/es9p.ts'
import type { Json } from '../src/rsp/json.ts'
import { createMemoryStore } from '../src/server/smdp/memory-store.ts'
import { createSmdp } from '../src/server/smdp/smdp.ts'
import { recordCrypto } from './crypto-recording.ts'
import { createFakeCard, type FakeCard } from './fake-card.ts'
import {
  drawFrom,
  fillStore,
  type MeasuredFixture,
  measuredIccid,
  measuredMatchingId,
  measuredPki,
} from './measured-fixture.ts'
import type { ServerMessage, ServerRequest } from './measured-server.ts'
import { type Latencies, openServerClient } from './server-client.ts'

export interface ServerMeasurement {
  readonly store: string
  readonly processes: number
  readonly initiateAuthentication: Load
  readonly downloads: Load
  /** Resident bytes of all server processes: before the load, and after each part of the sessions. */
  readonly memory: readonly { readonly sessions: number; readonly rss: number }[]
  /** Milliseconds of the server's node:crypto operations of one download, replayed alone. */
  readonly bareCryptoMs: number
  /** Processor time of the server for one download, divided by `bareCryptoMs`. */
  readonly ratio: number
}
export interface Load extends Latencies {
  /** Milliseconds of processor time of all servers for one operation. */
  readonly cpuMs: number
  /** Operations a second that one idle core could execute. */
  readonly perCoreSecond: number
}

export interface ServerToMeasure {
  /** Location of the store, as for `openSmdpStore`. */
  readonly store: string
  /** Name of the store in the result table. */
  readonly name: string
  readonly processes: number
  readonly environment: NodeJS.ProcessEnv
  readonly downloads: number
  /** Number of sessions to open, for the rate of InitiateAuthentication and the memory of a session. */
  readonly sessions: number
  /** The compiled server. The default is `measured-server` in the folder of this file. */
  readonly serverFile?: string
}

interface BenchmarkRuntime {
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
}

const CONNECTIONS = 16
/** Number of parts of the sessions. The memory is measured after each part. */
const PARTS = 5

interface Measured {
  readonly port: number
  ask<S extends ServerMessage>(request: ServerRequest): Promise<S>
  end(): Promise<void>
}

const startServer = (
  file: string,
  fixture: MeasuredFixture & { readonly store: string },
  environment: NodeJS.ProcessEnv,
): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const child: ChildProcess = fork(file, [JSON.stringify(fixture)], { env: environment, execArgv: [] })
    const waiting: ((message: ServerMessage) => void)[] = []
    const gone = new Promise<void>(done => child.once('exit', () => done()))
    child.once('exit', code => reject(new Error(`the measured server ended with ${code}`)))
    child.on('message', (message: ServerMessage) => {
      if ('port' in message)
        resolve({
          port: message.port,
          ask: request =>
            new Promise(answered => {
              waiting.push(answered as (message: ServerMessage) => void)
              child.send(request)
            }),
          async end() {
            child.send({ ask: 'end' } satisfies ServerRequest)
            await gone
          },
        })
      else waiting.shift()?.(message)
    })
  })

/** Measures an SM-DP+ over TLS in child processes. The clients run in this process. */
export const measureServer = async (
  { clock, stopwatch, random }: BenchmarkRuntime,
  toMeasure: ServerToMeasure,
  progress: (text: string) => void,
): Promise<ServerMeasurement> => {
  const { store, processes, environment, downloads, sessions } = toMeasure
  const fixture = { seed: Buffer.from(random(16)).toString('hex'), at: clock().toISOString() }
  const pki = measuredPki(fixture)
  const card = createFakeCard(pki, OWN_SMDP_HOST, drawFrom(`${fixture.seed} card`))
  const bareCryptoMs = await measureBareCrypto(fixture, card, clock)

  const file =
    toMeasure.serverFile ?? fileURLToPath(new URL(`./measured-server${extname(import.meta.url)}`, import.meta.url))
  const servers: Measured[] = []
  try {
    for (let each = 0; each < processes; each++)
      servers.push(await startServer(file, { ...fixture, store }, { ...process.env, ...environment }))
    const client = openServerClient(
      servers.map(({ port }) => port),
      card,
      stopwatch,
      CONNECTIONS,
    )
    const usage = async () => {
      const all = await Promise.all(
        servers.map(server => server.ask<Extract<ServerMessage, { cpu: number }>>({ ask: 'usage' })),
      )
      return { cpu: sum(all.map(({ cpu }) => cpu)), rss: sum(all.map(({ rss }) => rss)) }
    }
    const loaded = async (work: () => Promise<Latencies>): Promise<Load> => {
      const before = await usage()
      const latencies = await work()
      const cpuMs = ((await usage()).cpu - before.cpu) / 1000 / latencies.count
      return { ...latencies, cpuMs, perCoreSecond: 1000 / cpuMs }
    }

    const warmUp = Math.min(downloads, 300)
    progress('filling the stock')
    await servers[0]!.ask({ ask: 'fill', from: 0, count: downloads + warmUp })
    progress('warming up')
    await client.download(0, warmUp)
    progress(`${downloads} downloads`)
    const downloading = await loaded(() => client.download(warmUp, downloads))

    const memory = [{ sessions: 0, rss: (await usage()).rss }]
    let initiating: Load | undefined
    for (let part = 1; part <= PARTS; part++) {
      progress(`${Math.round((sessions / PARTS) * part)} sessions`)
      initiating = await loaded(() => client.initiate(Math.ceil(sessions / PARTS)))
      memory.push({ sessions: Math.ceil(sessions / PARTS) * part, rss: (await usage()).rss })
    }
    await client.close()
    return {
      store: toMeasure.name,
      processes,
      initiateAuthentication: initiating!,
      downloads: downloading,
      memory,
      bareCryptoMs,
      ratio: downloading.cpuMs / bareCryptoMs,
    }
  } finally {
    await Promise.all(servers.map(server => server.end()))
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

/** Records the server's node:crypto calls of one download and measures their replay in milliseconds. */
const measureBareCrypto = async (fixture: MeasuredFixture, card: FakeCard, clock: () => Date): Promise<number> => {
  const store = createMemoryStore()
  const { es9p } = createSmdp({
    address: OWN_SMDP_HOST,
    credentials: [measuredPki(fixture)],
    store,
    clock,
    random: drawFrom(`${fixture.seed} server`),
    requesterOf: () => undefined,
  })
  await fillStore(store, fixture, 0, 2)
  const call = async (path: string, body: string): Promise<Json> => {
    const request = new Request(`https://${OWN_SMDP_HOST}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Admin-Protocol': 'gsma/rsp/v2.2.2' },
      body,
    })
    const response = await es9p(request)
    return response.status === 204 ? null : ((await response.json()) as Json)
  }
  /** The signatures of the card are not part of the recording. */
  const download = async (order: number, watch: (work: () => Promise<Json>) => Promise<Json>): Promise<void> => {
    const initiated = await watch(() => call(ES9p.InitiateAuthentication.path, card.initiate))
    const authenticate = card.authenticate(initiated, measuredMatchingId(order))
    const offered = await watch(() => call(ES9p.AuthenticateClient.path, authenticate))
    const prepare = card.prepare(offered)
    await watch(() => call(ES9p.GetBoundProfilePackage.path, prepare))
    const notify = card.notify(offered, measuredIccid(order))
    await watch(() => call(ES9p.HandleNotification.path, notify))
  }
  await download(0, work => work())
  const recordings: { replay(): void }[] = []
  await download(1, async work => {
    let answer: Json = null
    recordings.push(
      await recordCrypto(async () => {
        answer = await work()
      }),
    )
    return answer
  })
  const rounds = 200
  const replay = (): void => {
    for (const recording of recordings) recording.replay()
  }
  for (let round = 0; round < rounds; round++) replay()
  // Processor time, as for the server: other processes on the machine must not change the ratio.
  const before = process.cpuUsage()
  for (let round = 0; round < rounds; round++) replay()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / rounds
}
