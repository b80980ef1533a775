import type { Runtime } from '../../host/runtime.ts'

export interface InterruptWatch {
  /** Sets the operation that the command waits for. */
  setOperation(operation: string): void
  /** The command has ended. */
  stop(): void
}

/**
 * On the first Ctrl-C, reports the current operation and its duration, and closes the card. An exclusive operation on
 * the card finishes first if it does so before the deadline.
 */
export const watchInterrupt = (
  runtime: Pick<Runtime, 'err' | 'interrupt' | 'stopwatch'>,
  {
    quiet = false,
    closeCard,
    secondEffect = 'exits immediately',
  }: {
    readonly quiet?: boolean
    readonly closeCard?: () => Promise<void>
    /** The effect of a second Ctrl-C. */
    readonly secondEffect?: string
  },
): InterruptWatch => {
  let operation = 'opening the card'
  let since = runtime.stopwatch()
  const onAbort = (): void => {
    const seconds = Math.round((runtime.stopwatch() - since) / 1000)
    const limit = closeCard === undefined ? '' : 'the card is closed within 10 s; '
    if (!quiet)
      runtime.err.write(
        `esim-bench: stopping; ${operation} has been running for ${seconds} s; ${limit}a second Ctrl-C ${secondEffect}\n`,
      )
    // The command reports the error of the close.
    closeCard?.().catch(() => undefined)
  }
  runtime.interrupt.addEventListener('abort', onAbort, { once: true })
  return {
    setOperation(next) {
      operation = next
      since = runtime.stopwatch()
    },
    stop: () => runtime.interrupt.removeEventListener('abort', onAbort),
  }
}
