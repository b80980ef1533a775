import { refusal } from './error.ts'
import type { Order } from './order.ts'
import type { SmdpStore } from './store.ts'

/**
 * Reads the order, lets `edit` decide on it, and saves it; decides anew when another call was faster. `edit` gives
 * the order itself where nothing is to change, and throws to refuse.
 */
export const changeOrder = async (store: SmdpStore, iccid: string, edit: (order: Order) => Order): Promise<Order> => {
  for (;;) {
    const order = await store.findOrder(iccid)
    if (order === undefined) throw refusal('iccid-unknown')
    const next = edit(order)
    if (next === order) return order
    const outcome = await store.saveOrder(next)
    if (outcome === 'saved') return next
    if (outcome === 'matching-id-taken') throw refusal('matching-id-taken')
  }
}
