/** Where a command speaks. Tests give their own. */
export interface World {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
  readonly err: { write(text: string): unknown }
  readonly environment: NodeJS.ProcessEnv
  readonly workingFolder: string
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
  /** Aborted when the person wants the command to end. */
  readonly interrupt: AbortSignal
}

export interface Terminal {
  line(text?: string): void
  /** What is going on now: one line that the next replaces; nothing where the output is no terminal. */
  progress(text: string): void
}

/** With `quiet` nothing is shown: a machine reads the output. */
export const createTerminal = ({ out }: Pick<World, 'out'>, quiet = false): Terminal => {
  let isShown = false
  const clear = (): void => {
    if (isShown) out.write('\r\x1b[K')
    isShown = false
  }
  return {
    line(text = '') {
      if (quiet) return
      clear()
      out.write(`${text}\n`)
    },
    progress(text) {
      if (quiet || !out.isTTY) return
      clear()
      out.write(text.slice(0, (out.columns || 80) - 1))
      isShown = true
    },
  }
}

export const printJson = ({ out }: Pick<World, 'out'>, value: unknown): void =>
  void out.write(`${JSON.stringify(value)}\n`)
