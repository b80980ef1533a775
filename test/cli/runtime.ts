import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from '../../src/cli/main.ts'
import type { Runtime } from '../../src/host/runtime.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
  /** The last line of stdout, parsed. */
  json<T = Record<string, unknown>>(): T
}

/** A folder of its own with a command line in it. */
export const createCliFixture = () => {
  const folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
  const runtimeOf = (interrupt: AbortSignal) => {
    let out = ''
    let err = ''
    const runtime: Runtime = {
      out: {
        write: text => {
          out += text
        },
      },
      err: {
        write: text => {
          err += text
        },
      },
      environment: {},
      workingFolder: folder,
      clock: () => new Date(),
      stopwatch: () => performance.now(),
      random: length => new Uint8Array(randomBytes(length)),
      interrupt,
    }
    return { runtime, out: () => out, err: () => err }
  }
  return {
    folder,
    home: join(folder, '.esim-bench'),
    runtimeOf,
    async run(...args: string[]): Promise<Ran> {
      const { runtime, out, err } = runtimeOf(new AbortController().signal)
      const exitCode = await runProgram(runtime, args)
      return {
        exitCode,
        out: out(),
        err: err(),
        json: <T>() => JSON.parse(out().trimEnd().split('\n').at(-1)!) as T,
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
export type Place = ReturnType<typeof createCliFixture>
