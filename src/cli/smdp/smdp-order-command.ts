import { BenchError } from '../../host/error.ts'
import { OWN_SMDP_HOST } from '../../host/pki/card-pki.ts'
import type { Runtime } from '../../host/runtime.ts'
import { formatActivationCode } from '../../rsp/activation-code.ts'
import { ES2p } from '../../rsp/interfaces/es2p.ts'
import { iccidText } from '../../server/smdp/iccid.ts'
import type { Order } from '../../server/smdp/order.ts'
import { type OrderAccess, openStoreAccess } from '../../services/smdp/order-access.ts'
import { openStoreAt } from '../../services/smdp/store-location.ts'
import { showTable } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'
import { type OrderOptions, openAccessOver } from './smdp-order-access.ts'

/** The name of the server, which its store does not know; over ES2+ the server says it. */
interface NamedOptions extends OrderOptions {
  readonly host?: string
}
export interface ConfirmOptions extends NamedOptions {
  readonly eid?: string
  readonly matchingId?: string
  readonly confirmationCode?: string
  readonly smds?: string
  readonly release?: boolean
}
export interface CreateOptions extends Omit<ConfirmOptions, 'release'> {
  readonly iccid?: string
  readonly type?: string
  readonly confirm?: boolean
}

const withAccess = async (
  runtime: Runtime,
  options: NamedOptions & { readonly smds?: string },
  work: (access: OrderAccess) => Promise<number>,
): Promise<number> => {
  if (options.url !== undefined) {
    const access = openAccessOver(runtime, options.url, options)
    return work(access).finally(() => access.close())
  }
  if (options.smds !== undefined)
    throw new BenchError(
      'usage',
      '--smds needs --url: an event is raised by the server that runs, and its store alone knows no SM-DS',
    )
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  const access = openStoreAccess({ ...runtime, store, host: options.host ?? OWN_SMDP_HOST, as: options.as })
  try {
    return await work(access)
  } finally {
    await access.close()
    await store.close()
  }
}

const readIccid = (text: string): string => {
  const iccid = text.replace(/[\s-]/g, '').replace(/f$/i, '')
  if (!/^\d{18,20}$/.test(iccid))
    throw new BenchError('usage', `${JSON.stringify(text)} is not an ICCID: 18 to 20 digits are expected`)
  return iccidText(iccid)
}

const confirm = async (
  runtime: Runtime,
  access: OrderAccess,
  iccid: string,
  { eid, matchingId, confirmationCode, smds, release = false, ...options }: ConfirmOptions,
  created = false,
): Promise<number> => {
  const confirmed = await access.call(ES2p.ConfirmOrder, {
    iccid,
    ...(eid !== undefined && { eid }),
    ...(matchingId !== undefined && { matchingId }),
    ...(confirmationCode !== undefined && { confirmationCode }),
    ...(smds !== undefined && { smdsAddress: smds }),
    releaseFlag: release,
  })
  const terminal = createTerminal(runtime, options.json)
  const activationCode =
    confirmed.smdpAddress === undefined
      ? undefined
      : `LPA:${formatActivationCode({
          smdpAddress: confirmed.smdpAddress,
          matchingId: confirmed.matchingId,
          confirmationCodeRequired: confirmationCode !== undefined,
        })}`
  const digits = iccid.replace(/F$/, '')
  if (options.json) printJson(runtime, { iccid: digits, ...confirmed, activationCode, released: release })
  terminal.line(
    `${digits} is ${created ? 'ordered and ' : ''}${release ? 'released' : 'confirmed'}, matching id ${confirmed.matchingId || '(empty)'}`,
  )
  if (activationCode !== undefined) terminal.line(activationCode)
  if (options.url === undefined && options.host === undefined)
    terminal.line(`(for a server of the name ${confirmed.smdpAddress}; of another: --host NAME)`)
  return 0
}

/** An order that was made for a confirmation which is refused would hold its profile for nobody. */
const takeBack = async (access: OrderAccess, iccid: string, refused: unknown): Promise<never> => {
  const digits = iccid.replace(/F$/i, '')
  try {
    await access.call(ES2p.CancelOrder, { iccid, finalProfileStatusIndicator: 'Available' })
  } catch {
    if (!(refused instanceof BenchError)) throw refused
    const left = `${digits} stays ordered: esim-bench smdp order cancel ${digits}`
    throw new BenchError(refused.code, `${refused.message}; ${left}`, { data: refused.data, cause: refused })
  }
  throw refused
}

