import { PassThrough } from 'node:stream'
import { runProgram } from '../../../src/cli/main.ts'
import type { Runtime } from '../../../src/host/runtime.ts'
import { openFarSmdp } from '../../services/smdp/remote-smdp.ts'
import { createCliFixture, type Place, type Ran } from '../runtime.ts'

export interface Typed {
  /** What comes on stdin. */
  readonly input?: string
  /** Each is typed when the output ends with its question. */
  readonly answers?: readonly (readonly [question: string, answer: string])[]
  readonly interrupt?: AbortSignal
}

/** Runs a command with somebody at a terminal, or with a pipe in its place. */
export const runTyping = async (
  place: Pick<Place, 'runtimeOf'>,
  { input, answers, interrupt = new AbortController().signal }: Typed,
  args: readonly string[],
): Promise<Ran> => {
  const { runtime, out, err } = place.runtimeOf(interrupt)
  const stdin = new PassThrough()
  const waiting = [...(answers ?? [])]
  const typing: Runtime = {
    ...runtime,
    in: answers === undefined ? stdin : Object.assign(stdin, { isTTY: true }),
    out: {
      write(text) {
        runtime.out.write(text)
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
  const { host, connectTo, certs, close, ...far } = await openFarSmdp()
  const here = createCliFixture()
  const place = ['--certs', certs]
  const { eid } = (await here.run('card', 'info', '--json', ...place)).json<{ eid: string }>()
  return {
    ...far,
    here,
    eid,
    smdpHost: host,
    place,
    toServer: ['--connect-to', connectTo],
    /** A card command in the place here, reaching the servers there. */
    card: (...args: string[]): Promise<Ran> => here.run('card', ...args, ...place),
    type: (typed: Typed, ...args: string[]): Promise<Ran> => runTyping(here, typed, ['card', ...args, ...place]),
    async close() {
      await close()
      here.remove()
    },
  }
}
export type There = Awaited<ReturnType<typeof openThere>>
