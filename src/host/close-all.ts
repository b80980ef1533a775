interface Open {
  close(): Promise<unknown>
}

/** Closes in reverse order. A failure does not stop the others; the first failure is thrown at the end. */
export const closeAll = async (opened: readonly Open[]): Promise<void> => {
  const failures: unknown[] = []
  for (const each of opened.toReversed())
    try {
      await each.close()
    } catch (error) {
      failures.push(error)
    }
  if (failures.length > 0) throw failures[0]
}

/** Waits for `done`, at most `ms` milliseconds. */
export const atMost = (ms: number, done: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
