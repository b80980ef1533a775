import type { After } from '../../apdu/json/json-asker.ts'
import { createMutex } from '../../apdu/mutex.ts'
import { type AtCommand, type AtEnd, type AtEvent, createAtExchange } from './at-exchange.ts'
import { createAtFraming } from './at-framing.ts'

/** The interface of a serial port; `serial-port.ts` implements it with npm `serialport`. */
export interface BytePort {
  write(bytes: Uint8Array): Promise<void>
  /** Sets the listener for received bytes, in chunks of any size; at most one. */
  listen(listener: { data(bytes: Uint8Array): void; gone(): void }): void
  close(): Promise<void>
}

export interface AtPort {
  /** Sends one command at a time. Never rejects: every result is an AtEnd. */
  ask(command: AtCommand, deadlineMs: number): Promise<AtEnd>
  /** Sets a command with a unique response, such as the IMEI; it is used to resynchronize. */
  setProbe(probe: Required<Pick<AtCommand, 'text' | 'reply'>>): void
  /** Why no command is sent: after a deadline the modem did not answer probes. Undefined in normal operation. */
  readonly unusable: string | undefined
  /** The modem was reset: commands are allowed again. */
  revive(): void
  /** Resolves after `ms` milliseconds; received lines belong to no command. */
  settle(ms: number): Promise<void>
  /** Calls `listener` with each received line until the returned function is called. */
  onLine(listener: (line: string) => void): () => void
  readonly isGone: boolean
  /** Resolves with true when the port closes, or with false after `ms` milliseconds. */
  whenGone(ms: number): Promise<boolean>
  /** Continues over another port after the modem left and came back. Closes the previous port. */
  replacePort(next: BytePort): Promise<void>
  /** Closes at once: a pending command ends with `port-gone`, and the port cannot be opened again. */
  close(): Promise<void>
  readonly isClosed: boolean
}

/** Deadlines of the probes. Before a modem is identified, they are short. */
const PROBES_MS = [2_000, 10_000, 30_000]
const UNIDENTIFIED_PROBES_MS = [2_000, 2_000]
/** Required silence after an OK that names no command. */
const QUIET_MS = 300

/**
 * Commands and their results over a port. A late response must not be assigned to the next command: after a deadline or
 * an invalid result, the next command waits until a probe is answered. If no probe is answered, the port is marked
 * unusable and each command ends at once.
 */
export const createAtPort = (first: BytePort, after: After): AtPort => {
  const runExclusive = createMutex()
  const lineListeners = new Set<(line: string) => void>()
  const closeListeners = new Set<() => void>()
  const pendingPauses = new Set<() => void>()
  let port = first
  let current: ((event: AtEvent) => void) | undefined
  let probe: Pick<AtCommand, 'text' | 'reply'> = { text: 'AT' }
  let isGone = false
  let closed: Promise<void> | undefined
  let isOutOfSync = false
  let unusable: string | undefined

  const gone = (): void => {
    isGone = true
    current?.({ kind: 'gone' })
    for (const notify of closeListeners) notify()
  }
  const connect = (next: BytePort): void => {
    const framing = createAtFraming()
    port = next
    isGone = false
    next.listen({
      data: bytes => {
        if (port !== next) return
        for (const piece of framing.push(bytes)) {
          if (piece.kind === 'line') for (const notify of lineListeners) notify(piece.text)
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
        pendingPauses.delete(end)
        resolve()
      }
      const cancel = after(ms, end)
      pendingPauses.add(end)
    })
  const send = (text: string): void => {
    port.write(new TextEncoder().encode(`${text}\r`)).catch(gone)
  }

  /** Passes events to `parse` until it returns a value, or until the deadline. */
  const waitFor = <T>(deadlineMs: number, parse: (event: AtEvent) => T | undefined): Promise<T> =>
    new Promise(resolve => {
      const take = (event: AtEvent): void => {
        const result = parse(event)
        if (result === undefined) return
        current = undefined
        cancel()
        resolve(result)
      }
      const cancel = after(deadlineMs, () => take({ kind: 'timeout' }))
      current = take
    })

  const ask = (command: AtCommand, deadlineMs: number): Promise<AtEnd> => {
    if (isGone) return Promise.resolve({ end: 'port-gone' })
    const exchange = createAtExchange(command)
    const ended = waitFor(deadlineMs, exchange.parse)
    send(command.text)
    return ended
  }

  /**
   * Sends a probe. Resolves with the number of answered probes, each with its response and OK: when all `pending` ones
   * are answered, or at the deadline.
   */
  const probeOnce = (deadlineMs: number, pending: number): Promise<number> => {
    let isKnown = probe.reply === undefined
    let answers = 0
    const answered = waitFor(deadlineMs, event => {
      if (event.kind === 'timeout' || event.kind === 'gone') return answers
      if (event.kind !== 'line') return undefined
      if (probe.reply?.test(event.text)) isKnown = true
      if (!isKnown || event.text !== 'OK') return undefined
      isKnown = probe.reply === undefined
      answers++
      return answers === pending ? answers : undefined
    })
    send(probe.text)
    return answered
  }

  const resynchronize = async (): Promise<boolean> => {
    const deadlines = probe.reply === undefined ? UNIDENTIFIED_PROBES_MS : PROBES_MS
    for (const [tried, deadlineMs] of deadlines.entries()) {
      if (isGone) return false
      // A late answer may belong to an earlier probe; the answer to this one is then still pending.
      if ((await probeOnce(deadlineMs, tried + 1)) === 0) continue
      // A plain OK may be the late one.
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
    setProbe: known => {
      probe = known
    },
    ask: (command, deadlineMs) =>
      runExclusive(async () => {
        if (unusable !== undefined) return isGone ? { end: 'port-gone' } : { end: 'timed-out', why: unusable }
        if (isOutOfSync) {
          if (!(await resynchronize())) {
            if (isGone) return { end: 'port-gone' }
            unusable = 'the modem does not answer, not even to AT: reset it, or switch its power off and on'
            return { end: 'timed-out', why: unusable }
          }
          isOutOfSync = false
        }
        const end = await ask(command, deadlineMs)
        if (end.end === 'timed-out' || end.end === 'garbage') isOutOfSync = true
        return end
      }),
    settle,
    onLine: listener => {
      lineListeners.add(listener)
      return () => void lineListeners.delete(listener)
    },
    get isGone() {
      return isGone
    },
    whenGone: ms =>
      new Promise(resolve => {
        const end = (): void => {
          cancel()
          closeListeners.delete(end)
          resolve(isGone)
        }
        const cancel = after(ms, end)
        closeListeners.add(end)
        if (isGone) end()
      }),
    replacePort: next =>
      runExclusive(async () => {
        if (closed) return next.close()
        const before = port
        unusable = undefined
        isOutOfSync = false
        connect(next)
        await before.close()
      }),
    close: () => {
      if (closed) return closed
      closed = port.close()
      gone()
      for (const end of pendingPauses) end()
      return closed
    },
    get isClosed() {
      return closed !== undefined
    },
  }
}
