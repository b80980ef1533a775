import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { startTimeOf } from '../../host/state/lock.ts'
import type { FaultEntry } from './fault-file.ts'

/** What a server that runs says of its rules: those of the file of this identity, or of its inventory. */
export interface FaultCounts {
  readonly of: string
  readonly entries: readonly FaultEntry[]
  /** How often each has struck. */
  readonly struck: readonly number[]
}
interface Told extends FaultCounts {
  readonly pid: number
  /** By it a process is told from a later one of the same number. */
  readonly started: string
}

const prefixOf = (file: string): string => `${basename(file).replace(/\.yaml$/, '')}.struck-`

const readTold = (file: string): readonly { readonly path: string; readonly told: Told | undefined }[] =>
  readdirSync(dirname(file))
    .filter(name => name.startsWith(prefixOf(file)) && name.endsWith('.json'))
    .map(name => {
      const path = join(dirname(file), name)
      try {
        const told = JSON.parse(readFileSync(path, 'utf8')) as Told
        return { path, told: startTimeOf(told.pid) === told.started ? told : undefined }
      } catch {
        // It went while it was being read.
        return { path, told: undefined }
      }
    })

/** Of each server that runs. What one left behind that was killed counts for nothing: its counts went with it. */
export const readFaultCounts = (file: string): readonly FaultCounts[] =>
  readTold(file).flatMap(({ told }) => told ?? [])

/** Where a server writes down how often it has misbehaved, for `misbehave list`; it goes with the server. */
export const createFaultCounts = (file: string, id: string) => {
  const path = join(dirname(file), `${prefixOf(file)}${process.pid}-${id}.json`)
  const mine = { pid: process.pid, started: startTimeOf(process.pid) ?? 'unknown' }
  for (const left of readTold(file)) if (left.told === undefined) rmSync(left.path, { force: true })
  const remove = (): void => rmSync(path, { force: true })
  return {
    remove,
    write(strikes: FaultCounts): void {
      if (strikes.entries.length === 0) remove()
      else {
        writeFileSync(`${path}.new`, JSON.stringify({ ...mine, ...strikes }), { mode: 0o600 })
        renameSync(`${path}.new`, path)
      }
    },
  }
}
