import type { Runtime } from '../../host/runtime.ts'

export interface InterruptWatch {
  /** What the command waits for from here on. */
  now(what: string): void
  /** The command has ended. */
  over(): void
}

/**
 * The first Ctrl-C: says what is waited for and since when, and gives the card up, which lets go even of one that does
 * not answer. What is done to the card in one go comes to its end first, if it does so in time.
 */
export const watchInterrupt = (
  runtime: Pick<Runtime, 'err' | 'interrupt' | 'stopwatch'>,
  {
    quiet = false,
    giveUp,
    again = 'ends at once',
  }: {
    readonly quiet?: boolean
    readonly giveUp?: () => Promise<void>
    /** What a second Ctrl-C does. */
    readonly again?: string
  },
): InterruptWatch => {
  let what = 'the way to the card'
  let since = runtime.stopwatch()
  const onAbort = (): void => {
    const seconds = Math.round((runtime.stopwatch() - since) / 1000)
    const soon = giveUp === undefined ? '' : 'the card is given up in 10 s at the latest; '
    if (!quiet)
      runtime.err.write(
        `esim-bench: stopping; ${what} has been under way for ${seconds} s; ${soon}Ctrl-C again ${again}\n`,
      )
    // What closing fails with, the command says in the end.
    giveUp?.().catch(() => undefined)
  }
  runtime.interrupt.addEventListener('abort', onAbort, { once: true })
  return {
    now(next) {
      what = next
      since = runtime.stopwatch()
    },
    over: () => runtime.interrupt.removeEventListener('abort', onAbort),
  }
}
