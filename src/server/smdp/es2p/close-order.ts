import { createSmdpError } from '../error.ts'
import { advance, CLEARED, type Order } from '../order.ts'
import type { Smdp } from '../settings.ts'
import { changeOrder } from './change-order.ts'
import { findAllowedOrder } from './operator-orders.ts'
import type { RepeatableAnswer } from './repeated-calls.ts'

/** SGP.22 §5.3.4: releases the profile for download. */
export const createReleaseProfile =
  (smdp: Smdp): RepeatableAnswer<'ReleaseProfile'> =>
  async ({ iccid }, { requester, key }) => {
    const found = await findAllowedOrder(smdp.store, requester, iccid)
    const release = (order: Order): Order => {
      if (order.state === 'Released') return order
      if (order.state !== 'Confirmed')
        throw createSmdpError('release-impossible', `it is ${order.state}`, { about: iccid })
      return advance(order, 'Released', 'ReleaseProfile', smdp.clock())
    }
    await changeOrder(smdp.store, found.iccid, release, { key, answer: () => ({}) })
    return {}
  }

/** SGP.22 §5.3.3: cancels the order. The profile returns to the stock or becomes unavailable. */
export const createCancelOrder =
  (smdp: Smdp): RepeatableAnswer<'CancelOrder'> =>
  async ({ iccid, eid, matchingId, finalProfileStatusIndicator }, { requester, key }) => {
    const final = finalProfileStatusIndicator as 'Available' | 'Unavailable'
    const found = await findAllowedOrder(smdp.store, requester, iccid)
    const cancel = (order: Order): Order => {
      if (order.state === final) return order
      if (eid !== undefined && order.eid !== undefined && eid !== order.eid)
        throw createSmdpError('cancelled-eid-mismatch', undefined, { about: eid })
      if (matchingId !== undefined && order.matchingId !== undefined && matchingId !== order.matchingId)
        throw createSmdpError('matching-id-mismatch', undefined, { about: matchingId })
      if (order.state === 'Downloaded' || order.state === 'Installed' || order.state === 'Unavailable')
        throw createSmdpError('iccid-unavailable', `it is ${order.state}`, { about: iccid })
      return advance(order, final, 'CancelOrder', smdp.clock(), CLEARED)
    }
    await changeOrder(smdp.store, found.iccid, cancel, { key, answer: () => ({}) })
    await smdp.store.dropBoundCopy(found.iccid)
    return {}
  }
