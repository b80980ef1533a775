import { createHash } from 'node:crypto'
import { equalBytes } from '../../../asn1/bytes.ts'
import { createSmdpError } from '../error.ts'
import { raiseEvent } from '../events.ts'
import { advance, type Order } from '../order.ts'
import type { Smdp } from '../settings.ts'
import { changeOrder } from './change-order.ts'
import { findAllowedOrder } from './operator-orders.ts'
import type { RepeatableAnswer } from './repeated-calls.ts'

/**
 * SGP.22 §5.3.2: sets matching id and confirmation code of the order, and releases it on request. With an SM-DS address
 * the event is registered first: an order without its event is not confirmed.
 */
export const createConfirmOrder =
  (smdp: Smdp): RepeatableAnswer<'ConfirmOrder'> =>
  async (request, { requester, key }) => {
    const found = await findAllowedOrder(smdp.store, requester, request.iccid)
    const matchingId = request.matchingId ?? makeId(smdp.random)
    const confirmed = (order: Order, eventId?: string): Order => confirm(smdp, order, request, matchingId, eventId)
    const answer = (order: Order) => ({
      eid: order.eid,
      matchingId: order.matchingId!,
      smdpAddress: smdp.address,
    })
    const save = (eventId?: string): Promise<Order> =>
      changeOrder(smdp.store, found.iccid, order => confirmed(order, eventId), { key, answer })

    const { smdsAddress } = request
    const next = confirmed(found)
    let order: Order
    if (smdsAddress === undefined || next === found) order = await save()
    else {
      const holder = matchingId === '' ? undefined : await smdp.store.findOrderByMatchingId(matchingId)
      if (holder !== undefined && holder.iccid !== found.iccid) throw createSmdpError('matching-id-taken')
      // Not the matching id: it may be assigned again before the event of its previous order is deleted.
      const eventId = makeId(smdp.random)
      const event = { smdsAddress, iccid: found.iccid, eid: next.eid!, eventId }
      order = await raiseEvent(smdp, event, () => save(eventId))
    }
    return answer(order)
  }

type ConfirmOrder = Parameters<RepeatableAnswer<'ConfirmOrder'>>[0]

/** Applies the request to the order. Returns the same order if nothing changes. */
const confirm = (
  smdp: Smdp,
  order: Order,
  { iccid, eid, matchingId, confirmationCode, smdsAddress, releaseFlag }: ConfirmOrder,
  given: string,
  eventId: string | undefined,
): Order => {
  if (order.eid !== undefined && eid !== undefined && order.eid !== eid)
    throw createSmdpError('eid-mismatch', undefined, { about: eid })
  const linked = eid ?? order.eid
  const state = releaseFlag ? 'Released' : 'Confirmed'
  const confirmationCodeHash = confirmationCode === undefined ? undefined : hashOf(confirmationCode)
  if (order.state === state && isSame(order, { matchingId, smdsAddress, confirmationCodeHash })) return order
  if (order.state !== 'Allocated' && order.state !== 'Linked')
    throw createSmdpError('iccid-unavailable', `the order is ${order.state}`, { about: iccid })
  if (linked === undefined && (smdsAddress !== undefined || matchingId === '')) throw createSmdpError('eid-missing')
  return advance(order, state, 'ConfirmOrder', smdp.clock(), {
    eid: linked,
    matchingId: given,
    confirmationCodeHash,
    smdsAddress,
    eventId,
  })
}

const hashOf = (confirmationCode: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(confirmationCode).digest())

/** True if another call already confirmed the order with the same values. */
const isSame = (
  order: Order,
  asked: {
    matchingId: string | undefined
    smdsAddress: string | undefined
    confirmationCodeHash?: Uint8Array | undefined
  },
): boolean =>
  (asked.matchingId === undefined || asked.matchingId === order.matchingId) &&
  asked.smdsAddress === order.smdsAddress &&
  (order.confirmationCodeHash === undefined
    ? asked.confirmationCodeHash === undefined
    : asked.confirmationCodeHash !== undefined && equalBytes(order.confirmationCodeHash, asked.confirmationCodeHash))

/** 32 characters without 0, 1, I and O, which are hard to distinguish. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

/** SGP.22 §4.1.1: letters, digits and hyphens. 20 characters of 5 bits have 100 bits of entropy. */
const makeId = (random: (length: number) => Uint8Array): string =>
  [...random(20)]
    .map(octet => ALPHABET[octet & 31])
    .join('')
    .replace(/(.{5})(?=.)/g, '$1-')
