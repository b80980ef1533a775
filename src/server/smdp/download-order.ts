import type { ES2p } from '../../rsp/es2p.ts'
import type { Answers } from '../rsp-server/http-binding.ts'
import { changeOrder } from './change-order.ts'
import { refusal, SmdpError } from './error.ts'
import { iccidText } from './iccid.ts'
import { findOrderOf, isAllowed } from './operator-orders.ts'
import { advance, type Order } from './order.ts'
import type { Smdp } from './settings.ts'

/** SGP.22 §5.3.1: takes a profile out of the stock, by its ICCID or any of a type. */
export const createDownloadOrder =
  (smdp: Smdp): Answers<typeof ES2p>['DownloadOrder'] =>
  async ({ eid, iccid, profileType }, { requester, header }) => {
    const orderedBy = header!.functionCallIdentifier
    /** By this very call, whose answer was lost and perhaps never written down (SGP.22 §5.2.1). */
    const isOrdered = (order: Order): boolean =>
      order.orderedBy === orderedBy &&
      order.requester === requester &&
      order.eid === eid &&
      (order.state === 'Allocated' || order.state === 'Linked')
    const reserve = (order: Order): Order => {
      if (isOrdered(order)) return order
      if (order.state !== 'Available') throw refusal('iccid-unavailable', undefined, { about: order.iccid })
      if (!isAllowed(order, requester)) throw refusal('iccid-not-allowed', undefined, { about: order.iccid })
      const state = eid === undefined ? 'Allocated' : 'Linked'
      return advance(order, state, 'DownloadOrder', smdp.clock(), { requester, eid, orderedBy })
    }
    if (iccid !== undefined) {
      const found = await findOrderOf(smdp.store, requester, iccid)
      if (profileType !== undefined && profileType !== found.profileType)
        throw refusal('profile-type-mismatch', undefined, { about: profileType })
      const order = await changeOrder(smdp.store, found.iccid, reserve)
      return { iccid: iccidText(order.iccid) }
    }
    if (profileType === undefined) throw refusal('iccid-or-type-missing')

    const ofType = await smdp.store.findOrdersOfType(profileType)
    if (ofType.length === 0) throw refusal('profile-type-unknown', undefined, { about: profileType })
    if (!ofType.some(order => order.owner === undefined || order.owner === requester))
      throw refusal('profile-type-not-allowed', undefined, { about: profileType })
    const ordered = ofType.find(isOrdered)
    if (ordered !== undefined) return { iccid: iccidText(ordered.iccid) }
    for (const { iccid, state, ...order } of ofType) {
      if (state !== 'Available' || !isAllowed({ iccid, state, ...order }, requester)) continue
      try {
        await changeOrder(smdp.store, iccid, reserve)
        return { iccid: iccidText(iccid) }
      } catch (error) {
        // Another call was faster with this one: the next.
        if (!(error instanceof SmdpError && error.code === 'iccid-unavailable')) throw error
      }
    }
    throw refusal('profile-type-used-up', undefined, { about: profileType })
  }
