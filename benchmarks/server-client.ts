import { connect } from 'node:tls'
import { Pool } from 'undici'
import { OWN_SMDP_HOST } from '../src/host/pki/card-pki.ts'
import { ES9p } from '../src/rsp/interfaces/es9p.ts'
import type { Json } from '../src/rsp/json.ts'
import type { FakeCard } from './fake-card.ts'
import { measuredIccid, measuredMatchingId } from './measured-fixture.ts'

export interface Latencies {
  readonly count: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly perSecond: number
}

/** Sends requests to servers over persistent TLS connections. */
export interface ServerClient {
  /** Calls InitiateAuthentication `count` times. */
  initiate(count: number): Promise<Latencies>
  /** Downloads `count` orders, beginning with `from`, each from InitiateAuthentication to the notification. */
  download(from: number, count: number): Promise<Latencies>
  close(): Promise<void>
}

const HEADERS = { 'Content-Type': 'application/json', 'X-Admin-Protocol': 'gsma/rsp/v2.2.2' }

export const summarize = (milliseconds: readonly number[], tookMs: number): Latencies => {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
  return {
    count: sorted.length,
    p50: at(0.5),
    p99: at(0.99),
    perSecond: (sorted.length / tookMs) * 1000,
  }
}

/** With several ports, the functions of one session go to alternating servers, which share the session. */
export const openServerClient = (
  ports: readonly number[],
  card: FakeCard,
  stopwatch: () => number,
  connections: number,
): ServerClient => {
  const pools = ports.map(
    port =>
      new Pool(`https://${OWN_SMDP_HOST}:${port}`, {
        connections,
        pipelining: 1,
        connect: (_, callback) => {
          // The client does not verify the certificate: the benchmark measures the server only.
          const socket = connect({ host: '127.0.0.1', port, servername: OWN_SMDP_HOST, rejectUnauthorized: false })
          socket.once('error', error => callback(error, null))
          socket.once('secureConnect', () => callback(null, socket.setNoDelay(true)))
        },
      }),
  )
  let turn = 0
  const call = async (path: string, body: string): Promise<Json> => {
    const pool = pools[turn++ % pools.length]!
    const { statusCode, body: answer } = await pool.request({ path, method: 'POST', headers: HEADERS, body })
    if (statusCode === 204) {
      await answer.dump()
      return null
    }
    const json = (await answer.json()) as { header: { functionExecutionStatus: { status: string } } } & Json
    if (json.header.functionExecutionStatus.status !== 'Executed-Success')
      throw new Error(`${path} was refused: ${JSON.stringify(json.header)}`)
    return json
  }

  const session = async (order: number): Promise<void> => {
    const initiated = await call(ES9p.InitiateAuthentication.path, card.initiate)
    const offered = await call(ES9p.AuthenticateClient.path, card.authenticate(initiated, measuredMatchingId(order)))
    await call(ES9p.GetBoundProfilePackage.path, card.prepare(offered))
    await call(ES9p.HandleNotification.path, card.notify(offered, measuredIccid(order)))
  }

  /** Runs `count` operations, as many at the same time as there are connections. */
  const measure = async (count: number, work: (piece: number) => Promise<unknown>): Promise<Latencies> => {
    const took: number[] = []
    let next = 0
    const began = stopwatch()
    await Promise.all(
      Array.from({ length: connections * pools.length }, async () => {
        while (next < count) {
          const piece = next++
          const at = stopwatch()
          await work(piece)
          took.push(stopwatch() - at)
        }
      }),
    )
    return summarize(took, stopwatch() - began)
  }

  return {
    initiate: count => measure(count, () => call(ES9p.InitiateAuthentication.path, card.initiate)),
    download: (from, count) => measure(count, piece => session(from + piece)),
    async close() {
      await Promise.all(pools.map(pool => pool.destroy()))
    },
  }
}
