import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { startTimeOf } from '../../host/state/lock.ts'
import type { FaultEntry } from './fault-file.ts'

/** The fault counts of a running server, for the rules of the file with this identity or of its inventory. */
export interface FaultCounts {
  readonly of: string
  readonly entries: readonly FaultEntry[]
  /** How often the server applied each rule. */
  readonly applied: readonly number[]
}
interface StoredCounts extends FaultCounts {
  readonly pid: number
  /** Distinguishes the process from a later one with the same id. */
  readonly started: string
}

const prefixOf = (file: string): string => `${basename(file).replace(/\.yaml$/, '')}.faults-`

const readStoredCounts = (
  file: string,
): readonly { readonly path: string; readonly stored: StoredCounts | undefined }[] =>
  readdirSync(dirname(file))
    .filter(name => name.startsWith(prefixOf(file)) && name.endsWith('.json'))
    .map(name => {
      const path = join(dirname(file), name)
      try {
        const stored = JSON.parse(readFileSync(path, 'utf8')) as StoredCounts
        return { path, stored: startTimeOf(stored.pid) === stored.started ? stored : undefined }
      } catch {
        // The server deleted the file meanwhile.
        return { path, stored: undefined }
      }
    })

/** The counts of each running server. Ignores the file of a killed server. */
export const readFaultCounts = (file: string): readonly FaultCounts[] =>
  readStoredCounts(file).flatMap(({ stored }) => stored ?? [])

/** The file in which a server publishes its counts for `smdp faults list`. The server deletes it at its end. */
export const createFaultCounts = (file: string, id: string) => {
  const path = join(dirname(file), `${prefixOf(file)}${process.pid}-${id}.json`)
  const mine = { pid: process.pid, started: startTimeOf(process.pid) ?? 'unknown' }
  for (const left of readStoredCounts(file)) if (left.stored === undefined) rmSync(left.path, { force: true })
  const remove = (): void => rmSync(path, { force: true })
  return {
    remove,
    write(counts: FaultCounts): void {
      if (counts.entries.length === 0) remove()
      else {
        writeFileSync(`${path}.new`, JSON.stringify({ ...mine, ...counts }), { mode: 0o600 })
        renameSync(`${path}.new`, path)
      }
    },
  }
}
