import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who holds a state folder. The start time tells a process from a later one that was given the same number. */
export interface Holder {
  readonly pid: number
  readonly started: string
}

/** What the operating system says of a process: its start time, or undefined when there is none of that number. */
export type StartTimeOf = (pid: number) => string | undefined

/**
 * Linux keeps a process' start time as the 22nd field of its stat line, in ticks since boot; the second field may
 * hold spaces and parentheses, so fields are counted from the last one. Elsewhere only liveness can be asked.
 */
export const startTimeOf: StartTimeOf = pid => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const ticks = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(19)
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${ticks}`
  } catch {
    if (process.platform === 'linux') return undefined
    try {
      process.kill(pid, 0)
      return 'alive'
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : undefined
    }
  }
}

const readHolder = (path: string): Holder | undefined => {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>
    return typeof holder.pid === 'number' && typeof holder.started === 'string' ? (holder as Holder) : undefined
  } catch {
    return undefined
  }
}

/**
 * Takes the lock of a folder, or says who has it. A lock whose process is gone is taken over.
 *
 * The lock file appears whole, by link(2), so that nobody ever reads half of one; of two processes that find the
 * same stale lock, the one that moved it away goes on, and the other finds a fresh one.
 */
export const takeLock = (folder: string, startTime: StartTimeOf = startTimeOf): { release(): void } | Holder => {
  const path = join(folder, 'lock')
  const mine: Holder = { pid: process.pid, started: startTime(process.pid) ?? 'unknown' }
  const draft = `${path}.${process.pid}.${Math.trunc(performance.now() * 1000)}`
  writeFileSync(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      try {
        linkSync(draft, path)
        return {
          release() {
            if (readHolder(path)?.pid === mine.pid) rmSync(path, { force: true })
          },
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const holder = readHolder(path)
      if (holder && startTime(holder.pid) === holder.started) return holder
      const aside = `${draft}.stale`
      try {
        renameSync(path, aside)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
        throw error
      }
      const moved = readHolder(aside)
      const isFresh = moved !== undefined && startTime(moved.pid) === moved.started
      if (isFresh) renameSync(aside, path)
      else rmSync(aside, { force: true })
      if (isFresh) return moved
    }
    return { pid: 0, started: 'unknown' }
  } finally {
    rmSync(draft, { force: true })
  }
}
