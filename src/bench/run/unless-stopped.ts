import { StepFailure } from './classify-error.ts'

/** Waits for `work` or an interruption. Removes its listener, because the signal lives as long as the process. */
export const unlessStopped = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void =>
      reject(new StepFailure('interrupted', { verdict: 'blocked', cause: 'bench' }, 'the run was interrupted'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
