import type { CurveName } from '../../rsp/crypto/curve.ts'
import type { ES2p } from '../../rsp/interfaces/es2p.ts'
import type { ES12 } from '../../rsp/interfaces/es12.ts'
import type { ProfileRequirements } from './es9p/profile-requirements.ts'
import type { Order } from './order.ts'
import type { ProfileFacts } from './profile-facts.ts'

/** An unprotected profile package in stock. The package holds the subscriber's keys: it is never logged. */
export interface StockProfile {
  readonly iccid: string
  readonly profileType: string
  readonly package: Uint8Array
  readonly metadata: ProfileFacts
  /** Free non-volatile memory that the card needs, in bytes. */
  readonly memory: number
  readonly requires?: ProfileRequirements | undefined
}

interface Started {
  /** Upper-case hexadecimal. */
  readonly transactionId: string
  readonly expiresAt: Date
  /** CI public key ids in hexadecimal, of the server certificates and of the card's chain. */
  readonly serverCi: string
  readonly euiccCi: string
  readonly revision: number
}
/** After InitiateAuthentication. */
export interface InitiatedSession extends Started {
  readonly stage: 'initiated'
  readonly serverChallenge: Uint8Array
}
/** After AuthenticateClient, and after GetBoundProfilePackage. */
export interface AuthenticatedSession extends Started {
  readonly stage: 'authenticated' | 'bound'
  readonly iccid: string
  /** The matching id at the authentication. It differs if the order was canceled and confirmed again. */
  readonly matchingId: string
  readonly eid: string
  readonly euiccCertificate: Uint8Array
  readonly smdpSignature2: Uint8Array
  /**
   * The last rejected confirmation code, as the card hashed it for this transaction; empty if it was missing. A canceled
   * session with a rejected code does not end the order.
   */
  readonly refusedHashCc?: Uint8Array | undefined
}
export type SmdpSession = InitiatedSession | AuthenticatedSession

/** A bound package that was sent. It is encrypted for one card; the one-time private key is deleted. */
export interface BoundCopy {
  readonly iccid: string
  readonly transactionId: string
  readonly eid: string
  readonly curve: CurveName
  readonly euiccOtpk: Uint8Array
  readonly package: Uint8Array
}

/** A sent package with its card. It verifies a ProfileInstallationResult, which contains no certificate. */
export interface Delivery {
  readonly transactionId: string
  readonly iccid: string
  readonly eid: string
  readonly euiccCertificate: Uint8Array
  readonly at: Date
}

/** A notification whose signature was verified. */
export interface StoredNotification {
  /** SHA-256 of its bytes in hexadecimal. It identifies a repeated notification. */
  readonly digest: string
  readonly at: Date
  readonly eid: string
  readonly iccid: string | undefined
  readonly operation: string
  readonly seqNumber: number
  /** False if this server has no order for this ICCID and EID. */
  readonly matched: boolean
  readonly bytes: Uint8Array
}

/** A pending report to another server. */
export interface Progress {
  readonly id: string
  /** The recipient: an operator, or an SM-DS by its address. A recipient gets its reports in order. */
  readonly requester: string
  readonly request: ProgressRequest
  /** The time of creation. A deletion has none, because the retention limits do not apply to it. */
  readonly at?: Date | undefined
}
type MessageOfRow<K extends keyof typeof ES2p> = ReturnType<(typeof ES2p)[K]['request']['fromJson']>
export type ProgressRequest =
  | { readonly name: 'HandleDownloadProgressInfo'; readonly message: MessageOfRow<'HandleDownloadProgressInfo'> }
  | { readonly name: 'HandleNotification'; readonly message: MessageOfRow<'HandleNotification'> }
  | EventDeletion
/** Deletes an event at an SM-DS as soon as its order no longer needs it. */
export interface EventDeletion {
  readonly name: 'DeleteEvent'
  readonly message: ReturnType<(typeof ES12)['DeleteEvent']['request']['fromJson']>
  readonly iccid: string
  /** The order stores its event id only at the end of ConfirmOrder. */
  readonly notBefore: Date
}

/** A stored response for repetitions of an operator's call. */
export interface AnsweredCall {
  readonly key: string
  readonly response: unknown
}

