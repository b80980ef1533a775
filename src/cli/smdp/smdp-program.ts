import type { Command } from 'commander'
import { z } from 'zod'
import type { Runtime } from '../../host/runtime.ts'
import { FUNCTIONS, KINDS } from '../../services/smdp/fault-kinds.ts'
import { addCommand, addGroup, argument, type CommandSink } from '../command-line.ts'
import {
  AddFaultOptions,
  CancelOrderOptions,
  ConfirmOrderOptions,
  CreateOrderOptions,
  ImportOptions,
  ListOrdersOptions,
  OrderOptions,
  ShowOrderOptions,
  SmdpServeOptions,
  StoreOptions,
} from './smdp-options.ts'

const load = {
  serve: () => import('./smdp-serve-command.ts'),
  order: () => import('./smdp-order-command.ts'),
  orderView: () => import('./smdp-order-view.ts'),
  stats: () => import('./smdp-stats-command.ts'),
  stock: () => import('./smdp-stock-command.ts'),
  faults: () => import('./smdp-faults-command.ts'),
} as const

const iccid = argument('<iccid>', 'ICCID of the profile', z.string())

/** Adds `esim-bench smdp …`: a stand-alone SM-DP+, its stock, its orders and its faults. */
export const addSmdpCommands = (program: Command, runtime: Runtime, sink: CommandSink): void => {
  const smdp = addGroup(program, 'smdp', 'run a stand-alone SM-DP+ and manage its stock and orders')
  addCommand(smdp, sink, {
    name: 'serve',
    help: 'run the SM-DP+ until Ctrl-C',
    options: SmdpServeOptions,
    run: async (_, options) => (await load.serve()).smdpServeCommand(runtime, options),
  })
  addOrders(smdp, runtime, sink)
  addCommand(smdp, sink, {
    name: 'stats',
    help: 'show what the store keeps, what waits for operators, and what was dropped',
    options: StoreOptions,
    run: async (_, options) => (await load.stats()).showStatsCommand(runtime, options),
  })
  addStock(smdp, runtime, sink)
  addFaults(smdp, runtime, sink, 'faults')
  addFaults(smdp, runtime, sink, 'misbehave')
}

const addOrders = (smdp: Command, runtime: Runtime, sink: CommandSink): void => {
  const order = addGroup(smdp, 'order', 'manage orders, over ES2+ with --url or directly in the store')
  addCommand(order, sink, {
    name: 'create',
    help: 'order a profile from the stock',
    options: CreateOrderOptions,
    run: async (_, options) => (await load.order()).createOrderCommand(runtime, options),
  })
  addCommand(order, sink, {
    name: 'confirm',
    help: 'confirm an order, which assigns its matching ID',
    arguments: [iccid],
    options: ConfirmOrderOptions,
    run: async ([digits], options) => (await load.order()).confirmOrderCommand(runtime, digits, options),
  })
  addCommand(order, sink, {
    name: 'release',
    help: 'release an order for download',
    arguments: [iccid],
    options: OrderOptions,
    run: async ([digits], options) => (await load.order()).releaseOrderCommand(runtime, digits, options),
  })
  addCommand(order, sink, {
    name: 'cancel',
    help: 'cancel an order',
    arguments: [iccid],
    options: CancelOrderOptions,
    run: async ([digits], options) => (await load.order()).cancelOrderCommand(runtime, digits, options),
  })
  addCommand(order, sink, {
    name: 'list',
    help: 'list the orders of the store',
    options: ListOrdersOptions,
    run: async (_, options) => (await load.orderView()).listOrdersCommand(runtime, options),
  })
  addCommand(order, sink, {
    name: 'show',
    help: 'show one order and the history of its state',
    arguments: [argument('<order>', 'ICCID or matching ID', z.string())],
    options: ShowOrderOptions,
    run: async ([which], options) => (await load.orderView()).showOrderCommand(runtime, which, options),
  })
}

const addStock = (smdp: Command, runtime: Runtime, sink: CommandSink): void => {
  const stock = addGroup(smdp, 'stock', 'manage the profiles in the store')
  addCommand(stock, sink, {
    name: 'import',
    help: 'add profile packages (SAIP) to the stock, unchanged or as copies of a template',
    arguments: [
      argument('<files...>', 'SAIP files; with --template also `own`, a package of the bench', z.array(z.string())),
    ],
    options: ImportOptions,
    run: async ([files], options) => (await load.stock()).importStockCommand(runtime, files, options),
  })
  addCommand(stock, sink, {
    name: 'list',
    help: 'list the profile types and the number of profiles in each state',
    options: StoreOptions,
    run: async (_, options) => (await load.stock()).listStockCommand(runtime, options),
  })
}

/** `misbehave` is the deprecated name of the group. It prints the keys of its last release in JSON. */
const addFaults = (smdp: Command, runtime: Runtime, sink: CommandSink, name: 'faults' | 'misbehave'): void => {
  const isFormer = name === 'misbehave'
  const group = addGroup(smdp, name, 'inject faults into the ES9+ responses of the SM-DP+', isFormer)
  const replacing = (command: string) => (isFormer ? { replacedBy: `smdp faults ${command}` } : {})
  const at = { runtime, form: name } as const
  addCommand(group, sink, {
    name: 'add',
    help: 'inject a fault from the next call on, and restart all counts',
    arguments: [
      argument('<function>', 'the ES9+ function', z.enum(FUNCTIONS)),
      argument('<kind>', 'the kind of fault', z.enum(KINDS)),
    ],
    options: AddFaultOptions,
    ...replacing('add'),
    run: async ([name, kind], options) => (await load.faults()).addFaultCommand(at, name, kind, options),
  })
  addCommand(group, sink, {
    name: 'list',
    help: 'list the injected faults and their counts',
    options: StoreOptions,
    ...replacing('list'),
    run: async (_, options) => (await load.faults()).listFaultsCommand(at, options),
  })
  addCommand(group, sink, {
    name: 'clear',
    help: 'remove all faults',
    options: StoreOptions,
    ...replacing('clear'),
    run: async (_, options) => (await load.faults()).clearFaultsCommand(at, options),
  })
}
