import type { OpenedTransaction } from '../rsp-server/transaction.ts'

/** The Event Record (SGP.22 §3.6): directs an eUICC to a server. */
export interface EventRecord {
  readonly eid: string
  /** Unique for its EID. */
  readonly eventId: string
  readonly rspServerAddress: string
  /** The caller that registered the event and may delete it. */
  readonly owner: string
  /** The call that registered the event. A repeated call gets the same response. */
  readonly callIdentifier: string
  readonly at: Date
  /** The state at the root SM-DS. An event with 'not-asked' is not forwarded. */
  readonly atRoot: 'not-asked' | 'to-register' | 'registered'
  /** The owner deleted the event, but the root has not confirmed it. The SM-DS hides it from eUICCs. */
  readonly isWithdrawn: boolean
  /** Counts the changes. A store saves and drops a record only if its revision is unchanged. */
  readonly revision: number
}

/** After InitiateAuthentication; AuthenticateClient ends it. */
export interface SmdsSession extends OpenedTransaction {
  readonly expiresAt: Date
}

/**
 * The state of an SM-DS. Each method is atomic, so that several servers can share one database.
 */
export interface SmdsStore {
  /**
   * Resolves when all changes so far are durable; rejects if they were lost. The server sends no response and calls no
   * other server before that.
   */
  synced(): Promise<void>

  /** False if the EID already has an event with this id. */
  addEvent(event: EventRecord): Promise<boolean>
  findEvent(eid: string, eventId: string): Promise<EventRecord | undefined>
  /** Oldest first, withdrawn events included. */
  listEvents(eid: string): Promise<readonly EventRecord[]>
  saveEvent(event: EventRecord): Promise<'saved' | 'stale'>
  /** False if the event was deleted or changed since it was read. */
  dropEvent(event: EventRecord): Promise<boolean>

  addSession(session: SmdsSession): Promise<void>
  findSession(transactionId: string): Promise<SmdsSession | undefined>
  /** False if another call already ended the session. */
  dropSession(transactionId: string): Promise<boolean>
  dropSessionsBefore(now: Date): Promise<void>
}
