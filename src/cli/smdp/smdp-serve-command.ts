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
import { readInput } from '../options.ts'
import { reportDefect } from '../report-error.ts'
import { createTerminal, isYes, type Terminal } from '../terminal.ts'
import { waitForInterrupt } from '../wait-for-interrupt.ts'
import type { SmdpServeOptions } from './smdp-options.ts'
import { describeReport, showServer } from './smdp-serve-view.ts'

const confirmReset = async (runtime: Runtime, { yes, db }: SmdpServeOptions): Promise<void> => {
  if (yes || db === 'memory') return
  const { ask } = createTerminal(runtime)
  if (ask === undefined)
    throw new BenchError(
      'usage',
      '--reset deletes all profiles and orders of the store, and there is no terminal to ask on; add --yes to confirm',
    )
  const answer = await ask('Delete all profiles and orders of the store? [y/N] ', {
    signal: runtime.interrupt,
  })
  if (!isYes(answer)) throw new BenchError('declined', 'nothing was changed')
}

/** Checks the ports before --reset and --inventory change the store, which another server may use. */
const checkPorts = async ({ listen, es9Port, es2Port, es11Port, es12Port }: SmdpServeOptions): Promise<void> => {
  const ports = { '--es9-port': es9Port, '--es2-port': es2Port, '--es11-port': es11Port, '--es12-port': es12Port }
  for (const [option, port] of Object.entries(ports))
    if (port !== undefined) await checkPort({ host: listen, port, option, hostOption: '--listen' })
}

/** Faults of the inventory, until `smdp faults` writes a file, which the server checks before each call. */
const openFaults = (
  runtime: Runtime,
  { db }: SmdpServeOptions,
  inventory: Inventory | undefined,
  { sets }: StandalonePki,
) => {
  const file = getFaultLocation(db, runtime)
  dropEmpty(file)
  const readChange = createFileWatch(file)
  const counts = createFaultCounts(file, toHex(runtime.random(4)))
  let current: Pick<FaultCounts, 'of' | 'entries'> = { of: 'none', entries: inventory?.faults ?? [] }
  const writeCounts = (): void => counts.write({ ...current, applied: engine.listRules().map(({ done }) => done) })
  const context = (folder: string) => ({ sets, random: runtime.random, now: runtime.clock(), folder })
  const engine: Faults = createFaults({
    onFault: writeCounts,
    random: runtime.random,
    sleep: milliseconds => new Promise(resolve => void setTimeout(resolve, milliseconds).unref()),
    rules: (inventory?.faults ?? []).map(entry => toRule(entry, context(dirname(inventory!.file)))),
  })
  writeCounts()
  return {
    engine,
    end: counts.remove,
    refresh() {
      const changed = readChange()
      if (changed === undefined) return
      try {
        const entries = readFaults(file)
        const rules = entries.map(entry => toRule(entry, context(runtime.workingFolder)))
        current = { of: changed, entries }
        engine.setRules(rules)
      } catch (error) {
        runtime.err.write(
          `esim-bench: ${error instanceof Error ? error.message : error}; the faults remain unchanged\n`,
        )
      }
    },
  }
}

/** Time for open calls at the end. */
const GRACE_MS = 2_000

/** Interval between two deliveries of pending reports and events. */
const DELIVERY_INTERVAL_MS = 10_000

/** The start waits this long for the first delivery, which then continues in the background. */
const FIRST_DELIVERY_MS = 1_000

const deliver = (standalone: Standalone, runtime: Runtime): Promise<void> =>
  standalone.smdp.deliverProgress().catch(error => reportDefect(error, runtime))

/** Input files, which are read before the store is opened. */
interface ServerInputs {
  readonly authorities: readonly X509Certificate[]
  readonly operatorAuthorities: readonly X509Certificate[]
  readonly inventory: Inventory | undefined
  readonly pki: StandalonePki
  readonly web: WebPki
  /** The file of the CA of `web`, for the user. */
  readonly ca: string
}

const readInputs = (
  { environment, workingFolder, random, clock }: Runtime,
  options: SmdpServeOptions,
): ServerInputs => {
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

/** Adds the content of the inventory to the store. */
const fillStore = async (
  store: OpenSmdpStore,
  { inventory, pki }: ServerInputs,
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

/** Maps inputs and options to the settings of `openStandalone`. */
const toSettings = (
  { inventory, ca: _, ...inputs }: ServerInputs,
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
    ...inputs,
    operators: inventory?.operators ?? [],
    retention,
    onDropped: ({ kind, count }) =>
      terminal.line(
        `dropped ${count} ${kind}: older than ${retention.days} days or more than ${retention.count}; ` +
          '`esim-bench smdp stats` shows the totals',
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

/** Runs the servers until Ctrl-C. */
const serve = async (
  runtime: Runtime,
  settings: StandaloneSettings,
  { ca }: ServerInputs,
  faults: ReturnType<typeof openFaults>,
  terminal: Terminal,
): Promise<void> => {
  const { pki, store, listen } = settings
  const standalone = await openStandalone({
    ...settings,
    faults: faults.engine,
    beforeCall: faults.refresh,
  })
  const timer = setInterval(() => void deliver(standalone, runtime), DELIVERY_INTERVAL_MS)
  try {
    await atMost(FIRST_DELIVERY_MS, deliver(standalone, runtime))
    await showServer(terminal, { standalone, pki, store, listen, ca })
    terminal.line('Press Ctrl-C to stop the server.')
    await waitForInterrupt(runtime.interrupt)
  } finally {
    clearInterval(timer)
    await standalone.close(GRACE_MS)
  }
}

export const smdpServeCommand = async (runtime: Runtime, options: SmdpServeOptions): Promise<number> => {
  const terminal = createTerminal(runtime)
  const inputs = readInputs(runtime, options)
  await checkPorts(options)
  if (options.reset) await confirmReset(runtime, options)
  const store = await openStoreAt(options.db, runtime)
  try {
    if (options.reset) await store.clear()
    await store.occupy()
    await fillStore(store, inputs, options, runtime, terminal)
    const faults = openFaults(runtime, options, inputs.inventory, inputs.pki)
    try {
      faults.refresh()
      await serve(runtime, { ...toSettings(inputs, options, runtime, terminal), store }, inputs, faults, terminal)
    } finally {
      faults.end()
    }
    return 0
  } finally {
    await store.close()
  }
}
