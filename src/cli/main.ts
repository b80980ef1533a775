import { randomBytes } from 'node:crypto'
import type { Runtime } from '../host/runtime.ts'
import { describeDiskError } from '../host/state/file-error.ts'
import { allReleased, hasPendingCall } from '../pcsc/watchdog.ts'
import { createProgram } from './program.ts'
import { reportError } from './report-error.ts'

/** `process.exit` waits for the threads of the process, also for one that a reader does not let go of: then it is killed. */
const endProcess = (exitCode: number): void => {
  if (hasPendingCall()) process.kill(process.pid, 'SIGKILL')
  else process.exit(exitCode)
}

/** The runtime as a process has it. The first SIGINT or SIGTERM asks for an end; a second one does not ask. */
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

/** Runs one command in a runtime, and gives its exit code: 0 pass, 1 a run that did not, 2 wrong use. */
export const runProgram = async (runtime: Runtime, args: readonly string[]): Promise<number> => {
  let exitCode = 0
  try {
    await createProgram(runtime, code => {
      exitCode = code
    }).parseAsync(args as string[], { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, runtime, args)
  }
}

/** A result that did not get to where it was to go is none; what became of the last write is told a little later. */
const reportUnwritten = async (unwritten: () => NodeJS.ErrnoException | undefined): Promise<number> => {
  await new Promise(resolve => setImmediate(resolve))
  const error = unwritten()
  if (error === undefined) return 0
  process.stderr.write(`esim-bench: the output could not be written: ${describeDiskError(error) ?? error.message}\n`)
  return 1
}

export const main = async (args: readonly string[]): Promise<number> => {
  const runtime = openRuntime()
  // Somebody who reads only the first lines (`| head`) asks for an end, as Ctrl-C does: what is being done to a card is
  // brought to one first.
  let unwritten: NodeJS.ErrnoException | undefined
  for (const output of [process.stdout, process.stderr])
    output.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') unwritten = error
      runtime.stop()
    })
  const onSurprise = (error: unknown): void => endProcess(reportError(error, runtime) || 1)
  process.on('uncaughtException', onSurprise)
  process.on('unhandledRejection', onSurprise)
  try {
    const exitCode = (await runProgram(runtime, args)) || (await reportUnwritten(() => unwritten))
    // Nothing is left to do, and a reader or pcscd that hangs would keep the process for ever.
    await allReleased()
    if (hasPendingCall()) endProcess(exitCode)
    return exitCode
  } finally {
    runtime.close()
  }
}
