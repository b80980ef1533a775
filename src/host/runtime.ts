export interface AskOptions {
  /** Does not show what the user types, for a secret code. */
  readonly hidden?: boolean
  readonly signal?: AbortSignal
}
/** Asks the user for one line. Resolves with `undefined` if the input ends or the signal aborts first. */
export type Ask = (question: string, options?: AskOptions) => Promise<string | undefined>

/** What a command uses of its process. Tests pass their own. */
export interface Runtime {
  readonly out: { write(text: string): unknown; readonly isTTY?: boolean; readonly columns?: number }
  readonly err: { write(text: string): unknown }
  /** The user's input. The command asks no questions if this is not a terminal. */
  readonly in?: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  /** Asks instead of `in` when the card shell reads `in`. */
  readonly ask?: Ask
  readonly environment: NodeJS.ProcessEnv
  readonly workingFolder: string
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: (length: number) => Uint8Array
  /** Aborts when the user interrupts the command. */
  readonly interrupt: AbortSignal
}