export const createOrderCommand = (runtime: Runtime, options: CreateOptions): Promise<number> => {
  const { iccid, type, eid } = options
  if (iccid === undefined && type === undefined)
    throw new BenchError('usage', 'which profile? give --iccid DIGITS, or --type NAME for any of a type')
  const asked = (['matchingId', 'confirmationCode', 'smds'] as const).find(name => options[name] !== undefined)
  if (!options.confirm && asked !== undefined)
    throw new BenchError(
      'usage',
      'matching id, confirmation code and SM-DS are given when an order is confirmed: say --confirm with them',
    )
  return withAccess(runtime, options, async access => {
    const ordered = await access.call(ES2p.DownloadOrder, {
      ...(iccid !== undefined && { iccid: readIccid(iccid) }),
      ...(type !== undefined && { profileType: type }),
      ...(eid !== undefined && { eid }),
    })
    if (options.confirm)
      return confirm(runtime, access, ordered.iccid, { ...options, release: true }, true).catch(error =>
        takeBack(access, ordered.iccid, error),
      )
    const digits = ordered.iccid.replace(/F$/i, '')
    if (options.json) printJson(runtime, { iccid: digits })
    createTerminal(runtime, options.json).line(
      `${digits} is ordered; confirm it with: esim-bench smdp order confirm ${digits}`,
    )
    return 0
  })
}

export const confirmOrderCommand = (runtime: Runtime, iccid: string, options: ConfirmOptions): Promise<number> => {
  const wanted = readIccid(iccid)
  return withAccess(runtime, options, access => confirm(runtime, access, wanted, options))
}

export const releaseOrderCommand = (runtime: Runtime, iccid: string, options: OrderOptions): Promise<number> => {
  const wanted = readIccid(iccid)
  return withAccess(runtime, options, async access => {
    await access.call(ES2p.ReleaseProfile, { iccid: wanted })
    if (options.json) printJson(runtime, { iccid: wanted.replace(/F$/, ''), released: true })
    createTerminal(runtime, options.json).line(`${wanted.replace(/F$/, '')} is released`)
    return 0
  })
}

export const cancelOrderCommand = (
  runtime: Runtime,
  iccid: string,
  options: OrderOptions & { readonly unavailable?: boolean },
): Promise<number> => {
  const wanted = readIccid(iccid)
  const finalProfileStatusIndicator = options.unavailable ? 'Unavailable' : 'Available'
  return withAccess(runtime, options, async access => {
    await access.call(ES2p.CancelOrder, { iccid: wanted, finalProfileStatusIndicator })
    if (options.json) printJson(runtime, { iccid: wanted.replace(/F$/, ''), state: finalProfileStatusIndicator })
    createTerminal(runtime, options.json).line(
      `the order of ${wanted.replace(/F$/, '')} is cancelled; it is ${finalProfileStatusIndicator}`,
    )
    return 0
  })
}

/** An order for people and machines: the hash of its confirmation code stays where it is. */
const viewOrder = ({ confirmationCodeHash, history, expiresAt, metadata: _metadata, ...order }: Order) => ({
  ...order,
  confirmationCodeRequired: confirmationCodeHash !== undefined,
  ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  history: history.map(({ at, ...row }) => ({ at: at.toISOString(), ...row })),
})

export const listOrdersCommand = async (
  runtime: Runtime,
  options: { readonly db?: string; readonly json?: boolean; readonly state?: string; readonly type?: string },
): Promise<number> => {
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
    if (orders.length === 0) terminal.line('no orders; esim-bench smdp stock list shows the stock')
    const rows = orders.map(({ iccid, profileType, state: now, matchingId, eid, history }) => [
      iccid,
      profileType,
      now,
      matchingId === undefined ? '-' : matchingId || '(default)',
      eid ?? '-',
      history.at(-1)!.at.toISOString().slice(0, 19),
    ])
    for (const line of showTable(['ICCID', 'type', 'state', 'matching id', 'EID', 'since'], rows)) terminal.line(line)
    return 0
  } finally {
    await store.close()
  }
}

export const showOrderCommand = async (
  runtime: Runtime,
  which: string,
  options: { readonly db?: string; readonly json?: boolean; readonly host?: string },
): Promise<number> => {
  const store = await openStoreAt(options.db, runtime, { mustExist: true })
  try {
    const order =
      (await store.findOrderByMatchingId(which)) ??
      (await store.findOrder(which.replace(/[\s-]/g, '').replace(/f$/i, '')))
    if (order === undefined)
      throw new BenchError('order-refused', `there is no order with ICCID or matching id ${JSON.stringify(which)}`)
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
