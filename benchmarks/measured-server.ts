import { randomBytes } from 'node:crypto'
import { mountFetch } from '../src/host/net/mount-fetch.ts'
import { openTlsServer } from '../src/host/net/tls-server.ts'
import { OWN_SMDP_HOST } from '../src/host/pki/card-pki.ts'
import { serverIdentity } from '../src/host/pki/web-pki.ts'
import { createSmdp } from '../src/server/smdp/smdp.ts'
import { openSmdpStore } from '../src/services/store/open-smdp-store.ts'
import { fillStore, type MeasuredFixture, measuredPki } from './measured-fixture.ts'

/** A request of the measuring process. `measure-server.ts` starts this process with the fixture as its argument. */
export type Asked =
  | { readonly ask: 'fill'; readonly from: number; readonly count: number }
  | { readonly ask: 'usage' }
  | { readonly ask: 'end' }
export type Said =
  | { readonly port: number }
  | { readonly filled: number }
  /** Requests the processor time of this process in microseconds, and its resident bytes. */
  | { readonly cpu: number; readonly rss: number; readonly heap: number }

const scene = JSON.parse(process.argv[2]!) as MeasuredFixture & { readonly store: string }
const pki = measuredPki(scene)
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length))
const store = await openSmdpStore(scene.store, { environment: process.env, random })
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

const say = (said: Said): void => void process.send?.(said)
process.on('message', async (asked: Asked) => {
  if (asked.ask === 'fill') {
    await fillStore(store, scene, asked.from, asked.count)
    say({ filled: asked.count })
  } else if (asked.ask === 'usage') {
    const { user, system } = process.cpuUsage()
    const { rss, heapUsed } = process.memoryUsage()
    say({ cpu: user + system, rss, heap: heapUsed })
  } else {
    await server.close()
    await store.close()
    process.disconnect()
  }
})
// The measuring process has ended.
process.on('disconnect', () => process.exit(0))
say({ port: server.port })
