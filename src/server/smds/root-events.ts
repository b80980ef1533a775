import { ES15 } from '../../rsp/interfaces/es12.ts'
import { callServer } from '../rsp-server/server-call.ts'
import { createSmdsError } from './error.ts'
import type { Smds } from './settings.ts'
import type { EventRecord } from './store.ts'

export const withoutRoot = (): Error => createSmdsError('root-inaccessible', 'no root SM-DS is configured here')

/**
 * SGP.22 §5.10.1: the root learns that something waits for the EID here. The event keeps its id, so that the eUICC,
 * sent here by the root, finds it.
 */
export const registerAtRoot = async ({ root, address, store }: Smds, event: EventRecord): Promise<void> => {
  if (root === undefined) throw withoutRoot()
  const { eid, eventId } = event
  await store.synced()
  const outcome = await callServer(
    root,
    ES15.RegisterEvent,
    { eid, eventId, rspServerAddress: address, forwardingIndicator: false },
    { functionRequesterIdentifier: address, functionCallIdentifier: event.callIdentifier },
  )
  if ('unanswered' in outcome) throw createSmdsError('root-inaccessible')
  if ('refused' in outcome)
    throw createSmdsError('root-refused', `${outcome.refused.subjectCode}/${outcome.refused.reasonCode}`)
}

/** SGP.22 §5.10.2. An event that the root does not know any more needs no deletion. */
export const deleteAtRoot = async ({ root, address, store }: Smds, event: EventRecord): Promise<void> => {
  if (root === undefined) throw withoutRoot()
  const { eid, eventId } = event
  await store.synced()
  const outcome = await callServer(
    root,
    ES15.DeleteEvent,
    { eid, eventId },
    { functionRequesterIdentifier: address, functionCallIdentifier: `${event.callIdentifier}-delete` },
  )
  if ('unanswered' in outcome) throw createSmdsError('root-inaccessible')
  if ('done' in outcome) return
  const { subjectCode, reasonCode } = outcome.refused
  if (subjectCode === '8.9.5' && reasonCode === '3.9') return
  throw createSmdsError('root-refused', `${subjectCode}/${reasonCode}`)
}
