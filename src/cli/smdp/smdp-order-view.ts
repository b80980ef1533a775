import { BenchError } from '../../host/error.ts'
import type { Runtime } from '../../host/runtime.ts'
import { formatActivationCode } from '../../rsp/activation-code.ts'
import type { Order } from '../../server/smdp/order.ts'
import { openStoreAt } from '../../services/smdp/store-location.ts'
import { showTable } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'
import type { ListOrdersOptions, ShowOrderOptions } from './smdp-options.ts'

/** An order as it is printed, without the hash of its confirmation code. */
const viewOrder = ({ confirmationCodeHash, history, expiresAt, metadata: _metadata, ...order }: Order) => ({
  ...order,
  confirmationCodeRequired: confirmationCodeHash !== undefined,
  ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  history: history.map(({ at, ...row }) => ({ at: at.toISOString(), ...row })),
})

export const listOrdersCommand = async (runtime: Runtime, options: ListOrdersOptions): Promise<number> => {
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  try {
    const { state, type } = options
    const orders = (await store.listOrders()).filter(
      order =>
        (type === undefined || order.profileType === type) &&
        (state === undefined ? order.state !== 'Available' : order.state === state),
    )
    if (options.json)
      printJson(runtime, { orders: orders.map(viewOrder).map(({ history: _history, ...order }) => order) })
    const terminal = createTerminal(runtime, options.json)
    if (orders.length === 0) terminal.line('no orders; `esim-bench smdp stock list` shows the stock')
    const rows = orders.map(({ iccid, profileType, state: now, matchingId, eid, history }) => [
      iccid,
      profileType,
      now,
      matchingId === undefined ? '-' : matchingId || '(default)',
      eid ?? '-',
      history.at(-1)!.at.toISOString().slice(0, 19),
    ])
    for (const line of showTable(['ICCID', 'type', 'state', 'matching ID', 'EID', 'since'], rows)) terminal.line(line)
    return 0
  } finally {
    await store.close()
  }
}

export const showOrderCommand = async (runtime: Runtime, which: string, options: ShowOrderOptions): Promise<number> => {
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  try {
    const order =
      (await store.findOrderByMatchingId(which)) ??
      (await store.findOrder(which.replace(/[\s-]/g, '').replace(/f$/i, '')))
    if (order === undefined)
      throw new BenchError('order-refused', `there is no order with ICCID or matching ID ${JSON.stringify(which)}`)
    const figures = await store.readFigures()
    const isOfRequester = (each: { readonly requester: string | undefined }): boolean =>
      each.requester === order.requester
    const reports =
      order.requester === undefined
        ? {}
        : {
            reportsWaiting: figures.waiting.find(isOfRequester)?.count ?? 0,
            reportsDropped: figures.dropped.find(isOfRequester)?.count ?? 0,
          }
    const view = { ...viewOrder(order), ...reports }
    if (options.json) printJson(runtime, view)
    const terminal = createTerminal(runtime, options.json)
    const { history, ...facts } = view
    for (const [name, value] of Object.entries(facts))
      if (value !== undefined && value !== false) terminal.line(`${name.padEnd(24)} ${String(value)}`)
    if (order.matchingId !== undefined && options.host !== undefined)
      terminal.line(
        `${'activation code'.padEnd(24)} LPA:${formatActivationCode({
          smdpAddress: options.host,
          matchingId: order.matchingId,
          confirmationCodeRequired: view.confirmationCodeRequired,
        })}`,
      )
    terminal.line()
    const rows = history.map(({ at, from, to, cause }) => [at.slice(0, 19), from ?? '-', to, cause])
    for (const line of showTable(['at', 'from', 'to', 'cause'], rows)) terminal.line(line)
    return 0
  } finally {
    await store.close()
  }
}
