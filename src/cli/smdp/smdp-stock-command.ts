import { basename, resolve } from 'node:path'
import { BenchError } from '../../host/error.ts'
import type { Runtime } from '../../host/runtime.ts'
import type { Personalization } from '../../profile/personalize/values.ts'
import type { ProfileFacts } from '../../server/smdp/profile-facts.ts'
import { addItem } from '../../services/inventory/apply-inventory.ts'
import { createFolderReader, type FolderReader } from '../../services/inventory/folder-reader.ts'
import { type Range, readIccidRange, readRange } from '../../services/inventory/ranges.ts'
import { readSubscriberCsv } from '../../services/inventory/subscriber-csv.ts'
import {
  makeCopy,
  openTemplate,
  planCopies,
  randomNumbers,
  randomSecrets,
  type StockItem,
  type StockTemplate,
  type TypeFacts,
} from '../../services/smdp/stock-copies.ts'
import { openStoreAt } from '../../services/smdp/store-location.ts'
import { showTable } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'
import type { ImportOptions, StoreOptions } from './smdp-options.ts'

const toFacts = (template: StockTemplate, { type, spn, name, class: profileClass }: ImportOptions): TypeFacts => {
  const file = basename(template.name)
  const metadata: ProfileFacts = {
    serviceProviderName: spn ?? template.subscriber.serviceProviderName ?? 'esim-bench',
    profileName: (name ?? type ?? file).slice(0, 64),
    ...(profileClass !== undefined && { profileClass }),
  }
  return { profileType: type ?? file, metadata }
}

/** Options that need --template. */
const COPY_OPTIONS = ['count', 'csv', 'iccidRange', 'imsiRange', 'msisdnRange', 'keepKeys', 'algorithm'] as const

const checkUse = (files: readonly string[], options: ImportOptions): void => {
  const given = COPY_OPTIONS.find(name => options[name] !== undefined)
  if (!options.template && given !== undefined)
    throw new BenchError(
      'usage',
      `--${given.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)} applies to copies; add --template`,
    )
  if (options.template && files.length > 1)
    throw new BenchError('usage', '--template makes copies of one file; give one file only')
  if (options.csv !== undefined && (options.iccidRange !== undefined || options.count !== undefined))
    throw new BenchError(
      'usage',
      'the rows of --csv set the number of copies and their ICCIDs; omit --count and --iccid-range',
    )
}

const planItems = (runtime: Runtime, name: string, options: ImportOptions, folder: FolderReader): StockItem[] => {
  const { random } = runtime
  const template = openTemplate(name, folder.read, random)
  const facts = toFacts(template, options)
  const copy = (values: Personalization): Uint8Array => makeCopy(template, values, {}, () => name)
  if (!options.template)
    return [{ ...facts, iccid: template.subscriber.iccid, isRepeatable: true, make: () => copy({}) }]
  const defaults: Personalization = options.algorithm === undefined ? {} : { algorithm: options.algorithm }
  const toKeys = (given: Personalization): Personalization =>
    options.keepKeys ? given : randomSecrets(template, random, given)
  if (options.csv !== undefined)
    return readSubscriberCsv(folder.readSecrets(options.csv), options.csv).map(({ values, texts, place }) => ({
      ...facts,
      iccid: values.iccid!,
      isRepeatable: options.keepKeys === true && name !== 'own',
      make: () => makeCopy(template, toKeys({ ...defaults, ...values }), texts, place),
    }))
  const imsi = options.imsiRange === undefined ? undefined : readRange(options.imsiRange, '--imsi-range')
  const msisdn = options.msisdnRange === undefined ? undefined : readRange(options.msisdnRange, '--msisdn-range')
  const iccid: Range | undefined =
    options.iccidRange === undefined ? undefined : readIccidRange(options.iccidRange, '--iccid-range')
  const count = options.count ?? iccid?.count ?? imsi?.count ?? 1
  for (const [option, range] of [
    ['--iccid-range', iccid],
    ['--imsi-range', imsi],
    ['--msisdn-range', msisdn],
  ] as const)
    if (range?.count !== undefined && range.count < count)
      throw new BenchError('usage', `${option} has ${range.count} numbers for ${count} copies`)
  const generated = new Map<number, { iccid: string; imsi: string }>()
  const getNumbers = (index: number): { iccid: string; imsi: string } => {
    const numbers = generated.get(index) ?? randomNumbers(template, random)
    generated.set(index, numbers)
    return numbers
  }
  return planCopies({
    template,
    facts,
    defaults,
    count,
    iccid: iccid ?? { count: undefined, at: index => getNumbers(index).iccid },
    imsi: imsi ?? (iccid === undefined ? { count: undefined, at: index => getNumbers(index).imsi } : undefined),
    msisdn,
    randomKeys: !options.keepKeys,
    random,
    place: field => `copy of ${name} (${field})`,
  })
}

export const importStockCommand = async (
  runtime: Runtime,
  files: string[],
  options: ImportOptions,
): Promise<number> => {
  checkUse(files, options)
  const terminal = createTerminal(runtime, options.json)
  const folder = createFolderReader(resolve(runtime.workingFolder))
  const items = files.flatMap(name => planItems(runtime, name, options, folder))
  for (const warning of folder.warnings) runtime.err.write(`esim-bench: warning: ${warning}\n`)
  const store = await openStoreAt(options.db, runtime)
  try {
    const added: string[] = []
    const kept: string[] = []
    const conflicts: string[] = []
    for (const [index, item] of items.entries()) {
      if (runtime.interrupt.aborted) break
      const outcome = await addItem({ store, clock: runtime.clock, address: 'smdp.bench.example' }, item)
      if (outcome === 'added') added.push(item.iccid)
      else if (outcome === 'kept') kept.push(item.iccid)
      else conflicts.push(outcome.conflict)
      terminal.progress(`${index + 1} of ${items.length}`)
    }
    for (const conflict of conflicts) terminal.line(`conflict: ${conflict}`)
    const ended = runtime.interrupt.aborted
      ? `; interrupted, ${items.length - added.length - kept.length} not added`
      : ''
    terminal.line(`${added.length} profiles added, ${kept.length} already existed${ended}`)
    if (options.json) printJson(runtime, { added, kept, conflicts })
    return conflicts.length > 0 || runtime.interrupt.aborted ? 1 : 0
  } finally {
    await store.close()
  }
}

export const listStockCommand = async (runtime: Runtime, options: StoreOptions): Promise<number> => {
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  try {
    const types = new Map<string, Record<string, number>>()
    for (const { profileType, state } of await store.listOrders()) {
      const counts = types.get(profileType) ?? {}
      counts[state] = (counts[state] ?? 0) + 1
      types.set(profileType, counts)
    }
    const rows = [...types].sort(([a], [b]) => a.localeCompare(b))
    if (options.json) printJson(runtime, { types: rows.map(([type, states]) => ({ type, states })) })
    const terminal = createTerminal(runtime, options.json)
    if (rows.length === 0) terminal.line('the stock is empty; add profiles with: esim-bench smdp stock import FILE')
    const table = rows.map(([type, states]) => [
      type,
      String(Object.values(states).reduce((sum, count) => sum + count, 0)),
      Object.entries(states)
        .map(([state, count]) => `${count} ${state}`)
        .join(', '),
    ])
    for (const line of showTable(['type', 'profiles', 'states'], table)) terminal.line(line)
    return 0
  } finally {
    await store.close()
  }
}
