import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { classifyError } from '../bench/run/classify-error.ts'
import { BenchError, exitCodeOf } from '../host/error.ts'
import type { Runtime } from '../host/runtime.ts'
import { describeDiskError } from '../host/state/file-error.ts'
import { homePath } from '../host/state/home.ts'
import { ActivationCodeError } from '../rsp/activation-code.ts'
import { escapeControls, hasPrintedJson, printJson } from './terminal.ts'

/** Writes an unexpected error with its stack to a file for the developers. Returns a sentence that names the file. */
const writeErrorFile = (error: unknown, runtime: Runtime): string => {
  const home = homePath(runtime.environment, runtime.workingFolder)
  const path = join(home, 'errors', `${runtime.clock().toISOString().replace(/[-:.]/g, '')}.txt`)
  try {
    for (const folder of [home, join(home, 'errors')]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    writeFileSync(path, `${describeStack(error)}\n`, { mode: 0o600 })
    return `the details are in ${path}; please report this error with that file`
  } catch (cause) {
    return `the details could not be written to ${path}: ${describeDiskError(cause) ?? (cause as Error).message}`
  }
}

const describeStack = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describeStack(error.cause)}`
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`
}

interface ReportedError {
  readonly code: string
  readonly message: string
  readonly exitCode: number
}

const toReport = (error: unknown, runtime: Runtime): ReportedError => {
  if (runtime.interrupt.aborted) return { code: 'interrupted', message: 'interrupted', exitCode: 1 }
  if (error instanceof BenchError) return { code: error.code, message: error.message, exitCode: exitCodeOf(error) }
  if (error instanceof ActivationCodeError) return { code: 'activation-code', message: error.message, exitCode: 2 }
  const { isForeseen, errorCode, summary } = classifyError(error)
  if (isForeseen) return { code: errorCode, message: summary, exitCode: 1 }
  const disk = describeDiskError(error)
  if (disk === undefined) return { code: 'unexpected', message: describeDefect(error, runtime), exitCode: 1 }
  const hint = 'correct this, or set ESIM_BENCH_HOME to a folder on another disk'
  return { code: 'disk', message: `${disk}: ${hint}`, exitCode: 1 }
}

/** Prints one sentence on stderr, and with `json` an error object on stdout. Returns the exit code. */
export const reportError = (error: unknown, runtime: Runtime, { json = false }: { json?: boolean } = {}): number => {
  // Commander has printed the help text or the version.
  if (error instanceof CommanderError && error.exitCode === 0) return 0
  const { code, message, exitCode } = toReport(error, runtime)
  runtime.err.write(`esim-bench: ${escapeControls(message)}\n`)
  if (json && !hasPrintedJson(runtime)) printJson(runtime, { error: { code, message } })
  return exitCode
}

const describeDefect = (error: unknown, runtime: Runtime): string =>
  `an unexpected error occurred; ${writeErrorFile(error, runtime)}`

/** Reports an unexpected error of an operation that continues. */
export const reportDefect = (error: unknown, runtime: Runtime): void =>
  void runtime.err.write(`esim-bench: ${describeDefect(error, runtime)}\n`)
