import { createHash } from 'node:crypto'
import { BenchError } from '../../host/error.ts'
import type { InventoryReading } from '../smdp/profile-types.ts'
import { makeCopy, randomNumbers, randomSecrets, type StockItem } from '../smdp/stock-copies.ts'
import type { PlannedOrder } from './inventory.ts'
import type { OrderEntry } from './inventory-file.ts'
import { readMetadata } from './metadata-entry.ts'

const hashOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest())

/** Reads entry `at` of `orders`. */
export const readOrder = (entry: OrderEntry, at: number, context: InventoryReading): PlannedOrder => {
  const { folder, placeOf } = context
  const place = placeOf('orders', at)
  const metadata = readMetadata(entry.metadata, folder.read)
  const needsMatchingId = entry.state !== 'Allocated' && entry.state !== 'Linked' && entry.state !== 'Unavailable'
  if (entry.matchingId === undefined && needsMatchingId && entry.eid === undefined)
    throw new BenchError(
      'inventory',
      `${place}: an order without matchingId is the default one of an EID: give eid, or a matchingId`,
    )
  if (entry.state === 'Linked' && entry.eid === undefined)
    throw new BenchError('inventory', `${place}: an order that is Linked is linked to an EID: give eid`)
  return {
    place,
    matchingId: entry.matchingId ?? (needsMatchingId ? '' : undefined),
    eventId: entry.eventId,
    eid: entry.eid,
    confirmationCodeHash: entry.confirmationCode === undefined ? undefined : hashOf(entry.confirmationCode),
    state: entry.state,
    reusable: entry.reusable,
    maxAttempts: entry.maxAttempts,
    expiresAt: entry.expires === undefined ? undefined : new Date(entry.expires),
    requester: entry.operator,
    metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
    profile: orderedProfile(entry, placeOf('orders', at, 'profile'), context),
  }
}

const orderedProfile = (
  entry: OrderEntry,
  place: string,
  { types, random }: InventoryReading,
): PlannedOrder['profile'] => {
  const { profile: name, iccid } = entry
  if (types.has(name) || !/[./\\]/.test(name)) {
    const { template, facts, defaults } = types.typeOf(name, place)
    return {
      type: name,
      spare() {
        const numbers = { ...randomNumbers(template, random), ...(iccid && { iccid }) }
        const values = randomSecrets(template, random, { ...defaults, ...numbers })
        return {
          ...facts,
          iccid: numbers.iccid,
          isRepeatable: false,
          make: () => makeCopy(template, values, {}, () => place),
        }
      },
    }
  }
  const item = types.asIs(name, undefined, {})
  if (iccid === undefined) return item
  const template = types.templateOf(name)
  return { ...item, iccid, make: () => makeCopy(template, { iccid }, { iccid }, () => place) }
}

/** Refuses what no store can accept: the same profile, or the same matching ID, twice. */
export const refuseRepeats = (path: string, stock: readonly StockItem[], orders: readonly PlannedOrder[]): void => {
  const iccids = new Set<string>()
  for (const { iccid } of stock) {
    if (iccids.has(iccid)) throw new BenchError('inventory', `${path}: the ICCID ${iccid} is in the stock twice`)
    iccids.add(iccid)
  }
  const ordered = new Map<string, string>()
  const matchingIds = new Map<string, string>()
  for (const { matchingId, profile, place } of orders) {
    if (matchingId) {
      const before = matchingIds.get(matchingId)
      if (before !== undefined)
        throw new BenchError('inventory', `${place}: the matching id ${matchingId} is that of ${before} already`)
      matchingIds.set(matchingId, place)
    }
    if (!('iccid' in profile)) continue
    const before = ordered.get(profile.iccid)
    if (before !== undefined)
      throw new BenchError(
        'inventory',
        `${place}: the profile with ICCID ${profile.iccid} is ordered in ${before} already; ` +
          'give this order an `iccid` of its own, or make the file a profile type',
      )
    ordered.set(profile.iccid, place)
  }
}
