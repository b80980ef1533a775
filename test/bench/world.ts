import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { World } from '../../src/bench/cli/terminal.ts'
import { runProgram } from '../../src/bench/main.ts'

export interface Ran {
  readonly exitCode: number
  readonly out: string
  readonly err: string
  /** The last line of stdout, parsed. */
  json<T = Record<string, unknown>>(): T
}

/** A folder of its own with a command line in it. */
export const createPlace = () => {
  const folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
  const worldOf = (interrupt: AbortSignal) => {
    let out = ''
    let err = ''
    const world: World = {
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
    return { world, out: () => out, err: () => err }
  }
  return {
    folder,
    home: join(folder, '.esim-bench'),
    worldOf,
    async run(...args: string[]): Promise<Ran> {
      const { world, out, err } = worldOf(new AbortController().signal)
      const exitCode = await runProgram(world, args)
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
export type Place = ReturnType<typeof createPlace>
