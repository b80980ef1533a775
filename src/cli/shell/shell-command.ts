import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Command } from 'commander'
import type { Ask, Runtime } from '../../host/runtime.ts'
import { iccidOf, listProfiles } from '../../lpa/card/profiles.ts'
import { fillCardCommands } from '../card/card-commands.ts'
import { type CardRuntime, type CardWork, onIsdr, withCard } from '../card/with-card.ts'
import { addCommand, type CommandSink, createCommand } from '../command-line.ts'
import { NoOptions, RIG_OPTION_NAMES, type RigOptions } from '../options.ts'
import { reportError } from '../report-error.ts'
import { completeLine, isForHistory, type ShellCommand, splitWords } from './shell-words.ts'

const MAX_HISTORY = 500
const PROMPT = 'card> '

/**
 * Runs card commands on one open card. A terminal has history and completion. With a pipe, the exit code is 1 if a
 * command failed.
 */
export const shellCommand = (runtime: CardRuntime, options: RigOptions): Promise<number> =>
  withCard(runtime, options, async at => {
    const isTerminal = runtime.in?.isTTY === true
    const history = openHistory(join(at.workplace.home.path, 'card-history'))
    let profiles: readonly string[] = isTerminal ? await readNames(at) : []
    const reader = openReader(runtime, isTerminal, history.lines(), line =>
      completeLine(line, describeCommands(runtime), profiles),
    )
    let running: AbortController | undefined
    let isClosed = false
    reader.onInterrupt(() => {
      if (running === undefined) return reader.close()
      if (!running.signal.aborted) return running.abort(new Error('interrupted'))
      isClosed = true
      at.device.close().catch(() => undefined)
    })
    if (isTerminal)
      at.terminal.line(`card of the rig ${at.device.rig.name}; \`help\` lists the commands, \`exit\` ends the shell`)
    let worst = 0
    try {
      for (;;) {
        const line = await reader.next(PROMPT)
        if (line === undefined || runtime.interrupt.aborted) break
        if (isTerminal && isForHistory(line)) history.add(line)
        if (/^\s*(exit|quit)\s*$/.test(line)) break
        running = new AbortController()
        const interrupt = AbortSignal.any([runtime.interrupt, running.signal])
        const held = { workplace: at.workplace, device: at.device }
        const inner: CardRuntime = { ...runtime, held, interrupt, ...(isTerminal ? { ask: reader.ask } : {}) }
        const exitCode = await runLine(inner, line)
        running = undefined
        worst = Math.max(worst, exitCode)
        if (isClosed) break
        if (isTerminal) profiles = await readNames(at).catch(() => profiles)
      }
    } finally {
      reader.close()
    }
    return isTerminal || worst === 0 ? 0 : 1
  })

const createShellProgram = (runtime: CardRuntime, done: (exitCode: number) => void): Command => {
  const program = createCommand('card')
  program
    .description('Commands of the card shell')
    .usage('COMMAND …')
    .configureOutput({ writeOut: text => void runtime.out.write(text), writeErr: () => undefined })
  const sink: CommandSink = { warn: sentence => void runtime.err.write(`esim-bench: ${sentence}\n`), done }
  // The card is already open, so the commands do not select a rig.
  fillCardCommands(program, runtime, sink, RIG_OPTION_NAMES)
  // The loop of the shell handles `exit` before commander.
  for (const name of ['exit', 'quit'])
    addCommand(program, sink, { name, help: 'end the shell', options: NoOptions, run: async () => 0 })
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

/** The commands for completion, from the program itself. */
const describeCommands = (runtime: CardRuntime): readonly ShellCommand[] => {
  return toShellCommand(createShellProgram(runtime, () => undefined)).subcommands.concat({
    name: 'help',
    options: [],
    subcommands: [],
    takesProfile: false,
  })
}
const toShellCommand = (command: Command): ShellCommand => ({
  name: command.name(),
  options: command.options.flatMap(({ long }) => long ?? []),
  subcommands: command.commands.map(toShellCommand),
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

/** Passes lines in their order to the shell, which waits for a command, or to a command, which waits for an answer. */
const openReader = (
  runtime: Runtime,
  isTerminal: boolean,
  history: string[],
  completer: (line: string) => [string[], string],
): Reader => {
  const waiting: ((line: string | undefined) => void)[] = []
  const unread: string[] = []
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
            ? { input: runtime.in, output: shown, terminal: true, history, historySize: MAX_HISTORY, completer }
            : { input: runtime.in, terminal: false },
        )
  reader?.on('line', line => {
    const resolve = waiting.shift()
    if (resolve) resolve(line)
    else unread.push(line)
  })
  reader?.on('close', () => {
    isOver = true
    for (const resolve of waiting.splice(0)) resolve(undefined)
  })
  const next = (prompt: string, signal?: AbortSignal): Promise<string | undefined> => {
    const line = unread.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (isOver || signal?.aborted) return Promise.resolve(undefined)
    if (isTerminal && reader) {
      reader.setPrompt(prompt)
      reader.prompt()
    }
    return new Promise(resolve => {
      const receive = (line: string | undefined): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(line)
      }
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(receive), 1)
        receive(undefined)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiting.push(receive)
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

/** The lines of earlier sessions, in a file of the state folder that only the owner can read. */
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
    /** Newest first, as readline expects. */
    lines: (): string[] => {
      const kept = read().slice(-MAX_HISTORY)
      writeFileSync(path, kept.map(line => `${line}\n`).join(''), { mode: 0o600 })
      return kept.reverse()
    },
    add: (line: string): void => appendFileSync(path, `${line}\n`, { mode: 0o600 }),
  }
}
