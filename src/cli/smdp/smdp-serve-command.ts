import type { X509Certificate } from 'node:crypto'
import { dirname, join } from 'node:path'
import { toHex } from '../../asn1/bytes.ts'
import { atMost } from '../../host/close-all.ts'
import { BenchError } from '../../host/error.ts'
import { checkPort } from '../../host/net/listen.ts'
import { openWebPki, type WebPki } from '../../host/pki/web-pki.ts'
import type { Runtime } from '../../host/runtime.ts'
import { homePath } from '../../host/state/home.ts'
import { createFaults, type Faults } from '../../server/smdp/faults/faults.ts'
import { DEFAULTS } from '../../server/smdp/settings.ts'
import { applyInventory } from '../../services/inventory/apply-inventory.ts'
import type { Inventory } from '../../services/inventory/inventory.ts'
import { readInventory } from '../../services/inventory/read-inventory.ts'
import { createFaultCounts, type FaultCounts } from '../../services/smdp/fault-counts.ts'
import { createFileWatch, dropEmpty, readFaults, toRule } from '../../services/smdp/fault-file.ts'
import { describeCall } from '../../services/smdp/function-log.ts'
import {
  openStandalone,
  raiseEvents,
  type Standalone,
  type StandaloneSettings,
} from '../../services/smdp/standalone.ts'
import { openStandalonePki, readAuthorities, type StandalonePki } from '../../services/smdp/standalone-pki.ts'
import { getFaultLocation, openStoreAt } from '../../services/smdp/store-location.ts'
import type { OpenSmdpStore } from '../../services/store/open-smdp-store.ts'
import { interrupted } from '../interrupted.ts'
import { readInput } from '../options.ts'
import { reportDefect } from '../report-error.ts'
import { createTerminal, isYes, type Terminal } from '../terminal.ts'
import { describeReport, showServer } from './smdp-serve-view.ts'

export interface SmdpServeOptions {
  readonly host?: string
  readonly listen: string
  readonly es9Port: number
  readonly es2Port?: number
  readonly es11Port?: number
  readonly es12Port?: number
  readonly smdsHost: string
  readonly certs?: string
  readonly es2Ca?: string
  readonly operatorCa?: string
  readonly keepDays?: number
  readonly keepCount?: number
  readonly inventory?: string
  readonly reset?: boolean
  readonly yes?: boolean
  readonly quiet?: boolean
  readonly db?: string
}

const confirmReset = async (runtime: Runtime, { yes, db }: SmdpServeOptions): Promise<void> => {
  if (yes || db === 'memory') return
  const { ask } = createTerminal(runtime)
  if (ask === undefined)
    throw new BenchError('usage', '--reset takes all profiles and orders out of the store; say --yes with it')
  const answer = await ask('All profiles and orders of the store will be gone. Go on? [y/N] ', {
    signal: runtime.interrupt,
  })
  if (!isYes(answer)) throw new BenchError('declined', 'nothing was changed')
}

/** A store is not emptied, and nothing put into it, for a server that then cannot open: another may be at work there. */
const checkPorts = async ({ listen, es9Port, es2Port, es11Port, es12Port }: SmdpServeOptions): Promise<void> => {
  const ports = { '--es9-port': es9Port, '--es2-port': es2Port, '--es11-port': es11Port, '--es12-port': es12Port }
  for (const [option, port] of Object.entries(ports))
    if (port !== undefined) await checkPort({ host: listen, port, option, hostOption: '--listen' })
}

/** Rules of the inventory, until `smdp misbehave` gives others; those stand in a file that is looked at before each call. */
const openFaults = (
  runtime: Runtime,
  { db }: SmdpServeOptions,
  inventory: Inventory | undefined,
  { sets }: StandalonePki,
) => {
  const file = getFaultLocation(db, runtime)
  dropEmpty(file)
  const readOther = createFileWatch(file)
  const record = createFaultCounts(file, toHex(runtime.random(4)))
  let standing: Pick<FaultCounts, 'of' | 'entries'> = { of: 'none', entries: inventory?.misbehave ?? [] }
  const note = (): void => record.write({ ...standing, struck: engine.listRules().map(({ done }) => done) })
  const context = (folder: string) => ({ sets, random: runtime.random, now: runtime.clock(), folder })
  const engine: Faults = createFaults({
    onFault: note,
    random: runtime.random,
    sleep: milliseconds => new Promise(resolve => void setTimeout(resolve, milliseconds).unref()),
    rules: (inventory?.misbehave ?? []).map(entry => toRule(entry, context(dirname(inventory!.file)))),
  })
  note()
  return {
    engine,
    end: record.remove,
    refresh() {
      const other = readOther()
      if (other === undefined) return
      try {
        const entries = readFaults(file)
        const rules = entries.map(entry => toRule(entry, context(runtime.workingFolder)))
        standing = { of: other, entries }
        engine.setRules(rules)
      } catch (error) {
        runtime.err.write(`esim-bench: ${error instanceof Error ? error.message : error}; it misbehaves as before\n`)
      }
    },
  }
}

/** Calls that are under way at the end may take so long. */
const GRACE_MS = 2_000

/** Operators and SM-DSs that could not be told something are told again so often. */
const RETELL_MS = 10_000

/** Nobody waits longer at the beginning for what operators are told then; it goes on meanwhile. */
const TELL_MS = 1_000