export type SaveOutcome = 'saved' | 'stale'

/** The kinds of entries to which the retention limits apply. */
export const KEPT_KINDS = ['notifications', 'unmatched notifications', 'deliveries', 'reports'] as const
export type KeptKind = (typeof KEPT_KINDS)[number]

/** Numbers of stored entries, pending reports by recipient, and dropped entries. */
export interface StoreFigures {
  readonly kept: Readonly<Record<KeptKind, number>>
  readonly waiting: readonly { readonly requester: string; readonly count: number; readonly since: Date }[]
  readonly dropped: readonly {
    readonly kind: KeptKind
    /** The recipient of dropped reports. */
    readonly requester: string | undefined
    readonly count: number
    /** The time of the last drop. */
    readonly at: Date
  }[]
}

/**
 * The state of an SM-DP+. Each method is atomic, so that several servers can share one database. `saveOrder` and
 * `saveSession` succeed only if the revision is unchanged, and increment it.
 */
export interface SmdpStore {
  /**
   * Resolves when all changes so far are durable; rejects if they were lost. The server sends no response and calls no
   * other server before that.
   */
  synced(): Promise<void>

  /**
   * Adds a profile and its order. Replaces those of the same ICCID if `over` is given and unchanged. False after a
   * conflict, or if another order has the matching id.
   */
  addProfile(profile: StockProfile, order: Order, over?: Order): Promise<boolean>
  findProfile(iccid: string): Promise<StockProfile | undefined>
  findOrder(iccid: string): Promise<Order | undefined>
  findOrderByMatchingId(matchingId: string): Promise<Order | undefined>
  findOrderByEventId(eventId: string): Promise<Order | undefined>
  /** Orders of this EID with an empty matching id, oldest first. */
  findDefaultOrders(eid: string): Promise<readonly Order[]>
  /** All orders of a profile type, in any state. */
  findOrdersOfType(profileType: string): Promise<readonly Order[]>
  listOrders(): Promise<readonly Order[]>
  /**
   * `matching-id-taken`: another order has the matching id. With `call` the response is stored in the same step.
   * `call-known`: the call already has a response, and nothing is saved.
   */
  saveOrder(order: Order, call?: AnsweredCall): Promise<SaveOutcome | 'matching-id-taken' | 'call-known'>

  addSession(session: SmdpSession): Promise<void>
  findSession(transactionId: string): Promise<SmdpSession | undefined>
  saveSession(session: SmdpSession): Promise<SaveOutcome>
  dropSession(transactionId: string): Promise<void>
  dropSessionsBefore(now: Date): Promise<void>

  putBoundCopy(copy: BoundCopy): Promise<void>
  findBoundCopy(iccid: string): Promise<BoundCopy | undefined>
  dropBoundCopy(iccid: string): Promise<void>

  addDelivery(delivery: Delivery): Promise<void>
  findDelivery(transactionId: string): Promise<Delivery | undefined>

  /** False if the notification is already stored. */
  addNotification(notification: StoredNotification): Promise<boolean>
  /** By its digest. */
  hasNotification(digest: string): Promise<boolean>
  listNotifications(): Promise<readonly StoredNotification[]>

  /** A report with a stored id replaces the stored one or is ignored. */
  addProgress(progress: Progress): Promise<void>
  /** Oldest first. */
  listProgress(): Promise<readonly Progress[]>
  /** The recipients of pending reports. */
  listRequesters(): Promise<readonly string[]>
  /** Pending reports of a recipient, oldest first: at most `limit`, after the first `skip`. */
  listProgressOf(requester: string, skip: number, limit: number): Promise<readonly Progress[]>
  dropProgress(id: string): Promise<void>

  /** The stored response of this call. */
  findCall(key: string): Promise<unknown>
  addCall(key: string, response: unknown): Promise<void>

  /** Drops entries older than `before` and the oldest beyond `count`. Adds to the figures and returns the number. */
  dropOld(kind: KeptKind, limit: { readonly before: Date; readonly count: number }, now: Date): Promise<number>
  readFigures(): Promise<StoreFigures>
}
