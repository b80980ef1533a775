import { BenchError } from '../../host/error.ts'
import type { Runtime } from '../../host/runtime.ts'
import { readFaultCounts } from '../../services/smdp/fault-counts.ts'
import { type FaultEntry, identityOf, readFaults, settleEntry, writeFaults } from '../../services/smdp/fault-file.ts'
import { getFaultLocation } from '../../services/smdp/store-location.ts'
import { showTable } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'

export interface MisbehaveOptions extends Omit<FaultEntry, 'function' | 'kind'> {
  readonly db?: string
  readonly json?: boolean
}

/** An entry with how often the servers that run have acted on it, and how often they still will. */
interface Counted extends FaultEntry {
  readonly struck: number
  /** Without a count, for ever. */
  readonly left?: number
}

const describe = ({ function: name, kind, count, probability, struck, left, ...more }: Counted): string[] => [
  name,
  kind,
  count === undefined ? 'always' : `${count} times`,
  String(struck),
  left === undefined ? '-' : String(left),
  probability === undefined ? '-' : String(probability),
  Object.entries(more)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(', '),
]

/** Each server counts for itself: with two of them, twice as many strikes are left. */
const countEntries = (file: string): readonly Counted[] => {
  const identity = identityOf(file)
  const strikes = readFaultCounts(file)
  const servers = strikes.filter(({ of }) => of === identity)
  // Without a file the rules are those of an inventory, which only its server knows.
  const entries = identity === 'none' ? (servers[0]?.entries ?? []) : readFaults(file)
  return entries.map((entry, at) => {
    const each = servers.map(({ struck }) => struck[at] ?? 0)
    const { count } = entry
    const left = count === undefined ? undefined : each.reduce((sum, struck) => sum + count - struck, 0)
    return {
      ...entry,
      struck: each.reduce((sum, struck) => sum + struck, 0),
      ...(left !== undefined && { left: servers.length === 0 ? count! : left }),
    }
  })
}

const show = (runtime: Runtime, file: string, json: boolean | undefined): number => {
  const entries = countEntries(file)
  const terminal = createTerminal(runtime, json)
  if (json) printJson(runtime, { misbehave: entries })
  if (entries.length === 0) terminal.line('it behaves')
  const header = ['function', 'kind', 'how often', 'struck', 'left', 'probability', 'how']
  for (const line of showTable(header, entries.map(describe))) terminal.line(line)
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

export const addFaultsCommand = async (
  runtime: Runtime,
  name: FaultEntry['function'],
  kind: FaultEntry['kind'],
  { db, json, ...how }: MisbehaveOptions,
): Promise<number> => {
  const entry = settle({ function: name, kind, ...how }, runtime.workingFolder)
  const file = getFaultLocation(db, runtime)
  const entries = [...readFaults(file), entry]
  writeFaults(file, entries)
  return show(runtime, file, json)
}

export const listFaultsCommand = async (runtime: Runtime, { db, json }: MisbehaveOptions): Promise<number> =>
  show(runtime, getFaultLocation(db, runtime), json)

export const clearFaultsCommand = async (runtime: Runtime, { db, json }: MisbehaveOptions): Promise<number> => {
  const file = getFaultLocation(db, runtime)
  writeFaults(file, [], { evenEmpty: readFaultCounts(file).length > 0 })
  return show(runtime, file, json)
}