const deliver = (standalone: Standalone, runtime: Runtime): Promise<void> =>
  standalone.smdp.deliverProgress().catch(error => reportDefect(error, runtime))

/** What was given on the command line and is read before anything is opened. */
interface Given {
  readonly authorities: readonly X509Certificate[]
  readonly operatorAuthorities: readonly X509Certificate[]
  readonly inventory: Inventory | undefined
  readonly pki: StandalonePki
  readonly web: WebPki
  /** Where people find the CA of `web`. */
  readonly ca: string
}

const readGiven = ({ environment, workingFolder, random, clock }: Runtime, options: SmdpServeOptions): Given => {
  const { host, certs, es2Ca, operatorCa, inventory } = options
  const homePki = join(homePath(environment, workingFolder), 'pki')
  return {
    authorities: es2Ca === undefined ? [] : readAuthorities(readInput(es2Ca, 'CA file'), es2Ca),
    operatorAuthorities: operatorCa === undefined ? [] : readAuthorities(readInput(operatorCa, 'CA file'), operatorCa),
    inventory: inventory === undefined ? undefined : readInventory(inventory, { random, environment }),
    pki: openStandalonePki({ ...options, host, certs, homePki, random, now: clock() }),
    web: openWebPki(homePki, { random, now: clock() }),
    ca: join(homePki, 'web', 'ca.der'),
  }
}

/** Puts what the inventory describes into the store. */
const fillStore = async (
  store: OpenSmdpStore,
  { inventory, pki }: Given,
  { es11Port, es12Port, smdsHost, inventory: name }: SmdpServeOptions,
  { clock }: Runtime,
  terminal: Terminal,
): Promise<void> => {
  if (inventory === undefined) return
  for (const warning of inventory.warnings) terminal.line(`warning: ${warning}`)
  const onProgress = (done: number, total: number): void => terminal.progress(`stock: ${done} of ${total}`)
  const hasSmds = es11Port !== undefined || es12Port !== undefined
  const smdsAddress = hasSmds ? smdsHost : undefined
  const report = await applyInventory({ store, clock, address: pki.host, smdsAddress, onProgress }, inventory)
  const at = { host: pki.host, smdsHost, now: clock() }
  await raiseEvents(store, [...report.ordersAdded, ...report.ordersKept], at)
  for (const line of describeReport(name!, report)) terminal.line(line)
}

/** What `openStandalone` wants to know, of what was given. */
const settingsOf = (
  { inventory, ca: _, ...given }: Given,
  options: SmdpServeOptions,
  runtime: Runtime,
  terminal: Terminal,
): Omit<StandaloneSettings, 'store'> => {
  const retention = {
    days: options.keepDays ?? inventory?.keep.days ?? DEFAULTS.retention.days,
    count: options.keepCount ?? inventory?.keep.count ?? DEFAULTS.retention.count,
  }
  const { clock, stopwatch, random } = runtime
  const { listen, smdsHost, es9Port, es2Port, es11Port, es12Port } = options
  return {
    ...given,
    operators: inventory?.operators ?? [],
    retention,
    onDropped: ({ kind, count }) =>
      terminal.line(
        `dropped: ${count} ${kind}, older than ${retention.days} days or more than ${retention.count}; ` +
          'see esim-bench smdp stats',
      ),
    listen,
    ports: {
      es9: es9Port,
      ...(es2Port !== undefined && { es2: es2Port }),
      ...(es11Port !== undefined && { es11: es11Port }),
      ...(es12Port !== undefined && { es12: es12Port }),
    },
    smdsHost,
    clock,
    stopwatch,
    random,
    log: options.quiet ? undefined : called => terminal.line(describeCall(called)),
    report: error => reportDefect(error, runtime),
  }
}

/** Until Ctrl-C. */
const serve = async (
  runtime: Runtime,
  settings: StandaloneSettings,
  { ca }: Given,
  misbehaviour: ReturnType<typeof openFaults>,
  terminal: Terminal,
): Promise<void> => {
  const { pki, store, listen } = settings
  const standalone = await openStandalone({
    ...settings,
    misbehaviour: misbehaviour.engine,
    beforeCall: misbehaviour.refresh,
  })
  const again = setInterval(() => void deliver(standalone, runtime), RETELL_MS)
  try {
    await atMost(TELL_MS, deliver(standalone, runtime))
    await showServer(terminal, { standalone, pki, store, listen, ca })
    terminal.line('Ctrl-C ends it.')
    await interrupted(runtime.interrupt)
  } finally {
    clearInterval(again)
    await standalone.close(GRACE_MS)
  }
}

export const smdpServeCommand = async (runtime: Runtime, options: SmdpServeOptions): Promise<number> => {
  const terminal = createTerminal(runtime)
  const given = readGiven(runtime, options)
  await checkPorts(options)
  if (options.reset) await confirmReset(runtime, options)
  const store = await openStoreAt(options.db, runtime)
  try {
    if (options.reset) await store.clear()
    await store.occupy()
    await fillStore(store, given, options, runtime, terminal)
    const misbehaviour = openFaults(runtime, options, given.inventory, given.pki)
    try {
      misbehaviour.refresh()
      await serve(runtime, { ...settingsOf(given, options, runtime, terminal), store }, given, misbehaviour, terminal)
    } finally {
      misbehaviour.end()
    }
    return 0
  } finally {
    await store.close()
  }
}
