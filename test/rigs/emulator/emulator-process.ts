import { runProgram } from '../../../src/cli/main.ts'
import type { Place } from '../../cli/runtime.ts'

/** A command that goes on until it is told to end, such as `euicc plug`. */
export interface Running {
  /** Resolves when a line of its output matches; lines that have been said count. */
  said(pattern: RegExp): Promise<RegExpExecArray>
  /** All that it has said. */
  out(): string
  /** As SIGINT does; resolves with the exit code. */
  end(): Promise<number>
}

export const startProgram = (place: Place, ...args: readonly string[]): Running => {
  const interrupt = new AbortController()
  const { runtime, out, err } = place.runtimeOf(interrupt.signal)
  let isOver = false
  const waiting = new Set<() => void>()
  const tell = (): void => {
    for (const look of waiting) look()
  }
  const { write } = runtime.out
  const ended = runProgram(
    {
      ...runtime,
      out: {
        write: text => {
          write.call(runtime.out, text)
          tell()
        },
      },
    },
    args,
  ).finally(() => {
    isOver = true
    tell()
  })
  return {
    out,
    said: pattern =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(out())
          if (!found && !isOver) return
          waiting.delete(look)
          if (found) resolve(found)
          else reject(new Error(`it ended without saying ${pattern}: ${out()}${err()}`))
        }
        waiting.add(look)
        look()
      }),
    async end() {
      interrupt.abort()
      return ended
    },
  }
}
