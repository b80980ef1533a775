import { createSmdpError } from '../error.ts'
import { checkDigit, iccidDigits } from '../iccid.ts'
import type { Order } from '../order.ts'
import type { SmdpStore } from '../store.ts'

/** Finds the order by the ICCID of an operator, with or without check digit (SGP.22 §5.3.1). Throws SmdpError. */
export const findAllowedOrder = async (store: SmdpStore, requester: string, iccid: string): Promise<Order> => {
  const digits = iccidDigits(iccid)
  const order = (await store.findOrder(digits)) ?? (await store.findOrder(digits + checkDigit(digits)))
  if (order === undefined) throw createSmdpError('iccid-unknown', undefined, { about: iccid })
  if (!isAllowed(order, requester)) throw createSmdpError('iccid-not-allowed', undefined, { about: iccid })
  return order
}

/** All operators may use stock without an owner. An ordered profile belongs to its operator. */
export const isAllowed = (order: Order, requester: string): boolean =>
  (order.owner === undefined || order.owner === requester) &&
  (order.requester === undefined || order.requester === requester)
