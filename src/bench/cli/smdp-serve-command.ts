import { dirname, join } from 'node:path'
import { toHex } from '../../asn1/bytes.ts'
import { formatActivationCode } from '../../rsp/activation-code.ts'
import { createMisbehaviour, type Misbehaviour } from '../../server/smdp/misbehaviour.ts'
import { isPending, type Order } from '../../server/smdp/order.ts'
import { DEFAULTS } from '../../server/smdp/settings.ts'
import { BenchError } from '../error.ts'
import { homePath } from '../home/home.ts'
import { checkPort } from '../net/listen.ts'
import { openWebPki } from '../pki/web-pki.ts'
import { applyInventory, type InventoryReport } from '../smdp/apply-inventory.ts'
import { describeCall } from '../smdp/function-log.ts'
import { createFileWatch, dropEmpty, readMisbehaviour, toRule } from '../smdp/misbehaviour-file.ts'
import { createStrikeRecord, type Strikes } from '../smdp/misbehaviour-strikes.ts'
import { type Inventory, readInventory } from '../smdp/read-inventory.ts'
import { openStandalone, raiseEvents, type Standalone } from '../smdp/standalone.ts'
import { ciKeyIdOf, openStandalonePki, readAuthorities, type StandalonePki } from '../smdp/standalone-pki.ts'
import { misbehaviourPlaceOf, openStoreAt } from '../smdp/store-place.ts'
import type { OpenSmdpStore } from '../smdp-store/open-smdp-store.ts'
import { interrupted } from './interrupted.ts'
import { readInput } from './options.ts'
import { reportDefect } from './report-error.ts'
import { createTerminal, isYes, type Terminal, type World } from './terminal.ts'

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

const confirmReset = async (world: World, { yes, db }: SmdpServeOptions): Promise<void> => {
  if (yes || db === 'memory') return
  const { ask } = createTerminal(world)
  if (ask === undefined)
    throw new BenchError('wrong-use', '--reset takes all profiles and orders out of the store; say --yes with it')
  const answer = await ask('All profiles and orders of the store will be gone. Go on? [y/N] ', {
    signal: world.interrupt,
  })
  if (!isYes(answer)) throw new BenchError('not-wanted', 'nothing was changed')
}

/** A store is not emptied, and nothing put into it, for a server that then cannot open: another may be at work there. */
const checkPorts = async ({ listen, es9Port, es2Port, es11Port, es12Port }: SmdpServeOptions): Promise<void> => {
  const ports = { '--es9-port': es9Port, '--es2-port': es2Port, '--es11-port': es11Port, '--es12-port': es12Port }
  for (const [option, port] of Object.entries(ports))
    if (port !== undefined) await checkPort({ host: listen, port, option, hostOption: '--listen' })
}

/** In words, for the terminal: what a file has brought. */
export const describeReport = (file: string, report: InventoryReport): string[] => {
  const { profilesAdded, profilesKept, ordersAdded, ordersKept, conflicts } = report
  return [
    `${file}: ${profilesAdded} profiles and ${ordersAdded.length} orders added, ` +
      `${profilesKept} and ${ordersKept.length} were there`,
    ...conflicts.map(conflict => `conflict: ${conflict}`),
  ]
}

const activationCodeOf = (host: string, order: Order): string =>
  `LPA:${formatActivationCode({
    smdpAddress: host,
    matchingId: order.matchingId ?? '',
    confirmationCodeRequired: order.confirmationCodeHash !== undefined,
  })}`

/** Enough for a first try; `order list` has the others. */
const MOST_CODES = 20

const showServer = async (
  terminal: Terminal,
  at: { standalone: Standalone; pki: StandalonePki; store: OpenSmdpStore; listen: string; ca: string },
): Promise<void> => {
  const { standalone, pki, store, listen, ca } = at
  const { host, ports, smdsHost } = standalone
  terminal.line(`SM-DP+ ${host}`)
  terminal.line(`  ES9+    ${listen}:${ports.es9}  TLS with ${pki.sets.map(set => set.curve).join(' and ')}`)
  if (ports.es2 !== undefined)
    terminal.line(`  ES2+    ${listen}:${ports.es2}  client certificates; CA of the server ${ca}`)
  if (ports.es11 !== undefined) terminal.line(`  ES11    ${listen}:${ports.es11}  SM-DS ${smdsHost}`)
  if (ports.es12 !== undefined) terminal.line(`  ES12    ${listen}:${ports.es12}  SM-DS ${smdsHost}`)
  for (const set of pki.sets) terminal.line(`  CI      ${ciKeyIdOf(set)}  ${set.curve}`)
  terminal.line(`  store   ${store.name}`)
  const address = listen === '0.0.0.0' || listen === '::' ? "<this machine's address>" : listen
  terminal.line(
    ports.es9 === 443
      ? `An LPA finds it with this line in its hosts file: ${address} ${host}`
      : `LPAs go to port 443 unless they are told otherwise: esim-bench card download --connect-to ${address}:${ports.es9}, ` +
          `or --es9-port 443 here and in the hosts file there: ${address} ${host}`,
  )
  const released = (await store.listOrders()).filter(isPending)
  if (released.length > 0) terminal.line('Released orders:')
  for (const order of released.slice(0, MOST_CODES)) {
    const notes = [
      order.profileType,
      order.matchingId === '' && `default order of ${order.eid}`,
      order.matchingId !== '' && order.eid !== undefined && `for ${order.eid}`,
      order.confirmationCodeHash !== undefined && 'asks for its confirmation code',
      order.reusable && 'reusable',
    ].filter(Boolean)
    terminal.line(`  ${activationCodeOf(host, order)}  ${order.iccid}  ${notes.join(', ')}`)
  }
  if (released.length > MOST_CODES)
    terminal.line(`  and ${released.length - MOST_CODES} more: esim-bench smdp order list`)
}

