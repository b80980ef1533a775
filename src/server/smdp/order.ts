import { SmdpError } from './error.ts'
import type { ProfileFacts } from './profile-facts.ts'

/** The states of a profile at the SM-DP+ (SGP.22 §3.1.6). */
export type OrderState =
  | 'Available' // in stock
  | 'Allocated' // reserved
  | 'Linked' // reserved for one EID
  | 'Confirmed' // with its matching id, and its confirmation code if there is one
  | 'Released' // ready to download
  | 'Downloaded' // a bound package was sent
  | 'Installed'
  | 'Error' // rejected, no attempts left, or installation failed
  | 'Unavailable' // out of use

export interface Transition {
  readonly at: Date
  readonly from: OrderState | undefined
  readonly to: OrderState
  /** The function that caused the transition, with its reason. */
  readonly cause: string
}

/** One profile of the stock with its state. The ICCID is digits without filler. */
export interface Order {
  readonly iccid: string
  readonly profileType: string
  /** The operator that owns the stock; undefined: all operators may order it. */
  readonly owner: string | undefined
  readonly state: OrderState
  readonly history: readonly Transition[]
  /** The operator that ordered the profile. */
  readonly requester?: string | undefined
  readonly eid?: string | undefined
  /** Empty: the default order of its EID, downloaded without a matching id (SGP.22 §3.3.2). */
  readonly matchingId?: string | undefined
  /** The id of the event at the SM-DS. An LPA that read the event sends it in place of the matching id. */
  readonly eventId?: string | undefined
  readonly smdsAddress?: string | undefined
  /** The functionCallIdentifier of DownloadOrder. A repeated call gets the same order. */
  readonly orderedBy?: string | undefined
  /** SHA-256 of the confirmation code; the code itself is not stored. */
  readonly confirmationCodeHash?: Uint8Array | undefined
  readonly confirmationFailures: number
  readonly downloadAttempts: number
  /** The maximum number of download attempts, in place of the limit of the server. */
  readonly maxAttempts?: number | undefined
  /** Released again after each download, so that a bench can use one activation code repeatedly. */
  readonly reusable?: boolean | undefined
  /** Metadata of this order that replace those of the profile. */
  readonly metadata?: Partial<ProfileFacts> | undefined
  readonly expiresAt?: Date | undefined
  /** The session that last received the bound package. */
  readonly transactionId?: string | undefined
  /** Counts the changes. A store saves an order only if its revision is unchanged. */
  readonly revision: number
}

const AFTER: Readonly<Record<OrderState, readonly OrderState[]>> = {
  Available: ['Allocated', 'Linked', 'Unavailable'],
  Allocated: ['Confirmed', 'Released', 'Available', 'Unavailable'],
  Linked: ['Confirmed', 'Released', 'Available', 'Unavailable'],
  Confirmed: ['Released', 'Available', 'Unavailable'],
  Released: ['Downloaded', 'Error', 'Available', 'Unavailable'],
  Downloaded: ['Installed', 'Error'],
  Installed: ['Released'],
  Error: ['Released', 'Available', 'Unavailable'],
  Unavailable: [],
}

/** A reusable order stores only its last transitions. */
const REUSABLE_HISTORY = 100

/** Returns `order` in its next state, with the transition in its history. Throws SmdpError `bad-transition`. */
export const advance = (order: Order, to: OrderState, cause: string, at: Date, change: Partial<Order> = {}): Order => {
  const isReleasedAgain = to === 'Released' && (order.state === 'Installed' || order.state === 'Error')
  if (!AFTER[order.state].includes(to) || (isReleasedAgain && order.reusable !== true))
    throw new SmdpError('bad-transition', `the order of ${order.iccid} cannot go from ${order.state} to ${to}`)
  const history = [...order.history, { at, from: order.state, to, cause }]
  return { ...order, ...change, state: to, history: order.reusable ? history.slice(-REUSABLE_HISTORY) : history }
}

/** Ends a download. A reusable order is released again; any other order stays in state `to`. */
export const endDownload = (order: Order, to: 'Installed' | 'Error', cause: string, at: Date): Order => {
  const ended = advance(order, to, cause, at)
  if (ended.reusable !== true) return ended
  return advance(ended, 'Released', 'reusable: released for the next download', at, {
    transactionId: undefined,
    // Only an installation resets the counters: the limits apply to failed attempts.
    ...(to === 'Installed' && { downloadAttempts: 0, confirmationFailures: 0 }),
  })
}

/** Creates the order of a profile in stock. */
export const newOrder = (iccid: string, profileType: string, owner: string | undefined, at: Date): Order => ({
  iccid,
  profileType,
  owner,
  state: 'Available',
  history: [{ at, from: undefined, to: 'Available', cause: 'added to the stock' }],
  confirmationFailures: 0,
  downloadAttempts: 0,
  revision: 0,
})

/** Resets all members of an order when its profile returns to the stock. */
export const CLEARED: Partial<Order> = {
  requester: undefined,
  eid: undefined,
  matchingId: undefined,
  eventId: undefined,
  smdsAddress: undefined,
  orderedBy: undefined,
  confirmationCodeHash: undefined,
  confirmationFailures: 0,
  downloadAttempts: 0,
  maxAttempts: undefined,
  reusable: undefined,
  metadata: undefined,
  expiresAt: undefined,
  transactionId: undefined,
}

/** True if the operation of a card with this EID concerns the order. A reusable order may have no EID. */
export const isFor = (order: Order, eid: string): boolean =>
  order.eid === eid || (order.reusable === true && order.eid === undefined)

/** Waiting to be downloaded, or downloaded and waiting for another try (SGP.22 §3.1.3, "retry"). */
export const isPending = (order: Order): boolean => order.state === 'Released' || order.state === 'Downloaded'

/** True if the order has ended and the ICCID may be added to the stock again. */
export const isOver = (order: Order): boolean =>
  order.state === 'Available' || order.state === 'Installed' || order.state === 'Error' || order.state === 'Unavailable'

/** True if the order still needs its event at the SM-DS. */
export const needsEvent = (order: Order, eventId: string): boolean => order.eventId === eventId && !isOver(order)
