import { BenchError } from '../error.ts'
import { type MisbehaviourEntry, readMisbehaviour, settleEntry, writeMisbehaviour } from '../smdp/misbehaviour-file.ts'
import { misbehaviourPlaceOf } from '../smdp/store-place.ts'
import { showTable } from './table.ts'
import { createTerminal, printJson, type World } from './terminal.ts'

export interface MisbehaveOptions extends Omit<MisbehaviourEntry, 'function' | 'kind'> {
  readonly db?: string
  readonly json?: boolean
}

const describe = ({ function: name, kind, count, probability, ...more }: MisbehaviourEntry): string[] => [
  name,
  kind,
  count === undefined ? 'always' : `${count} times`,
  probability === undefined ? '-' : String(probability),
  Object.entries(more)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} ${value}`)
    .join(', '),
]

const show = (world: World, entries: readonly MisbehaviourEntry[], json: boolean | undefined): number => {
  const terminal = createTerminal(world, json)
  if (json) printJson(world, { misbehave: entries })
  if (entries.length === 0) terminal.line('it behaves')
  const header = ['function', 'kind', 'how often', 'probability', 'how']
  for (const line of showTable(header, entries.map(describe))) terminal.line(line)
  return 0
}

const settle = (entry: MisbehaviourEntry, folder: string): MisbehaviourEntry => {
  try {
    return settleEntry(entry, folder)
  } catch (error) {
    if (!(error instanceof BenchError)) throw error
    throw new BenchError('wrong-use', error.message.replace(/`(\w+)`/, '--$1'), { cause: error })
  }
}

export const addMisbehaviourCommand = async (
  world: World,
  name: MisbehaviourEntry['function'],
  kind: MisbehaviourEntry['kind'],
  { db, json, ...how }: MisbehaveOptions,
): Promise<number> => {
  const entry = settle({ function: name, kind, ...how }, world.workingFolder)
  const file = misbehaviourPlaceOf(db, world)
  const entries = [...readMisbehaviour(file), entry]
  writeMisbehaviour(file, entries)
  return show(world, entries, json)
}

export const listMisbehaviourCommand = async (world: World, { db, json }: MisbehaveOptions): Promise<number> =>
  show(world, readMisbehaviour(misbehaviourPlaceOf(db, world)), json)

export const clearMisbehaviourCommand = async (world: World, { db, json }: MisbehaveOptions): Promise<number> => {
  writeMisbehaviour(misbehaviourPlaceOf(db, world), [])
  return show(world, [], json)
}
