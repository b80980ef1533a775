/**
 * An SM-DP+ and an SM-DS in a process of their own, which kills itself where it is told to. Started by
 * `server-process.ts`.
 *
 *   KILL_AT=GetBoundProfilePackage.saveOrder:after:17
 *
 * is: SIGKILL when the seventeenth saveOrder within a GetBoundProfilePackage has been synced.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { createAddressBook } from '../../../src/host/net/address-book.ts'
import { mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { openFetch } from '../../../src/host/net/open-fetch.ts'
import { openTlsServer } from '../../../src/host/net/tls-server.ts'
import { serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { issueSmdsCertificates } from '../../../src/rsp/certificates/smds-pki.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { createSmdp } from '../../../src/server/smdp/smdp.ts'
import { createSmds } from '../../../src/server/smds/smds.ts'
import { openSmdpStore } from '../../../src/services/store/open-smdp-store.ts'
import { ADDRESS, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { SMDS } from '../../server/smds/smds-fixture.ts'

/** `LATER`: milliseconds by which its clock is ahead. `SMDS_PORT`: where another process has the SM-DS. */
const { STORE, KILL_AT, RECORD, LATER, SMDS_PORT } = process.env
const [killStep, killWhen, killCount] = (KILL_AT ?? '').split(':')
let left = Number(killCount)
const passed = new Set<string>()
const running = new AsyncLocalStorage<string>()
/** Deletions that the SM-DS has taken: that one is struck out then is a step of nobody's call. */
const deleted = new Set<unknown>()

const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

/** What changes something; that a server dies while it reads shows nothing that these do not. */
const WRITES = /^(add|save|put|drop)/

const watched = <Store extends { synced(): Promise<void> }>(store: Store): Store =>
  Object.fromEntries(
    Object.entries(store).map(([name, method]) => {
      if (typeof method !== 'function' || !WRITES.test(name)) return [name, method]
      const call = method as (...given: unknown[]) => Promise<unknown>
      return [
        name,
        async (...given: unknown[]) => {
          const step = `${deleted.has(given[0]) ? 'Delivery' : running.getStore()}.${name}`
          if (RECORD && !passed.has(step)) process.stdout.write(`${JSON.stringify({ step })}\n`)
          passed.add(step)
          const isHere = step === killStep && --left === 0
          if (isHere && killWhen === 'before') die()
          const result = await call(...given)
          if (isHere && killWhen === 'after') {
            await store.synced()
            die()
          }
          return result
        },
      ]
    }),
  ) as unknown as Store

const pki = testPki('P-256')
const store = await openSmdpStore(STORE!, { environment: process.env, random: randomBytes })
let later = Number(LATER ?? 0)
const clock = (): Date => new Date(START.getTime() + later)
const random = (length: number): Uint8Array => Uint8Array.from(randomBytes(length))
const onDefect = (error: unknown, name: string): void =>
  void process.stderr.write(`${name}: ${(error as Error).stack}\n`)

/** Each function under its own name. */
const named =
  (fetch: Fetch): Fetch =>
  request => {
    const name = new URL(request.url).pathname.split('/').at(-1)!
    return running.run(name[0]!.toUpperCase() + name.slice(1), () => fetch(request))
  }

const smds = createSmds({
  address: SMDS,
  kind: 'root',
  credentials: [issueSmdsCertificates(pki, { random, now: START, host: SMDS })],
  store: watched(store.smds),
  clock,
  random,
  requesterOf: () => ADDRESS,
  onDefect,
})
const addresses = createAddressBook(new Map([[SMDS, { host: '127.0.0.1', port: Number(SMDS_PORT) }]]))
const toSmds = SMDS_PORT === undefined ? named(smds.es12) : openFetch({ addresses, check: () => undefined }).fetch
const tellSmds: Fetch = async request => {
  const { eventId } = (await request.clone().json()) as { eventId: string }
  const response = await toSmds(request)
  if (request.url.endsWith(ES12.DeleteEvent.path)) deleted.add(`delete ${eventId}`)
  return response
}

const smdp = createSmdp({
  address: ADDRESS,
  credentials: [pki],
  store: watched(store),
  clock,
  random,
  requesterOf: () => 'Operator A',
  // An operator that is never well: what it is to be told stays in the store, to be looked at.
  operatorOf: () => ({ url: 'https://operator.example', fetch: async () => new Response(null, { status: 503 }) }),
  smdsOf: address => (address === SMDS ? { url: `https://${SMDS}`, fetch: tellSmds, forward: false } : undefined),
  onDefect,
})
const fetchOf = ({ hostname, pathname }: URL): Fetch => {
  if (hostname === SMDS) return pathname.includes('/es12/') ? smds.es12 : smds.es11
  return pathname.includes('/es2plus/') ? smdp.es2p : smdp.es9p
}
const server = await openTlsServer(
  mountFetch(named(request => fetchOf(new URL(request.url))(request))),
  serverIdentity(pki.dpTls),
)
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`)
const deliver = (): Promise<void> => running.run('Delivery', () => smdp.deliverProgress())
void deliver().catch(error => onDefect(error, 'delivery'))
createInterface({ input: process.stdin })
  .on('line', () => {
    later += 10_000
    void deliver()
      .catch(error => onDefect(error, 'delivery'))
      .then(() => process.stdout.write(`${JSON.stringify({ delivered: true })}\n`))
  })
  // An end in peace: what can be told is told.
  .on('close', () => void deliver().finally(() => process.exit(0)))
