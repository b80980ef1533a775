import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { ApduError } from '../../apdu/errors.ts'
import { LONGEST_LINE } from '../../apdu/json/apdu-json.ts'
import type { LinePort } from '../../apdu/json/json-asker.ts'
import { createLineFraming } from '../../apdu/json/lines.ts'
import { killGroup } from '../../host/kill-group.ts'

/** How long a program may take to end after the end of its input, and after SIGTERM; also the limit to close a socket. */
const CLOSE_DEADLINE_MS = 1_000
const CONNECT_MS = 10_000

/** The listener of a port. Data before the listener is set is buffered. */
const createListeners = () => {
  const split = createLineFraming(LONGEST_LINE)
  let listener: Parameters<LinePort['listen']>[0] | undefined
  let over: string | undefined
  const early: Uint8Array[] = []
  const data = (chunk: Uint8Array): void => {
    if (listener === undefined) early.push(chunk)
    else for (const line of split(chunk)) listener.line(line)
  }
  return {
    data,
    gone(why: string): void {
      over ??= why
      listener?.gone(over)
    },
    listen(next: Parameters<LinePort['listen']>[0]): void {
      listener = next
      for (const chunk of early.splice(0)) data(chunk)
      if (over !== undefined) next.gone(over)
    },
  }
}

const describeExit = (code: number | null, signal: NodeJS.Signals | null, lastLine: string): string =>
  `ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}${lastLine === '' ? '' : `; last line on stderr: ${lastLine}`}`

/** Starts `command` and connects to its stdin and stdout. The last line of stderr becomes part of the reason of its end. */
export const startProgram = (command: readonly string[], workingFolder: string): Promise<LinePort> =>
  new Promise((resolve, reject) => {
    const [program, ...args] = command as [string, ...string[]]
    const refuse = (cause: Error): void =>
      reject(
        new ApduError(
          'port-gone',
          `The program ${JSON.stringify(program)} cannot be started: ${describeStartError(cause)}. Check link.exec of the rig file.`,
          {
            cause,
          },
        ),
      )
    let child: ChildProcessWithoutNullStreams
    try {
      // A separate process group: Ctrl-C must not end the program before the bench has released the card.
      child = spawn(program, args, { cwd: workingFolder, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    } catch (cause) {
      // The name is empty or contains a zero byte.
      return refuse(cause as Error)
    }
    const listeners = createListeners()
    let stderr = ''
    child.once('error', refuse)
    child.stdout.on('data', listeners.data)
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = `${stderr}${chunk.toString('utf8')}`.slice(-400)
    })
    // A write after the end of the program fails; `close` reports the end.
    child.stdin.on('error', () => undefined)
    child.once('close', (code, signal) => {
      const lastLine = stderr.trimEnd().split('\n').at(-1) ?? ''
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

/** Ends the program: end of input, then SIGTERM, then SIGKILL. */
const endProgram = (child: ChildProcess): Promise<void> =>
  new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const soon = setTimeout(() => killGroup(child, 'SIGTERM'), CLOSE_DEADLINE_MS)
    const late = setTimeout(() => killGroup(child, 'SIGKILL'), 2 * CLOSE_DEADLINE_MS)
    child.once('exit', () => {
      clearTimeout(soon)
      clearTimeout(late)
      // A grandchild may keep the pipes open.
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve()
    })
    child.stdin?.end()
  })

const START_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'the file is not executable',
  ENOTDIR: 'a part of the path is a file, not a folder',
}
const describeStartError = (error: Error): string =>
  START_ERRORS[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no program listens on this port',
  ECONNRESET: 'the program closed the connection',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved now',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ETIMEDOUT: 'the host does not answer',
}
const describeConnectError = (error: Error): string =>
  CONNECT_ERRORS[(error as NodeJS.ErrnoException).code ?? ''] ?? error.message

export const connectSocket = (host: string, port: number): Promise<LinePort> =>
  new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      reject(
        new ApduError(
          'port-gone',
          `The socket ${host}:${port} cannot be reached: ${describeConnectError(cause)}. Check link.tcp of the rig file, and that the program is running.`,
          { cause },
        ),
      )
    }
    let socket: Socket
    try {
      socket = connect({ host, port })
    } catch (cause) {
      // The port number is invalid.
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
      // The `close` event follows.
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
    // The peer may have stopped reading.
    const late = setTimeout(() => socket.destroy(), CLOSE_DEADLINE_MS)
    socket.once('close', () => {
      clearTimeout(late)
      resolve()
    })
    socket.end()
    // The peer may never close its side.
    socket.destroySoon()
  })
