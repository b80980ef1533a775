import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { World } from '../../src/bench/cli/terminal.ts'
import { openWorkplace } from '../../src/bench/cli/workplace.ts'
import { runProgram } from '../../src/bench/main.ts'
import { openFetch } from '../../src/bench/net/open-fetch.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../src/bench/pki/web-pki.ts'
import { openBench } from '../../src/bench/run/bench.ts'
import { HOSTS } from '../../src/bench/services/hosts.ts'
import { makeSupply, stockProfile } from '../../src/bench/services/stock.ts'
import { ES2p } from '../../src/rsp/es2p.ts'
import { callEs2 } from '../../src/server/operator/es2p-client.ts'
import { createPlace, type Place, type Ran } from './world.ts'

export interface Typed {
  /** What comes on stdin. */
  readonly input?: string
  /** Each is typed when the output ends with its question. */
  readonly answers?: readonly (readonly [question: string, answer: string])[]
  readonly interrupt?: AbortSignal
}

/** Runs a command with somebody at a terminal, or with a pipe in its place. */
export const runTyping = async (
  place: Pick<Place, 'worldOf'>,
  { input, answers, interrupt = new AbortController().signal }: Typed,
  args: readonly string[],
): Promise<Ran> => {
  const { world, out, err } = place.worldOf(interrupt)
  const stdin = new PassThrough()
  const waiting = [...(answers ?? [])]
  const typing: World = {
    ...world,
    in: answers === undefined ? stdin : Object.assign(stdin, { isTTY: true }),
    out: {
      write(text) {
        world.out.write(text)
        const next = waiting[0]
        if (next && out().endsWith(next[0])) {
          waiting.shift()
          setImmediate(() => stdin.write(next[1]))
        }
      },
    },
  }
  if (input !== undefined) stdin.end(input)
  const exitCode = await runProgram(typing, args)
  return {
    exitCode,
    out: out(),
    err: err(),
    json: <T>() => JSON.parse(out().trimEnd().split('\n').at(-1)!) as T,
  }
}

/** The servers of another bench, and a place here whose card trusts them. */
export const openThere = async () => {
  const there = createPlace()
  const here = createPlace()
  const { world } = there.worldOf(new AbortController().signal)
  const workplace = openWorkplace(world, { curve: 'nist' })
  const bench = await openBench({ ...world, workplace, signal: world.interrupt })
  const { services } = bench
  const web = openWebPki(workplace.home.pki, { random: world.random, now: world.clock() })
  const operator = openFetch({
    addresses: services.addresses,
    check: checkWebServer(web.ca, world.clock),
    identity: serverIdentity(web.issue(HOSTS.operator)),
  })
  const smdp = {
    fetch: operator.fetch,
    url: `https://${HOSTS.smdpOrders}`,
    functionRequesterIdentifier: 'test',
    random: world.random,
  }
  const place = ['--certs', join(there.home, 'pki', 'nist')]
  const toServer = ['--connect-to', `127.0.0.1:${services.addresses.find(services.smdpHost)!.port}`]
  const placeOf = (host: string): string => `127.0.0.1:${services.addresses.find(host)!.port}`
  return {
    here,
    placeOf,
    workplace,
    smdpHost: services.smdpHost,
    place,
    toServer,
    /** Orders a profile over ES2+ as the operator does. */
    async order(
      confirmationCode?: string,
      more: { readonly eid?: string; readonly smdsAddress?: string } = {},
    ): Promise<{ iccid: string; matchingId: string }> {
      const { iccid } = await stockProfile({ ...services, clock: world.clock }, makeSupply(world.random))
      await callEs2(smdp, ES2p.DownloadOrder, { iccid: `${iccid}F`, ...(more.eid && { eid: more.eid }) })
      const code = confirmationCode === undefined ? {} : { confirmationCode }
      const { matchingId } = await callEs2(smdp, ES2p.ConfirmOrder, {
        iccid: `${iccid}F`,
        releaseFlag: true,
        ...code,
        ...(more.smdsAddress && { smdsAddress: more.smdsAddress }),
      })
      return { iccid, matchingId }
    },
    /** A card command in the place here, reaching the servers there. */
    card: (...args: string[]): Promise<Ran> => here.run('card', ...args, ...place),
    type: (typed: Typed, ...args: string[]): Promise<Ran> => runTyping(here, typed, ['card', ...args, ...place]),
    async close() {
      await operator.close()
      await bench.close()
      workplace.close()
      here.remove()
      there.remove()
    },
  }
}
export type There = Awaited<ReturnType<typeof openThere>>
