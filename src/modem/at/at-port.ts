import { createMutex } from '../../apdu/mutex.ts'
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
  /** A command whose reply nothing else looks like, such as the IMEI: by it the port finds back into step. */
  knowBy(probe: Required<Pick<AtCommand, 'text' | 'reply'>>): void
  /** Why no further command is sent: after a deadline the modem did not answer its probes. Undefined while all is well. */
  readonly unusable: string | undefined
  /** Something was done to the modem: it may be asked again. */
  revive(): void
  /** Resolves after so many milliseconds, in which what comes belongs to nobody. */
  settle(ms: number): Promise<void>
  /** Calls with every line that comes, asked for or not, until the returned function is called. */
  overhear(heard: (line: string) => void): () => void
  readonly isGone: boolean
  /** True as soon as the port is gone, false after so many milliseconds in which it was not. */
  whenGone(ms: number): Promise<boolean>
  /** Goes on over another port: the modem's, which went and came back. The one before is closed. */
  goOnOver(next: BytePort): Promise<void>
  /** At once: what waits ends as if the port were gone, and it does not come back. */
  close(): Promise<void>
  readonly isClosed: boolean
}

/** How long a probe may take each time; of a port on which no modem is known yet nobody waits long. */
const PROBES_MS = [2_000, 10_000, 30_000]
const FIRST_PROBES_MS = [2_000, 2_000]
/** How long silence must last behind an answer that names nobody. */
const QUIET_MS = 300

/**
 * Commands and their ends over a port.
 *
 *     port ──bytes──> framing ──pieces──> exchange ──end──> who asked
 *
 * After a deadline, and after an end without its answer, the right answer may still come, and would be taken for the next
 * command's. So the next command waits until a probe has been answered: everything before that answer is nobody's. A
 * modem that answers no probe is marked, and every further command ends at once.
 */
export const createAtPort = (first: BytePort, after: After): AtPort => {
  const runExclusive = createMutex()
  const overhearing = new Set<(line: string) => void>()
  const missing = new Set<() => void>()
  const settling = new Set<() => void>()
  let port = first
  let current: ((event: AtEvent) => void) | undefined
  let probe: Pick<AtCommand, 'text' | 'reply'> = { text: 'AT' }
  let isGone = false
  let closed: Promise<void> | undefined
  let isOutOfStep = false
  let unusable: string | undefined

  const gone = (): void => {
    isGone = true
    current?.({ kind: 'gone' })
    for (const tell of missing) tell()
  }
  const connect = (next: BytePort): void => {
    const framing = createAtFraming()
    port = next
    isGone = false
    next.listen({
      data: bytes => {
        if (port !== next) return
        for (const piece of framing.push(bytes)) {
          if (piece.kind === 'line') for (const hear of overhearing) hear(piece.text)
          current?.(piece)
        }
      },
      gone: () => {
        if (port === next) gone()
      },
    })
  }
  connect(first)

  const settle = (ms: number): Promise<void> =>
    new Promise(resolve => {
      if (closed) return resolve()
      const end = (): void => {
        cancel()
        settling.delete(end)
        resolve()
      }
      const cancel = after(ms, end)
      settling.add(end)
    })
  const send = (text: string): void => {
    port.write(new TextEncoder().encode(`${text}\r`)).catch(gone)
  }

  /** Hears until `hear` says something, or the deadline. */
  const listenUntil = <T>(deadlineMs: number, hear: (event: AtEvent) => T | undefined): Promise<T> =>
    new Promise(resolve => {
      const take = (event: AtEvent): void => {
        const heard = hear(event)
        if (heard === undefined) return
        current = undefined
        cancel()
        resolve(heard)
      }
      const cancel = after(deadlineMs, () => take({ kind: 'timeout' }))
      current = take
    })

  const ask = (command: AtCommand, deadlineMs: number): Promise<AtEnd> => {
    if (isGone) return Promise.resolve({ end: 'port-gone' })
    const exchange = createAtExchange(command)
    const ended = listenUntil(deadlineMs, exchange.hear)
    send(command.text)
    return ended
  }

  /**
   * Resolves with the number of probes that were answered, each by its reply, where it has one, and then its OK: when
   * all `owed` were, or at the deadline.
   */
  const probeOnce = (deadlineMs: number, owed: number): Promise<number> => {
    let isKnown = probe.reply === undefined
    let answers = 0
    const answered = listenUntil(deadlineMs, event => {
      if (event.kind === 'timeout' || event.kind === 'gone') return answers
      if (event.kind !== 'line') return undefined
      if (probe.reply?.test(event.text)) isKnown = true
      if (!isKnown || event.text !== 'OK') return undefined
      isKnown = probe.reply === undefined
      answers++
      return answers === owed ? answers : undefined
    })
    send(probe.text)
    return answered
  }

  const getInStep = async (): Promise<boolean> => {
    const deadlines = probe.reply === undefined ? FIRST_PROBES_MS : PROBES_MS
    for (const [tried, deadlineMs] of deadlines.entries()) {
      if (isGone) return false
      // An answer that comes only now may be that of an earlier probe, and then this one's is still to come.
      if ((await probeOnce(deadlineMs, tried + 1)) === 0) continue
      // A bare OK may be the late one.
      if (probe.reply === undefined) await settle(QUIET_MS)
      return true
    }
    return false
  }

  return {
    get unusable() {
      return unusable
    },
    revive: () => {
      unusable = undefined
    },
    knowBy: known => {
      probe = known
    },
    ask: (command, deadlineMs) =>
      runExclusive(async () => {
        if (unusable !== undefined) return isGone ? { end: 'port-gone' } : { end: 'timed-out', why: unusable }
        if (isOutOfStep) {
          if (!(await getInStep())) {
            if (isGone) return { end: 'port-gone' }
            unusable =
              'the modem answers nothing any more, not even AT: reset it, or take its power away and give it back'
            return { end: 'timed-out', why: unusable }
          }
          isOutOfStep = false
        }
        const end = await ask(command, deadlineMs)
        if (end.end === 'timed-out' || end.end === 'garbage') isOutOfStep = true
        return end
      }),
    settle,
    overhear: heard => {
      overhearing.add(heard)
      return () => void overhearing.delete(heard)
    },
    get isGone() {
      return isGone
    },
    whenGone: ms =>
      new Promise(resolve => {
        const end = (): void => {
          cancel()
          missing.delete(end)
          resolve(isGone)
        }
        const cancel = after(ms, end)
        missing.add(end)
        if (isGone) end()
      }),
    goOnOver: next =>
      runExclusive(async () => {
        if (closed) return next.close()
        const before = port
        unusable = undefined
        isOutOfStep = false
        connect(next)
        await before.close()
      }),
    close: () => {
      if (closed) return closed
      closed = port.close()
      gone()
      for (const end of settling) end()
      return closed
    },
    get isClosed() {
      return closed !== undefined
    },
  }
}
