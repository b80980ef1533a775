import { ES12 } from '../../rsp/interfaces/es12.ts'
import { callServer } from '../rsp-server/server-call.ts'
import { createSmdpError } from './error.ts'
import type { Order } from './order.ts'
import type { Smdp } from './settings.ts'
import type { Progress, SmdpStore } from './store.ts'

/** An event that this server registers at an SM-DS. */
export interface OwnEvent {
  readonly smdsAddress: string
  readonly iccid: string
  readonly eid: string
  readonly eventId: string
}

/** The caller abandons a longer ConfirmOrder, so the order is not saved after this time. */
const CONFIRMATION_MS = 5 * 60_000

const deletionOf = ({ smdsAddress, iccid, eid, eventId }: OwnEvent, notBefore: Date): Progress => ({
  id: `delete ${eventId}`,
  requester: smdsAddress,
  request: { name: 'DeleteEvent', iccid, notBefore, message: { eid, eventId } },
})

/** The deletion of the event of an order, if it has one. */
export const eventDeletion = ({ iccid, eid, eventId, smdsAddress }: Order): Progress | undefined =>
  eid === undefined || eventId === undefined || smdsAddress === undefined
    ? undefined
    : deletionOf({ iccid, eid, eventId, smdsAddress }, new Date(0))

/**
 * SGP.22 §3.6.1: registers the event, then saves the order with `confirm`. The deletion of the event is stored first and
 * removed last, so that a crash leaves no event without an order.
 */
export const raiseEvent = async (smdp: Smdp, event: OwnEvent, confirm: () => Promise<Order>): Promise<Order> => {
  const smds = smdp.smdsOf(event.smdsAddress)
  if (smds === undefined)
    throw createSmdpError('smds-inaccessible', 'its address is not configured', { about: event.smdsAddress })
  const guard = deletionOf(event, new Date(smdp.clock().getTime() + CONFIRMATION_MS))
  await smdp.store.addProgress(guard)
  await smdp.store.synced()
  const { eid, eventId, smdsAddress } = event
  const outcome = await callServer(
    smds,
    ES12.RegisterEvent,
    { eid, eventId, rspServerAddress: smdp.address, forwardingIndicator: smds.forward ?? true },
    { functionRequesterIdentifier: smdp.address, functionCallIdentifier: `register ${eventId}` },
  )
  const refused = 'refused' in outcome ? outcome.refused : undefined
  if ('unanswered' in outcome || (refused?.subjectCode === '8.9' && refused.reasonCode === '5.1')) {
    // The SM-DS or its root may have registered the event.
    await deleteSoon(smdp, event)
    throw createSmdpError('smds-inaccessible', refused?.message, { about: smdsAddress })
  }
  if (refused !== undefined) {
    await smdp.store.dropProgress(guard.id)
    const { subjectCode, reasonCode, message = '' } = refused
    throw createSmdpError('smds-refused', `${subjectCode}/${reasonCode} ${message}`.trim(), { about: smdsAddress })
  }
  try {
    const order = await confirm()
    if (order.eventId === eventId) await smdp.store.dropProgress(guard.id)
    // Another call confirmed the same order with its own event.
    else await deleteSoon(smdp, event)
    return order
  } catch (error) {
    await deleteSoon(smdp, event)
    throw error
  }
}

const deleteSoon = async (smdp: Smdp, event: OwnEvent): Promise<void> => {
  const deletion = deletionOf(event, smdp.clock())
  await smdp.store.dropProgress(deletion.id)
  await smdp.store.addProgress(deletion)
  smdp.startDelivery()
}

/** Wraps the store: starts the deliveries after an order was saved that no longer needs its event. */
export const watchEvents = (store: SmdpStore, startDelivery: () => void): SmdpStore => {
  /** ICCIDs of orders with a stored deletion that are not saved yet. */
  const waiting = new Set<string>()
  const watched: Partial<SmdpStore> = {
    async addProgress(progress) {
      await store.addProgress(progress)
      if (progress.request.name === 'DeleteEvent') waiting.add(progress.request.iccid)
    },
    async saveOrder(order, call) {
      const outcome = await store.saveOrder(order, call)
      if (outcome === 'saved' && waiting.delete(order.iccid)) startDelivery()
      return outcome
    },
    async addProfile(profile, order, over) {
      const deletion = over && eventDeletion(over)
      if (deletion !== undefined) await store.addProgress(deletion)
      const isAdded = await store.addProfile(profile, order, over)
      if (deletion !== undefined) startDelivery()
      return isAdded
    },
  }
  return Object.assign(Object.create(store) as SmdpStore, watched)
}
