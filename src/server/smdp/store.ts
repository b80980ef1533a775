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
  /** Bytes of non-volatile memory that the card must have free. */
  readonly memory: number
  readonly requires?: ProfileRequirements | undefined
}

interface Started {
  /** Upper-case hexadecimal. */
  readonly transactionId: string
  readonly expiresAt: Date
  /** CI public key ids in hexadecimal: of this server's certificates, and of the card's chain. */
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
  /** As it stood when the card was authenticated: an order that was cancelled and given anew is another one. */
  readonly matchingId: string
  readonly eid: string
  readonly euiccCertificate: Uint8Array
  readonly smdpSignature2: Uint8Array
  /**
   * The confirmation code that was refused last, as the card hashed it for this transaction (empty: none came). The
   * session waits for another one, and the LPA's giving up is no opinion of the end user.
   */
  readonly refusedHashCc?: Uint8Array | undefined
}
export type SmdpSession = InitiatedSession | AuthenticatedSession

/** A bound package that was handed out. The profile in it is encrypted for one card; the one-time secret is gone. */
export interface BoundCopy {
  readonly iccid: string
  readonly transactionId: string
  readonly eid: string
  readonly curve: CurveName
  readonly euiccOtpk: Uint8Array
  readonly package: Uint8Array
}

/** Who was handed what: by it a ProfileInstallationResult, which carries no certificate, is verified after the session. */
export interface Delivery {
  readonly transactionId: string
  readonly iccid: string
  readonly eid: string
  readonly euiccCertificate: Uint8Array
  readonly at: Date
}

/** A notification whose signature was verified. */
export interface StoredNotification {
  /** SHA-256 of its bytes in hexadecimal: the same one sent twice is one. */
  readonly digest: string
  readonly at: Date
  readonly eid: string
  readonly iccid: string | undefined
  readonly operation: string
  readonly seqNumber: number
  /** False: no order of this server is about this ICCID and EID. */
  readonly matched: boolean
  readonly bytes: Uint8Array
}

/** What another server is to be told, until it has been. */
export interface Progress {
  readonly id: string
  /** Who is to be told: an operator, or an SM-DS by its address. What one is told, it is told in order. */
  readonly requester: string
  readonly request: ProgressRequest
  /** Since when it waits. A deletion has no age: it is done, or its order still needs the event. */
  readonly at?: Date | undefined
}
type MessageOfRow<K extends keyof typeof ES2p> = ReturnType<(typeof ES2p)[K]['request']['fromJson']>
export type ProgressRequest =
  | { readonly name: 'HandleDownloadProgressInfo'; readonly message: MessageOfRow<'HandleDownloadProgressInfo'> }
  | { readonly name: 'HandleNotification'; readonly message: MessageOfRow<'HandleNotification'> }
  | EventDeletion
/** An event at an SM-DS is to go as soon as its order does not need it any more. */
export interface EventDeletion {
  readonly name: 'DeleteEvent'
  readonly message: ReturnType<(typeof ES12)['DeleteEvent']['request']['fromJson']>
  readonly iccid: string
  /** While the order is being confirmed it does not know its event yet. */
  readonly notBefore: Date
}

/** What an operator was answered, to be answered again when it repeats its call. */
export interface AnsweredCall {
  readonly key: string
  readonly response: unknown
}

export type SaveOutcome = 'saved' | 'stale'

/** What would grow for ever, and is therefore kept within limits. */
export const KEPT_KINDS = ['notifications', 'unmatched notifications', 'deliveries', 'reports'] as const
export type KeptKind = (typeof KEPT_KINDS)[number]

/** How much there is, what waits for whom, and what went because nobody came for it. */
export interface StoreFigures {
  readonly kept: Readonly<Record<KeptKind, number>>
  readonly waiting: readonly { readonly requester: string; readonly count: number; readonly since: Date }[]
  readonly dropped: readonly {
    readonly kind: KeptKind
    /** Of reports: for whom they were. */
    readonly requester: string | undefined
    readonly count: number
    /** When that happened last. */
    readonly at: Date
  }[]
}

/**
 * Where the server keeps what it must remember: every method is one atomic step, so that several servers can stand
 * on one database. `saveOrder` and `saveSession` succeed only over the revision that was read, and count it up.
 */
export interface SmdpStore {
  /**
   * Resolves when all that was done so far outlives this machine; rejects when it was lost. Nobody is told of a change
   * before: neither who called, nor another server.
   */
  synced(): Promise<void>

  /**
   * A profile and its order; replaces those of the same ICCID when `over` is given and still current. False: it is not,
   * or another order has the matching id.
   */
  addProfile(profile: StockProfile, order: Order, over?: Order): Promise<boolean>
  findProfile(iccid: string): Promise<StockProfile | undefined>
  findOrder(iccid: string): Promise<Order | undefined>
  findOrderByMatchingId(matchingId: string): Promise<Order | undefined>
  findOrderByEventId(eventId: string): Promise<Order | undefined>
  /** Orders of this EID with an empty matching id, the oldest first. */
  findDefaultOrders(eid: string): Promise<readonly Order[]>
  /** Orders of a profile type: all of them, to choose an available one from. */
  findOrdersOfType(profileType: string): Promise<readonly Order[]>
  listOrders(): Promise<readonly Order[]>
  /**
   * `matching-id-taken`: another order has it. With `call` its answer is kept in the same step, unless the call has one
   * already (`call-known`): then nothing is saved.
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

  /** False when it was known already. */
  addNotification(notification: StoredNotification): Promise<boolean>
  /** By its digest. */
  hasNotification(digest: string): Promise<boolean>
  listNotifications(): Promise<readonly StoredNotification[]>

  /** One with an id that is known already takes its place, or is left out. */
  addProgress(progress: Progress): Promise<void>
  /** In the order in which they were added. */
  listProgress(): Promise<readonly Progress[]>
  /** Whoever is to be told something. */
  listRequesters(): Promise<readonly string[]>
  /** The oldest of what one is to be told, `limit` at most, behind the first `skip`. */
  listProgressOf(requester: string, skip: number, limit: number): Promise<readonly Progress[]>
  dropProgress(id: string): Promise<void>

  /** The answer that was given to this function call before, if it was. */
  findCall(key: string): Promise<unknown>
  addCall(key: string, response: unknown): Promise<void>

  /** Drops what is older than `before`, and the oldest beyond `count`; counts it, and says how much it was. */
  dropOld(kind: KeptKind, limit: { readonly before: Date; readonly count: number }, now: Date): Promise<number>
  readFigures(): Promise<StoreFigures>
}
