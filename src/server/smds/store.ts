import type { OpenedTransaction } from '../rsp-server/transaction.ts'

/** Something that waits for an eUICC at a server: SGP.22 §3.6, the Event Record. */
export interface EventRecord {
  readonly eid: string
  /** One of its kind for its EID. */
  readonly eventId: string
  readonly rspServerAddress: string
  /** Who registered it, and may delete it. */
  readonly owner: string
  /** The call that registered it: made again, it is answered as before. */
  readonly callIdentifier: string
  readonly at: Date
  /** What the root SM-DS knows of it; 'not-asked': it need not. */
  readonly atRoot: 'not-asked' | 'to-register' | 'registered'
  /** Deleted by its owner, though not yet at the root: eUICCs are not told of it any more. */
  readonly isWithdrawn: boolean
  /** Counts the changes: a store saves and drops a record only over the revision that was read. */
  readonly revision: number
}

/** After InitiateAuthentication; AuthenticateClient ends it. */
export interface SmdsSession extends OpenedTransaction {
  readonly expiresAt: Date
}

/**
 * Where the server keeps what it must remember: every method is one atomic step, so that several servers can stand
 * on one database.
 */
export interface SmdsStore {
  /**
   * Resolves when all that was done so far outlives this machine; rejects when it was lost. Nobody is told of a change
   * before: neither who called, nor another server.
   */
  synced(): Promise<void>

  /** False when the EID has an event with this id. */
  addEvent(event: EventRecord): Promise<boolean>
  findEvent(eid: string, eventId: string): Promise<EventRecord | undefined>
  /** Withdrawn ones included, the oldest first. */
  listEvents(eid: string): Promise<readonly EventRecord[]>
  saveEvent(event: EventRecord): Promise<'saved' | 'stale'>
  /** False when it is gone, or not as it was read any more. */
  dropEvent(event: EventRecord): Promise<boolean>

  addSession(session: SmdsSession): Promise<void>
  findSession(transactionId: string): Promise<SmdsSession | undefined>
  /** False when it was gone already: of two calls one ends the session. */
  dropSession(transactionId: string): Promise<boolean>
  dropSessionsBefore(now: Date): Promise<void>
}
