import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { Command } from 'commander'
import type { Ask, Runtime } from '../../host/runtime.ts'
import { iccidOf, listProfiles } from '../../lpa/card/profiles.ts'
import { fillCardCommands } from '../card/card-commands.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from '../card/with-card.ts'
import type { CardOptions } from '../options.ts'
import { reportError } from '../report-error.ts'
import type { Perform } from '../shared-options.ts'
import { completeLine, isWorthKeeping, type ShellCommand, splitWords } from './shell-words.ts'

const MAX_REMEMBERED = 500
const PROMPT = 'card> '

/**
 * Card commands one after another on one card that stays in hand. On a terminal with history and completion; from a
 * pipe line by line, ending with 1 if one of them failed.
 */
export const shellCommand = (runtime: CardRuntime, options: CardOptions): Promise<number> =>
  withCard(runtime, options, async at => {
    const isTerminal = runtime.in?.isTTY === true
    const history = openHistory(join(at.workplace.home.path, 'card-history'))
    let profiles: readonly string[] = isTerminal ? await readNames(at) : []
    const reader = openReader(runtime, isTerminal, history.lines(), line =>
      completeLine(line, describeCommands(), profiles),
    )
    let running: AbortController | undefined
    let isGivenUp = false
    reader.onInterrupt(() => {
      if (running === undefined) return reader.close()
      if (!running.signal.aborted) return running.abort(new Error('interrupted'))
      isGivenUp = true
      at.device.close().catch(() => undefined)
    })
    if (isTerminal) at.terminal.line(`the card of the rig ${at.device.rig.name}; help lists the commands, exit ends`)
    let worst = 0
    try {
      for (;;) {
        const line = await reader.next(PROMPT)
        if (line === undefined || runtime.interrupt.aborted) break
        if (isTerminal && isWorthKeeping(line)) history.add(line)
        if (/^\s*(exit|quit)\s*$/.test(line)) break
        running = new AbortController()
        const interrupt = AbortSignal.any([runtime.interrupt, running.signal])
        const held = { workplace: at.workplace, device: at.device }
        const inner: CardRuntime = { ...runtime, held, interrupt, ...(isTerminal ? { ask: reader.ask } : {}) }
        const exitCode = await runLine(inner, line)
        running = undefined
        worst = Math.max(worst, exitCode)
        if (isGivenUp) break
        if (isTerminal) profiles = await readNames(at).catch(() => profiles)
      }
    } finally {
      reader.close()
    }
    return isTerminal || worst === 0 ? 0 : 1
  })

const createShellProgram = (runtime: CardRuntime, done: (exitCode: number) => void): Command => {
  const program = new Command('card')
  program
    .description('commands of the card shell')
    .usage('COMMAND …')
    .exitOverride()
    .configureOutput({ writeOut: text => void runtime.out.write(text), writeErr: () => undefined })
    .showSuggestionAfterError(true)
  const perform: Perform =
    <A extends unknown[]>(work: (...args: A) => Promise<number>) =>
    async (...args) =>
      done(await work(...(args.slice(0, -1) as A)))
  fillCardCommands(program, runtime, perform, () => [])
  program.command('exit').description('end the shell').alias('quit')
  return program
}

const runLine = async (runtime: CardRuntime, line: string): Promise<number> => {
  try {
    const words = splitWords(line)
    if (words.length === 0) return 0
    let exitCode = 0
    const program = createShellProgram(runtime, code => {
      exitCode = code
    })
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    return reportError(error, runtime)
  }
}

/** What completion needs of the commands, from the program itself. */
const describeCommands = (): readonly ShellCommand[] => {
  const nowhere = { out: { write: () => undefined } } as unknown as Runtime
  return describe(createShellProgram(nowhere, () => undefined)).subcommands.concat({
    name: 'help',
    options: [],
    subcommands: [],
    takesProfile: false,
  })
}
const describe = (command: Command): ShellCommand => ({
  name: command.name(),
  options: command.options.flatMap(({ long }) => long ?? []),
  subcommands: command.commands.map(describe),
  takesProfile: command.registeredArguments[0]?.name() === 'profile',
})

const readNames = (at: CardWork): Promise<string[]> =>
  onIsdr({ device: at.device, isdrOptions: at.device.isdrOptions }, async isdr =>
    (await listProfiles(isdr)).flatMap(profile =>
      [iccidOf(profile), profile.profileNickname].flatMap(name => name || []),
    ),
  )

interface Reader {
  next(prompt: string): Promise<string | undefined>
  readonly ask: Ask
  onInterrupt(listener: () => void): void
  close(): void
}

/** Lines in the order they come, whoever waits for them: the shell for a command, or a command for an answer. */
const openReader = (
  runtime: Runtime,
  isTerminal: boolean,
  history: string[],
  completer: (line: string) => [string[], string],
): Reader => {
  const waiting: ((line: string | undefined) => void)[] = []
  const early: string[] = []
  let isOver = runtime.in === undefined
  let isMuted = false
  const shown = new Writable({
    write(chunk, _encoding, done) {
      if (!isMuted) runtime.out.write(String(chunk))
      done()
    },
  })
  Object.defineProperty(shown, 'columns', { get: () => runtime.out.columns ?? 80 })
  const reader: Interface | undefined =
    runtime.in === undefined
      ? undefined
      : createInterface(
          isTerminal
            ? { input: runtime.in, output: shown, terminal: true, history, historySize: MAX_REMEMBERED, completer }
            : { input: runtime.in, terminal: false },
        )
  reader?.on('line', line => {
    const taker = waiting.shift()
    if (taker) taker(line)
    else early.push(line)
  })
  reader?.on('close', () => {
    isOver = true
    for (const taker of waiting.splice(0)) taker(undefined)
  })
  const next = (prompt: string, signal?: AbortSignal): Promise<string | undefined> => {
    const line = early.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (isOver || signal?.aborted) return Promise.resolve(undefined)
    if (isTerminal && reader) {
      reader.setPrompt(prompt)
      reader.prompt()
    }
    return new Promise(resolve => {
      const taker = (line: string | undefined): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(line)
      }
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(taker), 1)
        taker(undefined)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.push(taker)
    })
  }
  return {
    next,
    async ask(question, { hidden = false, signal } = {}) {
      const answer = next(question, signal)
      isMuted = hidden
      try {
        return await answer
      } finally {
        isMuted = false
        if (hidden) runtime.out.write('\n')
      }
    },
    onInterrupt: listener => void reader?.on('SIGINT', listener),
    close: () => reader?.close(),
  }
}

/** Lines of earlier sessions, in the state folder, readable by its owner alone. */
const openHistory = (path: string) => {
  const read = (): string[] => {
    try {
      return readFileSync(path, 'utf8').split('\n').filter(Boolean)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }
  return {
    /** The newest first, as readline has them. */
    lines: (): string[] => {
      const kept = read().slice(-MAX_REMEMBERED)
      writeFileSync(path, kept.map(line => `${line}\n`).join(''), { mode: 0o600 })
      return kept.reverse()
    },
    add: (line: string): void => appendFileSync(path, `${line}\n`, { mode: 0o600 }),
  }
}
