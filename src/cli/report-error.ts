import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { classifyError } from '../bench/run/classify-error.ts'
import { BenchError, exitCodeOf } from '../host/error.ts'
import type { Runtime } from '../host/runtime.ts'
import { describeDiskError } from '../host/state/file-error.ts'
import { homePath } from '../host/state/home.ts'
import { ActivationCodeError } from '../rsp/activation-code.ts'
import { showControls } from './terminal.ts'

/** An error nobody foresaw goes into a file, whole; its reader is whoever mends the bench. */
const keepForLater = (error: unknown, runtime: Runtime): string => {
  const home = homePath(runtime.environment, runtime.workingFolder)
  const path = join(home, 'errors', `${runtime.clock().toISOString().replace(/[-:.]/g, '')}.txt`)
  try {
    for (const folder of [home, join(home, 'errors')]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    writeFileSync(path, `${describeWhole(error)}\n`, { mode: 0o600 })
    return `what happened is in ${path}`
  } catch (cause) {
    return `and what happened could not be written to ${path}: ${(cause as Error).message}`
  }
}

const describeWhole = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describeWhole(error.cause)}`
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`
}

/** Commander's complaint, and where the commands are listed that it may have been meant for. */
const describeUse = ({ code, message }: CommanderError, args: readonly string[] | undefined): string => {
  const said = message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  if (args === undefined) return code === 'commander.help' ? 'which command? `help` lists them' : said
  const first = args.findIndex(word => word.startsWith('-'))
  const words = first < 0 ? args : args.slice(0, first)
  const help = (of: readonly string[]): string => `\`${['esim-bench', ...of, '--help'].join(' ')}\` lists them`
  if (code === 'commander.help') return `which command? ${help(words)}`
  if (code !== 'commander.unknownCommand' || said.includes('Did you mean')) return said
  return `${said}; ${help(words.slice(0, words.indexOf(/'(.*)'/.exec(said)?.[1] ?? '')))}`
}

/** One sentence on stderr, never a stack trace; returns the exit code. `args` are those of the command line, not of a shell. */
export const reportError = (error: unknown, runtime: Runtime, args?: readonly string[]): number => {
  const say = (sentence: string): void => void runtime.err.write(`esim-bench: ${showControls(sentence)}\n`)
  if (error instanceof CommanderError) {
    // Help and version were asked for, and commander has printed them.
    if (error.exitCode === 0) return 0
    say(describeUse(error, args))
    return 2
  }
  if (runtime.interrupt.aborted) {
    say('interrupted')
    return 1
  }
  if (error instanceof BenchError) {
    say(error.message)
    return exitCodeOf(error)
  }
  if (error instanceof ActivationCodeError) {
    say(error.message)
    return 2
  }
  const judged = classifyError(error)
  if (judged.isForeseen) {
    say(judged.summary)
    return 1
  }
  const trouble = describeDiskError(error)
  if (trouble !== undefined) say(`${trouble}: see to the disk, or set ESIM_BENCH_HOME to a folder on another one`)
  else reportDefect(error, runtime)
  return 1
}

/** Of something that goes on all the same, too: one sentence, and the rest in a file. */
export const reportDefect = (error: unknown, runtime: Runtime): void =>
  void runtime.err.write(`esim-bench: something unexpected went wrong; ${keepForLater(error, runtime)}\n`)
