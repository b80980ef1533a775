import { takeTurns } from '../apdu/turns.ts'
import { type AtCommand, type AtEnd, type AtEvent, createAtExchange } from './at-exchange.ts'
import { createAtFraming } from './at-framing.ts'

/** A serial port, as far as this room needs one; `serial-port.ts` makes one of npm `serialport`. */
export interface BytePort {
  write(bytes: Uint8Array): Promise<void>
  /** Calls from then on with what comes, cut anywhere; at most one listener. */
  listen(heard: { data(bytes: Uint8Array): void; gone(): void }): void
  close(): Promise<void>
}

/** Time, given in: calls `run` after so many milliseconds unless the returned function is called before. */
export type After = (ms: number, run: () => void) => () => void

export interface AtPort {
  /** One command, in turn. Never rejects: each way it can go is an end. */
  ask(command: AtCommand, deadlineMs: number): Promise<AtEnd>
  /** Resolves after so many milliseconds, in which what comes belongs to nobody. */
  settle(ms: number): Promise<void>
  close(): Promise<void>
}

/** How long `AT` may take, and how long after its OK a late answer to an earlier command is still awaited. */
const SYNC = { deadlineMs: 2_000, settleMs: 300, tries: 3 }

/**
 * Commands and their ends over a port.
 *
 *     port ──bytes──> framing ──pieces──> exchange ──end──> who asked
 *
 * After a deadline the answer may still come, and would be taken for the next command's: so the next command waits until
 * `AT` has been answered and nothing more came. A modem that answers no `AT` ends every further command at once.
 */
export const createAtPort = (port: BytePort, after: After): AtPort => {
  const inTurn = takeTurns()
  const framing = createAtFraming()
  let current: ((event: AtEvent) => void) | undefined
  let isGone = false
  let isOutOfStep = false

  const gone = (): void => {
    isGone = true
    current?.({ kind: 'gone' })
  }
  port.listen({
    data: bytes => {
      for (const piece of framing.push(bytes)) current?.(piece)
    },
    gone,
  })

  const settle = (ms: number): Promise<void> => new Promise(resolve => void after(ms, resolve))

  const ask = (command: AtCommand, deadlineMs: number): Promise<AtEnd> => {
    if (isGone) return Promise.resolve({ end: 'port-gone' })
    return new Promise(resolve => {
      const exchange = createAtExchange(command)
      const hear = (event: AtEvent): void => {
        const end = exchange.hear(event)
        if (!end) return
        current = undefined
        cancel()
        resolve(end)
      }
      const cancel = after(deadlineMs, () => hear({ kind: 'timeout' }))
      current = hear
      port.write(new TextEncoder().encode(`${command.text}\r`)).catch(gone)
    })
  }

  const getInStep = async (): Promise<boolean> => {
    for (let tried = 0; tried < SYNC.tries; tried++) {
      const { end } = await ask({ text: 'AT' }, SYNC.deadlineMs)
      if (end === 'port-gone') return false
      if (end !== 'ok') continue
      await settle(SYNC.settleMs)
      return true
    }
    return false
  }

  return {
    ask: (command, deadlineMs) =>
      inTurn(async () => {
        if (isOutOfStep) {
          if (!(await getInStep())) return { end: isGone ? 'port-gone' : 'timed-out' }
          isOutOfStep = false
        }
        const end = await ask(command, deadlineMs)
        if (end.end === 'timed-out') isOutOfStep = true
        return end
      }),
    settle,
    close: () =>
      inTurn(async () => {
        isGone = true
        await port.close()
      }),
  }
}
