import { randomBytes } from 'node:crypto'
import type { Runtime } from '../host/runtime.ts'
import { describeDiskError } from '../host/state/file-error.ts'
import { allReleased, hasPendingCall } from '../pcsc/watchdog.ts'
import { createProgram } from './program.ts'
import { reportError } from './report-error.ts'

/** Ends the process. `process.exit` waits for threads, so a blocked PC/SC call needs SIGKILL. */
const endProcess = (exitCode: number): void => {
  if (hasPendingCall()) process.kill(process.pid, 'SIGKILL')
  else process.exit(exitCode)
}

/** The runtime of this process. First SIGINT or SIGTERM: graceful shutdown. Second one: exit immediately. */
const openRuntime = (): Runtime & { stop(): void; close(): void } => {
  const interrupt = new AbortController()
  const stop = (): void => interrupt.abort(new Error('interrupted'))
  const onSignal = (): void => {
    if (interrupt.signal.aborted) endProcess(1)
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    out: process.stdout,
    err: process.stderr,
    in: process.stdin,
    environment: process.env,
    workingFolder: process.cwd(),
    clock: () => new Date(),
    stopwatch: () => performance.now(),
    random: length => new Uint8Array(randomBytes(length)),
    interrupt: interrupt.signal,
    stop,
    close() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

/** Runs one command. Resolves with its exit code: 0 success, 1 failure, 2 invalid command line or configuration. */
export const runProgram = async (runtime: Runtime, args: readonly string[]): Promise<number> => {
  let exitCode = 0
  try {
    await createProgram(runtime, code => {
      exitCode = code
    }).parseAsync(args as string[], { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, runtime, { json: wantsJson(args) })
  }
}

/** With `--json`, also errors of the command line itself are printed as JSON. */
const wantsJson = (args: readonly string[]): boolean => {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? undefined : end).includes('--json')
}

/** A failed write of the output is a failure of the command. Node emits the error of the last write after a tick. */
const reportUnwritten = async (getWriteError: () => NodeJS.ErrnoException | undefined): Promise<number> => {
  await new Promise(resolve => setImmediate(resolve))
  const error = getWriteError()
  if (error === undefined) return 0
  process.stderr.write(`esim-bench: the output could not be written: ${describeDiskError(error) ?? error.message}\n`)
  return 1
}

export const main = async (args: readonly string[]): Promise<number> => {
  const runtime = openRuntime()
  // A closed output (`| head`) is handled as Ctrl-C: the operation on the card is finished first.
  let writeError: NodeJS.ErrnoException | undefined
  for (const output of [process.stdout, process.stderr])
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') writeError = error
      runtime.stop()
    })
  const onUncaught = (error: unknown): void => endProcess(reportError(error, runtime) || 1)
  process.on('uncaughtException', onUncaught)
  process.on('unhandledRejection', onUncaught)
  try {
    const exitCode = (await runProgram(runtime, args)) || (await reportUnwritten(() => writeError))
    // A blocked reader or pcscd would otherwise keep the process running.
    await allReleased()
    if (hasPendingCall()) endProcess(exitCode)
    return exitCode
  } finally {
    runtime.close()
  }
}
