import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Ask, Runtime } from '../host/runtime.ts'

export interface Terminal {
  line(text?: string): void
  /** Shows the current operation in a line that the next output replaces. Does nothing without a terminal. */
  progress(text: string): void
  /** Shows a progress bar on a terminal, else a line for each quarter. */
  bar(text: string, done: number, total: number): void
  /** Undefined if no user can answer. */
  readonly ask: Ask | undefined
}

/**
 * Escapes control and bidirectional characters: texts from cards and servers must not control the terminal. Keeps line
 * feeds, which our own texts contain.
 */
export const escapeControls = (text: string): string =>
  text.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, character =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** Escapes a name from a card or server for use within a line. */
export const formatName = (text: string): string => escapeControls(text).replace(/\n/g, '\\n')

/** With `quiet` the terminal prints nothing, because a program reads the output. */
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
    out.write(`${escapeControls(text)}\n`)
  }
  const progress = (text: string): void => {
    if (quiet || !out.isTTY) return
    clear()
    out.write(formatName(text).slice(0, (out.columns || 80) - 1))
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
            return ask(escapeControls(question), options)
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
      const discard = new Writable({ write: (_chunk, _encoding, done) => done() })
      // With `terminal: true`, readline switches the echo of the tty off; its own output is discarded.
      const reader = createInterface(hidden ? { input, output: discard, terminal: true } : { input, terminal: false })
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

/** Reads one character. Resolves with an empty text at the end of the input. */
export const readCharacter = (input: Runtime['in']): Promise<string> =>
  new Promise(resolve => {
    if (input === undefined) return resolve('')
    const end = (chunk: Buffer | string = ''): void => {
      input.off('data', end)
      input.off('end', end)
      // An open pipe would keep the process running.
      input.pause()
      resolve(String(chunk).slice(0, 1))
    }
    input.on('data', end)
    input.on('end', end)
  })

export const isYes = (answer: string | undefined): boolean => /^\s*y(es)?\s*$/i.test(answer ?? '')

const outputsWithJson = new WeakSet<object>()

export const printJson = ({ out }: Pick<Runtime, 'out'>, value: unknown): void => {
  outputsWithJson.add(out)
  out.write(`${JSON.stringify(value)}\n`)
}

/** True if `printJson` has printed a result, which an error must not follow as the last line. */
export const hasPrintedJson = ({ out }: Pick<Runtime, 'out'>): boolean => outputsWithJson.has(out)
