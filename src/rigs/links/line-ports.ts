import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { ApduError } from '../../apdu/errors.ts'
import { LONGEST_LINE } from '../../apdu/json/apdu-json.ts'
import type { LinePort } from '../../apdu/json/json-asker.ts'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { killGroup } from '../../host/kill-group.ts'

/**
 * A program is given this long to end by itself when its input ends, and again when it is told to; a socket, to take
 * what was written to it.
 */
const LEAVE_MS = 1_000
const CONNECT_MS = 10_000

/** The listener of a port, and what came before there was one. */
const createListeners = () => {
  const split = createLineFraming(LONGEST_LINE)
  let heard: Parameters<LinePort['listen']>[0] | undefined
  let over: string | undefined
  const early: Uint8Array[] = []
  const data = (chunk: Uint8Array): void => {
    if (heard === undefined) early.push(chunk)
    else for (const line of split(chunk)) heard.line(line)
  }
  return {
    data,
    gone(why: string): void {
      over ??= why
      heard?.gone(over)
    },
    listen(listener: Parameters<LinePort['listen']>[0]): void {
      heard = listener
      for (const chunk of early.splice(0)) data(chunk)
      if (over !== undefined) listener.gone(over)
    },
  }
}

const describeExit = (code: number | null, signal: NodeJS.Signals | null, complaint: string): string =>
  `ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}${complaint === '' ? '' : `; it said: ${complaint}`}`

/** Starts `command` and takes its two ends. What it says on stderr is kept for the sentence about its end. */
export const startProgram = (command: readonly string[], workingFolder: string): Promise<LinePort> =>
  new Promise((resolve, reject) => {
    const [program, ...args] = command as [string, ...string[]]
    const refuse = (cause: Error): void =>
      reject(
        new ApduError('port-gone', `the program ${JSON.stringify(program)} cannot be started: ${cause.message}`, {
          cause,
        }),
      )
    let child: ChildProcessWithoutNullStreams
    try {
      // In a group of its own: Ctrl-C is for the bench, which wants the program to bring the card to an end.
      child = spawn(program, args, { cwd: workingFolder, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    } catch (cause) {
      // An empty name, or a byte 0 in it.
      return refuse(cause as Error)
    }
    const listeners = createListeners()
    let complaint = ''
    child.once('error', refuse)
    child.stdout.on('data', listeners.data)
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = `${complaint}${chunk.toString('utf8')}`.slice(-400)
    })
    // Written to after its end: the end itself says more.
    child.stdin.on('error', () => undefined)
    child.once('close', (code, signal) => {
      const lastLine = complaint.trimEnd().split('\n').at(-1) ?? ''
      listeners.gone(describeExit(code, signal, lastLine))
    })
    child.once('spawn', () =>
      resolve({
        send: line => void child.stdin.write(`${line}\n`),
        listen: listeners.listen,
        close: () => endProgram(child),
      }),
    )
  })

/** By the end of its input, then by asking, then without asking. */
const endProgram = (child: ChildProcess): Promise<void> =>
  new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const soon = setTimeout(() => killGroup(child, 'SIGTERM'), LEAVE_MS)
    const late = setTimeout(() => killGroup(child, 'SIGKILL'), 2 * LEAVE_MS)
    child.once('exit', () => {
      clearTimeout(soon)
      clearTimeout(late)
      // A grandchild may hold the pipes; nobody here reads them any more.
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve()
    })
    child.stdin?.end()
  })

export const connectSocket = (host: string, port: number): Promise<LinePort> =>
  new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      const reason = (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED' ? 'nobody listens there' : cause.message
      reject(new ApduError('port-gone', `the socket ${host}:${port} cannot be reached: ${reason}`, { cause }))
    }
    let socket: Socket
    try {
      socket = connect({ host, port })
    } catch (cause) {
      // There is no such port.
      return refuse(cause as Error)
    }
    socket.setNoDelay(true)
    const listeners = createListeners()
    socket.once('error', refuse)
    socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error(`no connection in ${CONNECT_MS / 1000} s`)))
    socket.on('data', listeners.data)
    socket.once('close', () => listeners.gone('closed the connection'))
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.off('error', refuse)
      // The close that follows tells of it.
      socket.on('error', () => undefined)
      resolve({
        send: line => void socket.write(`${line}\n`),
        listen: listeners.listen,
        close: () => endSocket(socket),
      })
    })
  })

const endSocket = (socket: Socket): Promise<void> =>
  new Promise(resolve => {
    if (socket.closed) return resolve()
    // The other side may have stopped reading.
    const late = setTimeout(() => socket.destroy(), LEAVE_MS)
    socket.once('close', () => {
      clearTimeout(late)
      resolve()
    })
    socket.end()
    // It may keep its half open for ever.
    socket.destroySoon()
  })