/** Rules of the inventory, until `smdp misbehave` gives others; those stand in a file that is looked at before each call. */
const openMisbehaviour = (
  world: World,
  { db }: SmdpServeOptions,
  inventory: Inventory | undefined,
  { sets }: StandalonePki,
) => {
  const file = misbehaviourPlaceOf(db, world)
  dropEmpty(file)
  const readOther = createFileWatch(file)
  const record = createStrikeRecord(file, toHex(world.random(4)))
  let standing: Pick<Strikes, 'of' | 'entries'> = { of: 'none', entries: inventory?.misbehave ?? [] }
  const note = (): void => record.write({ ...standing, struck: engine.listRules().map(({ done }) => done) })
  const context = (folder: string) => ({ sets, random: world.random, now: world.clock(), folder })
  const engine: Misbehaviour = createMisbehaviour({
    onStrike: note,
    random: world.random,
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
        const entries = readMisbehaviour(file)
        const rules = entries.map(entry => toRule(entry, context(world.workingFolder)))
        standing = { of: other, entries }
        engine.setRules(rules)
      } catch (error) {
        world.err.write(`esim-bench: ${error instanceof Error ? error.message : error}; it misbehaves as before\n`)
      }
    },
  }
}

/** Calls that are under way at the end may take so long. */
const GRACE_MS = 2_000

/** Operators and SM-DSs that could not be told something are told again so often. */
const RETELL_MS = 10_000

const deliver = (standalone: Standalone, world: World): Promise<void> =>
  standalone.smdp.deliverProgress().catch(error => reportDefect(error, world))

export const smdpServeCommand = async (world: World, options: SmdpServeOptions): Promise<number> => {
  const terminal = createTerminal(world)
  const { random, environment, clock } = world
  const home = homePath(environment, world.workingFolder)
  // What is wrong with a file is found out before anything is opened.
  const authorities =
    options.es2Ca === undefined ? [] : readAuthorities(readInput(options.es2Ca, 'CA file'), options.es2Ca)
  const operatorAuthorities =
    options.operatorCa === undefined
      ? []
      : readAuthorities(readInput(options.operatorCa, 'CA file'), options.operatorCa)
  const inventory: Inventory | undefined =
    options.inventory === undefined ? undefined : readInventory(options.inventory, { random, environment })
  const homePki = join(home, 'pki')
  const pki = openStandalonePki({ ...options, host: options.host, certs: options.certs, homePki, random, now: clock() })
  const web = openWebPki(homePki, { random, now: clock() })
  await checkPorts(options)
  if (options.reset) await confirmReset(world, options)
  const store = await openStoreAt(options.db, world)
  try {
    if (options.reset) await store.clear()
    await store.occupy()
    if (inventory !== undefined) {
      for (const warning of inventory.warnings) terminal.line(`warning: ${warning}`)
      const onProgress = (done: number, total: number): void => terminal.progress(`stock: ${done} of ${total}`)
      const hasSmds = options.es11Port !== undefined || options.es12Port !== undefined
      const smdsAddress = hasSmds ? options.smdsHost : undefined
      const report = await applyInventory({ store, clock, address: pki.host, smdsAddress, onProgress }, inventory)
      const at = { host: pki.host, smdsHost: options.smdsHost, now: clock() }
      await raiseEvents(store, [...report.ordersAdded, ...report.ordersKept], at)
      for (const line of describeReport(options.inventory!, report)) terminal.line(line)
    }
    const retention = {
      days: options.keepDays ?? inventory?.keep.days ?? DEFAULTS.retention.days,
      count: options.keepCount ?? inventory?.keep.count ?? DEFAULTS.retention.count,
    }
    const misbehaviour = openMisbehaviour(world, options, inventory, pki)
    misbehaviour.refresh()
    const standalone = await openStandalone({
      pki,
      web,
      authorities,
      operators: inventory?.operators ?? [],
      operatorAuthorities,
      retention,
      onDropped: ({ kind, count }) =>
        terminal.line(
          `dropped: ${count} ${kind}, older than ${retention.days} days or more than ${retention.count}; ` +
            'see esim-bench smdp stats',
        ),
      store,
      listen: options.listen,
      ports: {
        es9: options.es9Port,
        ...(options.es2Port !== undefined && { es2: options.es2Port }),
        ...(options.es11Port !== undefined && { es11: options.es11Port }),
        ...(options.es12Port !== undefined && { es12: options.es12Port }),
      },
      smdsHost: options.smdsHost,
      misbehaviour: misbehaviour.engine,
      beforeCall: misbehaviour.refresh,
      clock,
      stopwatch: world.stopwatch,
      random,
      log: options.quiet ? undefined : called => terminal.line(describeCall(called)),
      report: error => reportDefect(error, world),
    })
    const again = setInterval(() => void deliver(standalone, world), RETELL_MS)
    try {
      await standalone.smdp.deliverProgress()
      await showServer(terminal, {
        standalone,
        pki,
        store,
        listen: options.listen,
        ca: join(homePki, 'web', 'ca.der'),
      })
      terminal.line('Ctrl-C ends it.')
      await interrupted(world.interrupt)
    } finally {
      clearInterval(again)
      misbehaviour.end()
      await standalone.close(GRACE_MS)
    }
    return 0
  } finally {
    await store.close()
  }
}
