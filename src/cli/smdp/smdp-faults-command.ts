import { BenchError } from '../../host/error.ts'
import type { Runtime } from '../../host/runtime.ts'
import { readFaultCounts } from '../../services/smdp/fault-counts.ts'
import { type FaultEntry, identityOf, readFaults, settleEntry, writeFaults } from '../../services/smdp/fault-file.ts'
import { getFaultLocation } from '../../services/smdp/store-location.ts'
import { showTable } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'
import type { AddFaultOptions, StoreOptions } from './smdp-options.ts'

/** The runtime, and the name of the command group, which selects the keys of the JSON output. */
export interface FaultsAt {
  readonly runtime: Runtime
  /** `misbehave` is the deprecated name. */
  readonly form: 'faults' | 'misbehave'
}

/** A fault with its counts, summed over the running servers. */
interface CountedFault extends FaultEntry {
  readonly applied: number
  /** Undefined for a fault without a limit. */
  readonly left?: number
}

const toRow = ({ function: name, kind, count, probability, applied, left, ...more }: CountedFault): string[] => [
  name,
  kind,
  count === undefined ? 'always' : `${count} times`,
  String(applied),
  left === undefined ? '-' : String(left),
  probability === undefined ? '-' : String(probability),
  Object.entries(more)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(', '),
]

/** Each server counts separately: two servers apply a fault twice as often. */
const countFaults = (file: string): readonly CountedFault[] => {
  const identity = identityOf(file)
  const servers = readFaultCounts(file).filter(counts => counts.of === identity)
  // Without a file, the rules come from the inventory of the running server.
  const entries = identity === 'none' ? (servers[0]?.entries ?? []) : readFaults(file)
  return entries.map((entry, at) => {
    const each = servers.map(counts => counts.applied[at] ?? 0)
    const { count } = entry
    const left = count === undefined ? undefined : each.reduce((sum, applied) => sum + count - applied, 0)
    return {
      ...entry,
      applied: each.reduce((sum, applied) => sum + applied, 0),
      ...(left !== undefined && { left: servers.length === 0 ? count! : left }),
    }
  })
}

/** The former keys of the JSON output, for scripts that use `smdp misbehave`. */
const toFormerJson = (faults: readonly CountedFault[]): unknown => ({
  misbehave: faults.map(({ applied, left, ...entry }) => ({
    ...entry,
    struck: applied,
    ...(left !== undefined && { left }),
  })),
})

const show = ({ runtime, form }: FaultsAt, file: string, json: boolean | undefined): number => {
  const faults = countFaults(file)
  const terminal = createTerminal(runtime, json)
  if (json) printJson(runtime, form === 'misbehave' ? toFormerJson(faults) : { faults })
  if (faults.length === 0) terminal.line('no faults are injected')
  const header = ['function', 'kind', 'how often', 'applied', 'left', 'probability', 'settings']
  for (const line of showTable(header, faults.map(toRow))) terminal.line(line)
  return 0
}

const settle = (entry: FaultEntry, folder: string): FaultEntry => {
  try {
    return settleEntry(entry, folder)
  } catch (error) {
    if (!(error instanceof BenchError)) throw error
    throw new BenchError('usage', error.message.replace(/`(\w+)`/, '--$1'), { cause: error })
  }
}

export const addFaultCommand = async (
  at: FaultsAt,
  name: FaultEntry['function'],
  kind: FaultEntry['kind'],
  { db, json, ...settings }: AddFaultOptions,
): Promise<number> => {
  const entry = settle({ function: name, kind, ...settings }, at.runtime.workingFolder)
  const file = getFaultLocation(db, at.runtime)
  writeFaults(file, [...readFaults(file), entry])
  return show(at, file, json)
}

export const listFaultsCommand = async (at: FaultsAt, { db, json }: StoreOptions): Promise<number> =>
  show(at, getFaultLocation(db, at.runtime), json)

export const clearFaultsCommand = async (at: FaultsAt, { db, json }: StoreOptions): Promise<number> => {
  const file = getFaultLocation(db, at.runtime)
  writeFaults(file, [], { evenEmpty: readFaultCounts(file).length > 0 })
  return show(at, file, json)
}
