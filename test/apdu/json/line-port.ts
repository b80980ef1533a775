import type { After, LinePort } from '../../../src/apdu/json/json-asker.ts'
import type { Line } from '../../../src/apdu/json/lines.ts'

/** A port whose other end is a function from a line to the lines it brings about. */
export const scriptedPort = (answer: (line: string) => readonly string[]) => {
  let heard: Parameters<LinePort['listen']>[0] | undefined
  const sent: string[] = []
  let closed = 0
  const port: LinePort = {
    send(line) {
      sent.push(line)
      for (const reply of answer(line)) heard?.line({ kind: 'line', text: reply })
    },
    listen: listener => {
      heard = listener
    },
    close: async () => {
      closed++
    },
  }
  return {
    port,
    sent,
    closed: () => closed,
    say: (line: Line) => heard?.line(line),
    leave: (why: string) => heard?.gone(why),
  }
}

/** Time that passes when it is told to. */
export const createTimers = () => {
  const waiting = new Map<() => void, number>()
  const after: After = (ms, run) => {
    waiting.set(run, ms)
    return () => void waiting.delete(run)
  }
  return {
    after,
    /** What is waited for, longest last. */
    deadlines: () => [...waiting.values()].sort((a, b) => a - b),
    /** Only as far as that, where it is said. */
    pass(most = Number.POSITIVE_INFINITY): void {
      for (const [run, ms] of [...waiting]) {
        if (ms > most) continue
        waiting.delete(run)
        run()
      }
    },
  }
}
