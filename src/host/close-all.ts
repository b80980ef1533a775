interface Open {
  close(): Promise<unknown>
}

/** Closes what was opened, the last first. What fails keeps nothing else open; the first failure is thrown afterwards. */
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

/** Waits for it, but not longer than so many milliseconds. */
export const atMost = (ms: number, done: Promise<void>): Promise<void> => {
  let timer: NodeJS.Timeout
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}
