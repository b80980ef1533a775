/**
 * An SM-DP+ in a process of its own, which kills itself where it is told to. Started by `server-process.ts`.
 *
 *   KILL_AT=GetBoundProfilePackage.saveOrder:after:17
 *
 * is: SIGKILL when the seventeenth saveOrder within a GetBoundProfilePackage has been synced.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'
import { mountFetch } from '../../../src/bench/net/mount-fetch.ts'
import { openTlsServer } from '../../../src/bench/net/tls-server.ts'
import { serverIdentity } from '../../../src/bench/pki/web-pki.ts'
import { openSmdpStore } from '../../../src/bench/smdp-store/open-smdp-store.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'
import { createSmdp } from '../../../src/server/smdp/smdp.ts'
import type { SmdpStore } from '../../../src/server/smdp/store.ts'
import { ADDRESS, START, testPki } from '../../server/smdp/scene.ts'

const { STORE, KILL_AT, RECORD } = process.env
const [killStep, killWhen, killCount] = (KILL_AT ?? '').split(':')
let left = Number(killCount)
const passed = new Set<string>()
const running = new AsyncLocalStorage<string>()

const die = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

/** What changes something; that a server dies while it reads shows nothing that these do not. */
const WRITES = /^(add|save|put|drop)/

const watched = (store: SmdpStore): SmdpStore =>
  Object.fromEntries(
    Object.entries(store).map(([name, method]) => {
      if (typeof method !== 'function' || !WRITES.test(name)) return [name, method]
      const call = method as (...given: unknown[]) => Promise<unknown>
      return [
        name,
        async (...given: unknown[]) => {
          const step = `${running.getStore()}.${name}`
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
  ) as unknown as SmdpStore

const pki = testPki('P-256')
const store = await openSmdpStore(STORE!, { environment: process.env, random: randomBytes })
const smdp = createSmdp({
  address: ADDRESS,
  credentials: [pki],
  store: watched(store),
  clock: () => START,
  random: length => Uint8Array.from(randomBytes(length)),
  requesterOf: () => 'Operator A',
  // An operator that is never well: what it is to be told stays in the store, to be looked at.
  operatorOf: () => ({ url: 'https://operator.example', fetch: async () => new Response(null, { status: 503 }) }),
  onDefect: (error, name) => process.stderr.write(`${name}: ${(error as Error).stack}\n`),
})
const es9p: Fetch = request => {
  const name = new URL(request.url).pathname.split('/').at(-1)!
  return running.run(name[0]!.toUpperCase() + name.slice(1), () => smdp.es9p(request))
}
const server = await openTlsServer(mountFetch(es9p), serverIdentity(pki.dpTls))
process.stdout.write(`${JSON.stringify({ port: server.port })}\n`)
process.stdin.on('end', () => process.exit(0)).resume()
