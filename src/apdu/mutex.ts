/** Runs asynchronous operations one at a time, in the order of the calls. A failure does not stop the next one. */
export const createMutex = (): (<T>(work: () => Promise<T>) => Promise<T>) => {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const turn = last.then(work, work)
    last = turn.catch(() => {})
    return turn
  }
}
