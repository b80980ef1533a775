import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Ask, Runtime } from '../host/runtime.ts'

export interface Terminal {
  line(text?: string): void
  /** What is going on now: one line that the next replaces; nothing where the output is no terminal. */
  progress(text: string): void
  /** How far it is: a bar on a terminal; where it is none, a line each quarter. */
  bar(text: string, done: number, total: number): void
  /** Absent where nobody is there to answer. */
  readonly ask: Ask | undefined
}

/**
 * Names come from cards and servers, and a terminal obeys what is in them: control characters, and those that turn the
 * direction of writing, are shown as what they are. New lines stay, for we write some ourselves.
 */
export const showControls = (text: string): string =>
  text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, character =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** The same for a name that stands in a line of ours. */
export const showName = (text: string): string => showControls(text).replace(/\n/g, '\\n')

/** With `quiet` nothing is shown: a machine reads the output. */
export const createTerminal = (runtime: Pick<Runtime, 'out' | 'in' | 'ask'>, quiet = false): Terminal => {
  const { out } = runtime
  let isShown = false
  let quarters = 0
  const clear = (): void => {
    if (isShown) out.write('\r\x1b[K')
    isShown = false
  }
  const line = (text = ''): void => {
    if (quiet) return
    clear()
    out.write(`${showControls(text)}\n`)
  }
  const progress = (text: string): void => {
    if (quiet || !out.isTTY) return
    clear()
    out.write(showName(text).slice(0, (out.columns || 80) - 1))
    isShown = true
  }
  const ask = runtime.ask ?? (runtime.in?.isTTY ? askOn(runtime.in, out) : undefined)
  return {
    line,
    progress,
    bar(text, done, total) {
      const share = total === 0 ? 1 : done / total
      if (out.isTTY) return progress(`${drawBar(share, 24)} ${Math.floor(share * 100)}%  ${text} ${done} of ${total}`)
      const now = Math.floor(share * 4)
      if (now < quarters) quarters = 0
      if (now > quarters) line(`${text} ${done} of ${total}`)
      quarters = now
    },
    ask:
      ask === undefined || quiet
        ? undefined
        : (question, options) => {
            clear()
            return ask(showControls(question), options)
          },
  }
}

const drawBar = (share: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`
}

const askOn =
  (input: NodeJS.ReadableStream, out: Runtime['out']): Ask =>
  (question, { hidden = false, signal } = {}) =>
    new Promise(resolve => {
      out.write(question)
      const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
      // As a terminal of its own, readline takes the echo from the tty; what it would show goes nowhere.
      const reader = createInterface(hidden ? { input, output: nowhere, terminal: true } : { input, terminal: false })
      let isOver = false
      const end = (answer: string | undefined): void => {
        if (isOver) return
        isOver = true
        signal?.removeEventListener('abort', onAbort)
        if (hidden || answer === undefined) out.write('\n')
        resolve(answer)
        reader.close()
      }
      const onAbort = (): void => end(undefined)
      reader.once('line', end)
      reader.once('SIGINT', () => end(undefined))
      reader.once('close', () => end(undefined))
      if (signal?.aborted) end(undefined)
      else signal?.addEventListener('abort', onAbort, { once: true })
    })

/** The first character that comes in, and nothing after it; empty where nothing does. */
export const readCharacter = (input: Runtime['in']): Promise<string> =>
  new Promise(resolve => {
    if (input === undefined) return resolve('')
    const end = (chunk: Buffer | string = ''): void => {
      input.off('data', end)
      input.off('end', end)
      // A pipe that is read on keeps the process.
      input.pause()
      resolve(String(chunk).slice(0, 1))
    }
    input.on('data', end)
    input.on('end', end)
  })

export const isYes = (answer: string | undefined): boolean => /^\s*y(es)?\s*$/i.test(answer ?? '')

export const printJson = ({ out }: Pick<Runtime, 'out'>, value: unknown): void =>
  void out.write(`${JSON.stringify(value)}\n`)
