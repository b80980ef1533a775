import { ES15 } from '../../rsp/interfaces/es12.ts'
import { callServer } from '../rsp-server/server-call.ts'
import { createSmdsError } from './error.ts'
import type { Smds } from './settings.ts'
import type { EventRecord } from './store.ts'

export const withoutRoot = (): Error => createSmdsError('root-inaccessible', 'this SM-DS has no configured root')

/**
 * SGP.22 §5.10.1: registers the event at the root with the address of this SM-DS. The id is the same at both, so that
 * an eUICC that the root directs to this SM-DS finds the event.
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

/** SGP.22 §5.10.2: deletes the event at the root. The answer 8.9.5/3.9 (unknown event) counts as success. */
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
