import { createSmdpError, SmdpError } from '../error.ts'
import { eventDeletion } from '../events.ts'
import { needsEvent, type Order } from '../order.ts'
import type { SmdpStore } from '../store.ts'

/** A call of an operator, and what it is answered when the order has become what it asked for. */
export interface AnsweringCall {
  readonly key: string
  readonly answer: (order: Order) => unknown
}

/** Each round that is lost another call has won; a store where nobody ever wins is not to hang the server. */
const MAX_ROUNDS = 1000

/**
 * Reads the order, unless it is given as it was just read, lets `edit` decide on it, and saves it; decides anew when
 * another call was faster. `edit` gives the order itself where nothing is to change, and throws to refuse.
 *
 * An event at an SM-DS that the order will need no more is put down for deletion before: it is deleted only when the
 * order has been saved, and not forgotten if this server is killed in between.
 *
 * With a call the order and its answer are saved together; a call that was answered meanwhile changes nothing.
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
  throw new SmdpError('order-contended', `the order of ${iccid} was changed by others ${MAX_ROUNDS} times in a row`)
}
