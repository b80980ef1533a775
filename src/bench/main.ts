import { randomBytes } from 'node:crypto'
import { createProgram } from './cli/program.ts'
import { reportError } from './cli/report-error.ts'
import type { World } from './cli/terminal.ts'

/** The world as a process has it. The first SIGINT or SIGTERM asks for an end; a second one does not ask. */
const openWorld = (): World & { close(): void } => {
  const interrupt = new AbortController()
  const onSignal = (): void => {
    if (interrupt.signal.aborted) process.exit(1)
    interrupt.abort(new Error('interrupted'))
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
    close() {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    },
  }
}

/** Runs one command in a world, and gives its exit code: 0 pass, 1 a run that did not, 2 wrong use. */
export const runProgram = async (world: World, args: readonly string[]): Promise<number> => {
  let exitCode = 0
  try {
    await createProgram(world, code => {
      exitCode = code
    }).parseAsync(args as string[], { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, world)
  }
}

export const main = async (args: readonly string[]): Promise<number> => {
  const world = openWorld()
  // Somebody who reads only the first lines (`| head`) ends the output, not the bench.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
  })
  const onSurprise = (error: unknown): void => process.exit(reportError(error, world) || 1)
  process.on('uncaughtException', onSurprise)
  process.on('unhandledRejection', onSurprise)
  try {
    return await runProgram(world, args)
  } finally {
    world.close()
  }
}
