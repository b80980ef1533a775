import { ES12 } from '../../rsp/interfaces/es12.ts'
import { callServer } from '../rsp-server/server-call.ts'
import { createSmdpError } from './error.ts'
import type { Order } from './order.ts'
import type { Smdp } from './settings.ts'
import type { Progress, SmdpStore } from './store.ts'

/** An event that this server raised, or is about to raise, at an SM-DS. */
export interface OwnEvent {
  readonly smdsAddress: string
  readonly iccid: string
  readonly eid: string
  readonly eventId: string
}

/** A call that takes longer than this is given up by whoever made it, so the order does not come any more. */
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
 * SGP.22 §3.6.1: raises the event, and then lets `confirm` save the order that knows of it. The deletion is put down
 * first and struck out last: whatever happens in between, no event outlives its order, nor an order its event.
 */
export const raiseEvent = async (smdp: Smdp, event: OwnEvent, confirm: () => Promise<Order>): Promise<Order> => {
  const smds = smdp.smdsOf(event.smdsAddress)
  if (smds === undefined)
    throw createSmdpError('smds-inaccessible', 'it is not known here', { about: event.smdsAddress })
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
    // It may have been heard all the same, by the SM-DS or by its root.
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
    // The same order was confirmed alike by another call, with an event of its own.
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

/** The store, with deliveries started when an order has let go of its event. */
export const watchEvents = (store: SmdpStore, startDelivery: () => void): SmdpStore => {
  /** Orders whose deletions wait until they are saved: each for its own, whoever else is saved in between. */
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
