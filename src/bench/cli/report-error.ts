import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { ActivationCodeError } from '../../rsp/activation-code.ts'
import { BenchError, exitCodeOf } from '../error.ts'
import { homePath } from '../home/home.ts'
import { judgeError } from '../run/judge-error.ts'
import type { World } from './terminal.ts'

/** An error nobody foresaw goes into a file, whole; its reader is whoever mends the bench. */
const keepForLater = (error: unknown, world: World): string => {
  const home = homePath(world.environment, world.workingFolder)
  const path = join(home, 'errors', `${world.clock().toISOString().replace(/[-:.]/g, '')}.txt`)
  try {
    for (const folder of [home, join(home, 'errors')]) if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    writeFileSync(path, `${describeWhole(error)}\n`, { mode: 0o600 })
    return `what happened is in ${path}`
  } catch (cause) {
    return `and what happened could not be written to ${path}: ${(cause as Error).message}`
  }
}

export const describeWhole = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${describeWhole(error.cause)}`
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`
}

/** One sentence on stderr, never a stack trace; returns the exit code. */
export const reportError = (error: unknown, world: World): number => {
  const say = (sentence: string): void => void world.err.write(`esim-bench: ${sentence}\n`)
  if (error instanceof CommanderError) {
    // Help and version were asked for, and commander has printed them.
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help') say('which command? `esim-bench --help` lists them')
    else say(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '))
    return 2
  }
  if (world.interrupt.aborted) return 1
  if (error instanceof BenchError) {
    say(error.message)
    return exitCodeOf(error)
  }
  if (error instanceof ActivationCodeError) {
    say(error.message)
    return 2
  }
  const judged = judgeError(error)
  if (judged.isForeseen) {
    say(judged.summary)
    return 1
  }
  say(`something unexpected went wrong; ${keepForLater(error, world)}`)
  return 1
}
