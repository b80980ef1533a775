import { randomBytes } from 'node:crypto'
import { mountFetch } from '../src/host/net/mount-fetch.ts'
import { openTlsServer } from '../src/host/net/tls-server.ts'
import { OWN_SMDP_HOST } from '../src/host/pki/card-pki.ts'
import { serverIdentity } from '../src/host/pki/web-pki.ts'
import { createSmdp } from '../src/server/smdp/smdp.ts'
import { openSmdpStore } from '../src/services/store/open-smdp-store.ts'
import { fillStore, type MeasuredFixture, measuredPki } from './measured-fixture.ts'

/** A request of the measuring process. `measure-server.ts` starts this process with the fixture as its argument. */
export type ServerRequest =
  | { readonly ask: 'fill'; readonly from: number; readonly count: number }
  | { readonly ask: 'usage' }
  | { readonly ask: 'end' }
/** A message of the measured server: its port when it listens, then one response to each request. */
export type ServerMessage =
  | { readonly port: number }
  | { readonly filled: number }
  /** Processor time of this process in microseconds, resident memory and heap in bytes. */
  | { readonly cpu: number; readonly rss: number; readonly heap: number }

const fixture = JSON.parse(process.argv[2]!) as MeasuredFixture & { readonly store: string }
const pki = measuredPki(fixture)
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length))
const store = await openSmdpStore(fixture.store, { environment: process.env, random })
const smdp = createSmdp({
  address: OWN_SMDP_HOST,
  credentials: [pki],
  store,
  clock: () => new Date(),
  random,
  requesterOf: () => undefined,
  onDefect: (error, name) => process.stderr.write(`${name}: ${error instanceof Error ? error.stack : error}\n`),
})
const server = await openTlsServer(mountFetch(smdp.es9p), serverIdentity(pki.dpTls))

const send = (message: ServerMessage): void => void process.send?.(message)
process.on('message', async (request: ServerRequest) => {
  if (request.ask === 'fill') {
    await fillStore(store, fixture, request.from, request.count)
    send({ filled: request.count })
  } else if (request.ask === 'usage') {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    send({ cpu: user + system, rss, heap: heapUsed })
  } else {
    await server.close()
    await store.close()
    process.disconnect()
  }
})
// The measuring process has ended.
process.on('disconnect', () => process.exit(0))
send({ port: server.port })
