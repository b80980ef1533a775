import { createSmdpError, SmdpError } from '../error.ts'
import { eventDeletion } from '../events.ts'
import { needsEvent, type Order } from '../order.ts'
import type { SmdpStore } from '../store.ts'

/** A call of an operator, with the response for the changed order. */
export interface AnsweringCall {
  readonly key: string
  readonly answer: (order: Order) => unknown
}

/** A round fails only if another call changed the order. The limit protects against a defective store. */
const MAX_ROUNDS = 1000

/**
 * Reads the order (unless it is given), applies `edit` and saves it; repeats after a conflict. `edit` returns the same
 * order for no change, and throws to reject. With `call` the order and the response are saved together, once.
 *
 * If the order no longer needs its event at an SM-DS, the deletion is stored first, so that a crash does not lose it.
 */
export const changeOrder = async (
  store: SmdpStore,
  from: string | Order,
  edit: (order: Order) => Order,
  call?: AnsweringCall,
): Promise<Order> => {
  const iccid = typeof from === 'string' ? from : from.iccid
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const order = round === 0 && typeof from !== 'string' ? from : await store.findOrder(iccid)
    if (order === undefined) throw createSmdpError('iccid-unknown')
    const next = edit(order)
    if (next === order) return order
    const deletion = eventDeletion(order)
    if (deletion !== undefined && !needsEvent(next, order.eventId!)) await store.addProgress(deletion)
    const answered = call && { key: call.key, response: call.answer(next) }
    const outcome = await store.saveOrder(next, answered)
    if (outcome === 'saved') return { ...next, revision: order.revision + 1 }
    if (outcome === 'call-known') return order
    if (outcome === 'matching-id-taken') throw createSmdpError('matching-id-taken')
  }
  throw new SmdpError('order-contended', `other calls changed the order of ${iccid} ${MAX_ROUNDS} times in a row`)
}
