import { createHash } from 'node:crypto'
import { equalBytes } from '../../asn1/bytes.ts'
import type { ES2p } from '../../rsp/es2p.ts'
import type { Answers } from '../rsp-server/http-binding.ts'
import { changeOrder } from './change-order.ts'
import { refusal } from './error.ts'
import { findOrderOf } from './operator-orders.ts'
import { advance, type Order } from './order.ts'
import type { Smdp } from './settings.ts'

/** SGP.22 §5.3.2: gives the order its matching id and confirmation code, and releases it if asked to. */
export const createConfirmOrder =
  (smdp: Smdp): Answers<typeof ES2p>['ConfirmOrder'] =>
  async ({ iccid, eid, matchingId, confirmationCode, smdsAddress, releaseFlag }, { requester }) => {
    const found = await findOrderOf(smdp.store, requester, iccid)
    const confirmationCodeHash =
      confirmationCode === undefined
        ? undefined
        : new Uint8Array(createHash('sha256').update(confirmationCode).digest())
    const made = matchingId ?? makeMatchingId(smdp.random)
    const state = releaseFlag ? 'Released' : 'Confirmed'

    const order = await changeOrder(smdp.store, found.iccid, order => {
      if (order.eid !== undefined && eid !== undefined && order.eid !== eid)
        throw refusal('eid-mismatch', undefined, { about: eid })
      const linked = eid ?? order.eid
      if (linked === undefined && (smdsAddress !== undefined || matchingId === '')) throw refusal('eid-missing')
      // No SM-DS is served here yet: an event that cannot be raised must not be promised.
      if (smdsAddress !== undefined) throw refusal('smds-inaccessible', undefined, { about: smdsAddress })
      if (order.state === state && isSame(order, matchingId, confirmationCodeHash)) return order
      if (order.state !== 'Allocated' && order.state !== 'Linked')
        throw refusal('iccid-unavailable', `the order is ${order.state}`, { about: iccid })
      return advance(order, state, 'ConfirmOrder', smdp.clock(), {
        eid: linked,
        matchingId: made,
        confirmationCodeHash,
      })
    })
    return { eid: order.eid, matchingId: order.matchingId!, smdpAddress: smdp.address }
  }

/** The same order confirmed again, in another call: it is confirmed. */
const isSame = (order: Order, matchingId: string | undefined, codeHash: Uint8Array | undefined): boolean =>
  (matchingId === undefined || matchingId === order.matchingId) &&
  (order.confirmationCodeHash === undefined
    ? codeHash === undefined
    : codeHash !== undefined && equalBytes(order.confirmationCodeHash, codeHash))

/** Thirty-two characters that are not mistaken for one another. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'

/** SGP.22 §4.1.1: letters, digits and hyphens. Twenty characters of five bits: not to be guessed. */
const makeMatchingId = (random: (length: number) => Uint8Array): string =>
  [...random(20)]
    .map(octet => ALPHABET[octet & 31])
    .join('')
    .replace(/(.{5})(?=.)/g, '$1-')
