import { SmdpError } from './error.ts'
import type { ProfileFacts } from './profile-facts.ts'

/** SGP.22 §3.1.6, the life of a profile at the SM-DP+. */
export type OrderState =
  | 'Available' // in stock
  | 'Allocated' // reserved
  | 'Linked' // reserved for one EID
  | 'Confirmed' // with its matching id, and its confirmation code if there is one
  | 'Released' // ready to download
  | 'Downloaded' // a bound package was handed out
  | 'Installed'
  | 'Error' // will not be installed: refused, retries used up, installation failed
  | 'Unavailable' // not to be used again

export interface Transition {
  readonly at: Date
  readonly from: OrderState | undefined
  readonly to: OrderState
  /** The function that did it, and what it gave as reason. */
  readonly cause: string
}

/** One profile of the stock and where it stands. The ICCID is digits, without filler. */
export interface Order {
  readonly iccid: string
  readonly profileType: string
  /** Whose stock it is; undefined: whoever asks first. */
  readonly owner: string | undefined
  readonly state: OrderState
  readonly history: readonly Transition[]
  /** Who ordered it. */
  readonly requester?: string | undefined
  readonly eid?: string | undefined
  /** Empty: the default order of its EID, downloaded without a matching id (SGP.22 §3.3.2). */
  readonly matchingId?: string | undefined
  /** Under which it stands at an SM-DS: the LPA that found it there comes with this in place of the matching id. */
  readonly eventId?: string | undefined
  readonly smdsAddress?: string | undefined
  /** The functionCallIdentifier of the DownloadOrder: the same call made again is the same order. */
  readonly orderedBy?: string | undefined
  /** SHA-256 of the confirmation code; the code itself is not kept. */
  readonly confirmationCodeHash?: Uint8Array | undefined
  readonly confirmationFailures: number
  readonly downloadAttempts: number
  /** How often it may be tried, in place of the server's own limit. */
  readonly maxAttempts?: number | undefined
  /** Released again after each download, for whoever comes next: on a bench one activation code serves for ever. */
  readonly reusable?: boolean | undefined
  /** What the metadata of this order say in place of the profile's. */
  readonly metadata?: Partial<ProfileFacts> | undefined
  readonly expiresAt?: Date | undefined
  /** The session that last took the bound package. */
  readonly transactionId?: string | undefined
  /** Counts the changes: a store saves an order only over the revision that was read. */
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

/** An order that is used again and again remembers its last transitions only. */
const REUSABLE_HISTORY = 100

/** `order` in its next state, with the row that says when and why. */
export const advance = (order: Order, to: OrderState, cause: string, at: Date, change: Partial<Order> = {}): Order => {
  const isReleasedAnew = to === 'Released' && (order.state === 'Installed' || order.state === 'Error')
  if (!AFTER[order.state].includes(to) || (isReleasedAnew && order.reusable !== true))
    throw new SmdpError('bad-transition', `the order of ${order.iccid} cannot go from ${order.state} to ${to}`)
  const history = [...order.history, { at, from: order.state, to, cause }]
  return { ...order, ...change, state: to, history: order.reusable ? history.slice(-REUSABLE_HISTORY) : history }
}

/** The end of a download: a reusable order is released again, any other one stays there. */
export const endDownload = (order: Order, to: 'Installed' | 'Error', cause: string, at: Date): Order => {
  const ended = advance(order, to, cause, at)
  if (ended.reusable !== true) return ended
  return advance(ended, 'Released', 'reusable: waits for the next download', at, {
    transactionId: undefined,
    // Tries that led to nothing go on counting: they are what the limits are for.
    ...(to === 'Installed' && { downloadAttempts: 0, confirmationFailures: 0 }),
  })
}

/** A profile put into stock. */
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

/** Back in stock: everything that tied it to an order is gone. */
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

/** Does what a card of this EID does concern the order? A reusable one is nobody's, unless it was ordered for an EID. */
export const isFor = (order: Order, eid: string): boolean =>
  order.eid === eid || (order.reusable === true && order.eid === undefined)

/** Waiting to be downloaded, or downloaded and waiting for another try (SGP.22 §3.1.3, "retry"). */
export const isPending = (order: Order): boolean => order.state === 'Released' || order.state === 'Downloaded'

/** Nothing more will come of it; the ICCID may be put into stock anew. */
export const isOver = (order: Order): boolean =>
  order.state === 'Available' || order.state === 'Installed' || order.state === 'Error' || order.state === 'Unavailable'

/** The event at the SM-DS leads eUICCs to this order. */
export const needsEvent = (order: Order, eventId: string): boolean => order.eventId === eventId && !isOver(order)
