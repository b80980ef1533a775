import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The process that holds a state folder. The start time distinguishes it from a later process with the same id. */
export interface Holder {
  readonly pid: number
  readonly started: string
}

/** Returns the start time of a process; undefined if no process has this id. */
export type StartTimeOf = (pid: number) => string | undefined

/**
 * Linux: field 22 of the stat line, in ticks since boot. Field 2 can contain spaces and parentheses, so fields count
 * from the last one. Other systems report only whether the process exists.
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
 * Takes the lock of a folder, or returns its holder; replaces a lock whose process ended. link(2) makes the file
 * appear complete. Of two processes that find the same stale lock, the one that renamed it continues.
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
