import { equalBytes } from '../../asn1/bytes.ts'
import { checkStock } from '../../server/smdp/add-profile.ts'
import { changeOrder } from '../../server/smdp/es2p/change-order.ts'
import { advance, newOrder, type Order, type OrderState } from '../../server/smdp/order.ts'
import type { SmdpStore, StockProfile } from '../../server/smdp/store.ts'
import type { StockItem } from '../smdp/stock-copies.ts'
import type { Inventory, PlannedOrder } from './inventory.ts'

/** The result of applying a file to a store. Existing entries do not change; differences are reported as conflicts. */
export interface InventoryReport {
  readonly profilesAdded: number
  readonly profilesKept: number
  readonly ordersAdded: readonly Order[]
  readonly ordersKept: readonly Order[]
  readonly conflicts: readonly string[]
}

export interface ApplyContext {
  readonly store: SmdpStore
  readonly clock: () => Date
  /** The address of the server, for the metadata. */
  readonly address: string
  /** The SM-DS of this server, if it has one. Orders with an event id and an EID have an event there. */
  readonly smdsAddress?: string | undefined
  readonly onProgress?: (done: number, total: number) => void
}

/** The states that lead to each state (SGP.22, order state diagram). */
const WAY: Partial<Record<OrderState, readonly OrderState[]>> = {
  Confirmed: ['Confirmed'],
  Released: ['Confirmed', 'Released'],
  Downloaded: ['Confirmed', 'Released', 'Downloaded'],
  Installed: ['Confirmed', 'Released', 'Downloaded', 'Installed'],
  Error: ['Confirmed', 'Released', 'Error'],
}

const stockProfileOf = ({ iccid, profileType, metadata, memory, requires, make }: StockItem): StockProfile => {
  const bytes = make()
  const profile = { iccid, profileType, package: bytes, metadata, memory: memory ?? bytes.length }
  return requires === undefined ? profile : { ...profile, requires }
}

/** Adds a profile to the stock, or compares it with the profile that has its ICCID. */
export const addItem = async (
  { store, clock, address }: ApplyContext,
  item: StockItem,
): Promise<'added' | 'kept' | { readonly conflict: string }> => {
  const there = await store.findProfile(item.iccid)
  if (there === undefined) {
    const profile = stockProfileOf(item)
    checkStock(profile, address)
    const order = newOrder(item.iccid, item.profileType, item.owner, clock())
    return (await store.addProfile(profile, order)) ? 'added' : addItem({ store, clock, address }, item)
  }
  if (there.profileType !== item.profileType)
    return { conflict: `${item.iccid} is in stock as ${there.profileType}, not as ${item.profileType}` }
  if (item.isRepeatable && !equalBytes(there.package, item.make()))
    return { conflict: `${item.iccid} is in stock with another package` }
  return 'kept'
}

/** Adds the missing entries. Idempotent. */
export const applyInventory = async (context: ApplyContext, inventory: Inventory): Promise<InventoryReport> => {
  const { store, onProgress } = context
  const conflicts: string[] = []
  const ordersAdded: Order[] = []
  const ordersKept: Order[] = []
  let profilesAdded = 0
  let profilesKept = 0
  const take = async (item: StockItem): Promise<boolean> => {
    const outcome = await addItem(context, item)
    if (outcome === 'added') profilesAdded++
    else if (outcome === 'kept') profilesKept++
    else conflicts.push(outcome.conflict)
    return outcome === 'added' || outcome === 'kept'
  }
  for (const [index, item] of inventory.stock.entries()) {
    await take(item)
    onProgress?.(index + 1, inventory.stock.length)
  }
  for (const planned of inventory.orders) {
    const there = await findOrder(store, planned)
    if (there !== undefined) {
      const differs = differences(there, planned)
      if (differs.length === 0) ordersKept.push(there)
      else
        conflicts.push(`${planned.place}: the order of ${there.iccid} has another ${differs.join(', ')}; it was kept`)
      continue
    }
    if ('iccid' in planned.profile && !(await take(planned.profile))) continue
    const iccid = await iccidFor(context, planned, take)
    if (iccid === undefined) {
      conflicts.push(`${planned.place}: no profile of this type is left in the stock`)
      continue
    }
    const before = await store.findOrder(iccid)
    if (before?.state !== 'Available') {
      conflicts.push(`${planned.place}: the profile ${iccid} is ${before?.state}, under another order`)
      continue
    }
    ordersAdded.push(await place(context, planned, iccid))
  }
  return { profilesAdded, profilesKept, ordersAdded, ordersKept, conflicts }
}

/** The order that an entry created: found by matching ID, or as the default order of its EID. */
const findOrder = async (store: SmdpStore, planned: PlannedOrder): Promise<Order | undefined> => {
  const { matchingId, eid, profile } = planned
  if (matchingId) return store.findOrderByMatchingId(matchingId)
  if ('iccid' in profile) {
    const order = await store.findOrder(profile.iccid)
    return order === undefined || order.state === 'Available' ? undefined : order
  }
  const candidates = await store.findOrdersOfType(profile.type)
  return candidates.find(order => order.eid === eid && order.matchingId === matchingId && order.state !== 'Available')
}

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : equalBytes(a, b)

/** State and attempts of the order are not compared. */
const differences = (order: Order, planned: PlannedOrder): string[] => {
  const differs: [string, boolean][] = [
    ['eid', planned.eid !== undefined && order.eid !== planned.eid],
    ['event id', planned.eventId !== undefined && order.eventId !== planned.eventId],
    ['confirmation code', !isSame(order.confirmationCodeHash, planned.confirmationCodeHash)],
    ['reusable', (order.reusable ?? false) !== planned.reusable],
    ['maxAttempts', order.maxAttempts !== planned.maxAttempts],
    ['expires', order.expiresAt?.getTime() !== planned.expiresAt?.getTime()],
    [
      'profile',
      'iccid' in planned.profile ? order.iccid !== planned.profile.iccid : order.profileType !== planned.profile.type,
    ],
  ]
  return differs.filter(([, is]) => is).map(([name]) => name)
}

const iccidFor = async (
  { store }: ApplyContext,
  { profile }: PlannedOrder,
  take: (item: StockItem) => Promise<boolean>,
): Promise<string | undefined> => {
  if ('iccid' in profile) return profile.iccid
  const available = (await store.findOrdersOfType(profile.type)).find(order => order.state === 'Available')
  if (available !== undefined) return available.iccid
  const spare = profile.spare?.()
  return spare !== undefined && (await take(spare)) ? spare.iccid : undefined
}

/** Moves the order of a profile to its state. Each transition becomes a row of the history. */
const place = ({ store, clock, smdsAddress }: ApplyContext, planned: PlannedOrder, iccid: string): Promise<Order> =>
  changeOrder(store, iccid, order => {
    const at = clock()
    const cause = 'inventory'
    const { matchingId, eventId, eid, confirmationCodeHash, reusable, maxAttempts, expiresAt, requester, metadata } =
      planned
    const facts: Partial<Order> = {
      eid,
      matchingId,
      eventId,
      ...(eventId !== undefined && eid !== undefined && { smdsAddress }),
      confirmationCodeHash,
      reusable,
      maxAttempts,
      expiresAt,
      requester,
      metadata,
    }
    const first = planned.state === 'Unavailable' ? 'Unavailable' : eid === undefined ? 'Allocated' : 'Linked'
    const given = advance(order, first, cause, at, facts)
    return (WAY[planned.state] ?? []).reduce((step, next) => advance(step, next, cause, at), given)
  })
