import { createSmdpError, SmdpError } from '../error.ts'
import { iccidText } from '../iccid.ts'
import { advance, type Order } from '../order.ts'
import type { Smdp } from '../settings.ts'
import { changeOrder } from './change-order.ts'
import { findAllowedOrder, isAllowed } from './operator-orders.ts'
import type { RepeatableAnswer } from './repeated-calls.ts'

/** SGP.22 §5.3.1: reserves a profile of the stock by ICCID or by profile type. */
export const createDownloadOrder =
  (smdp: Smdp): RepeatableAnswer<'DownloadOrder'> =>
  async ({ eid, iccid, profileType }, { requester, header, key }) => {
    const orderedBy = header!.functionCallIdentifier
    const answer = (order: Order) => ({ iccid: iccidText(order.iccid) })
    /** True if this call, sent before, already reserved the order (SGP.22 §5.2.1). */
    const isOrdered = (order: Order): boolean =>
      order.orderedBy === orderedBy &&
      order.requester === requester &&
      order.eid === eid &&
      (order.state === 'Allocated' || order.state === 'Linked')
    const reserve = (order: Order): Order => {
      if (isOrdered(order)) return order
      if (order.state !== 'Available') throw createSmdpError('iccid-unavailable', undefined, { about: order.iccid })
      if (!isAllowed(order, requester)) throw createSmdpError('iccid-not-allowed', undefined, { about: order.iccid })
      const state = eid === undefined ? 'Allocated' : 'Linked'
      return advance(order, state, 'DownloadOrder', smdp.clock(), { requester, eid, orderedBy })
    }
    if (iccid !== undefined) {
      const found = await findAllowedOrder(smdp.store, requester, iccid)
      if (profileType !== undefined && profileType !== found.profileType)
        throw createSmdpError('profile-type-mismatch', undefined, { about: profileType })
      return answer(await changeOrder(smdp.store, found.iccid, reserve, { key, answer }))
    }
    if (profileType === undefined) throw createSmdpError('iccid-or-type-missing')

    const ofType = await smdp.store.findOrdersOfType(profileType)
    if (ofType.length === 0) throw createSmdpError('profile-type-unknown', undefined, { about: profileType })
    if (!ofType.some(order => order.owner === undefined || order.owner === requester))
      throw createSmdpError('profile-type-not-allowed', undefined, { about: profileType })
    const ordered = ofType.find(isOrdered)
    if (ordered !== undefined) return answer(ordered)
    for (const { iccid, state, ...order } of ofType) {
      if (state !== 'Available' || !isAllowed({ iccid, state, ...order }, requester)) continue
      try {
        return answer(await changeOrder(smdp.store, iccid, reserve, { key, answer }))
      } catch (error) {
        // Another call reserved this profile. Try the next one.
        if (!(error instanceof SmdpError && error.code === 'iccid-unavailable')) throw error
      }
    }
    throw createSmdpError('profile-type-used-up', undefined, { about: profileType })
  }
