import { timingSafeEqual } from 'node:crypto'
import type { LaunchParameters } from './launch-parameters.ts'
import type { PlacedOrder, PortalAccount, PortalPlan, RefusedOrder } from './operator-side.ts'

/** The result of the purchase: values of `moDirectStatus` of the bridge (reference §4.2). */
export type MoDirectStatus =
  | 'complete'
  | 'serviceError'
  | 'invalidSIM'
  | 'logOnFailed'
  | 'purchaseFailed'
  | 'clientError'
  | 'billingError'
  | 'cancelled'

/** One visit, stored in the server. The browser stores only its id in an HttpOnly cookie. */
export interface PortalSession {
  readonly launch: LaunchParameters
  /** The token in each form. A request without it does not come from a page of the portal. */
  readonly csrf: string
  /** The key of the order of this visit at the operator. */
  readonly orderKey: string
  planId?: string
  account?: PortalAccount
  userAccount: 'none' | 'new' | 'existing' | 'bailed'
  /** The input of the user, to show it again after an error; never a password. */
  entered: Record<string, string>
  failure?: { readonly status: MoDirectStatus; readonly reference?: string }
  ordering?: Promise<PlacedOrder | RefusedOrder>
  order?: PlacedOrder & { readonly plan: PortalPlan; readonly instrument: 'new' | 'existing' }
  /** Set when a page that passes the activation code automatically was delivered. */
  handedOver: boolean
  lastSeen: number
}

export interface Sessions {
  open(launch: LaunchParameters): { id: string; session: PortalSession }
  find(id: string | undefined): PortalSession | undefined
  /** Gives the visit a new id after sign-in. The old id remains valid for a few seconds, because a double click sends it again. */
  rename(id: string): string
  close(id: string): void
  readonly size: number
}

const IDLE = 30 * 60_000
const MAX_SESSIONS = 10_000
const GRACE = 5_000

export const createSessions = (clock: () => Date, random: (length: number) => Uint8Array): Sessions => {
  const open = new Map<string, PortalSession>()
  const renamedTo = new Map<string, { readonly id: string; readonly until: number }>()
  const currentId = (id: string): string => {
    const renamed = renamedTo.get(id)
    return renamed !== undefined && clock().getTime() <= renamed.until ? renamed.id : id
  }
  const token = (): string => Buffer.from(random(24)).toString('base64url')
  const sweep = (): void => {
    const now = clock().getTime()
    for (const [id, session] of open) if (now - session.lastSeen > IDLE) open.delete(id)
    for (const [id, { until }] of renamedTo) if (now > until) renamedTo.delete(id)
    for (const id of open.keys()) {
      if (open.size < MAX_SESSIONS) break
      open.delete(id)
    }
  }
  return {
    open(launch) {
      sweep()
      const id = token()
      const session: PortalSession = {
        launch,
        csrf: token(),
        orderKey: token(),
        userAccount: 'none',
        entered: {},
        handedOver: false,
        lastSeen: clock().getTime(),
      }
      open.set(id, session)
      return { id, session }
    },
    find(id) {
      const session = id === undefined ? undefined : open.get(currentId(id))
      const now = clock().getTime()
      if (session === undefined || now - session.lastSeen > IDLE) return undefined
      session.lastSeen = now
      return session
    },
    rename(id) {
      const session = open.get(currentId(id))
      // The first request of a double click already changed the id.
      if (session === undefined || currentId(id) !== id) return currentId(id)
      open.delete(id)
      const renamed = token()
      open.set(renamed, session)
      renamedTo.set(id, { id: renamed, until: clock().getTime() + GRACE })
      return renamed
    },
    close(id) {
      open.delete(currentId(id))
    },
    get size() {
      return open.size
    },
  }
}

/** Compares in constant time. */
export const sameToken = (given: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** For a `__Host-` cookie, browsers require Secure, Path=/ and no Domain. */
const COOKIE = '__Host-portal'

export const readSessionId = (request: Request): string | undefined =>
  (request.headers.get('cookie') ?? '')
    .split(';')
    .map(part => part.trim().split('='))
    .find(([name]) => name === COOKIE)?.[1]

export const sessionCookie = (id: string): string => `${COOKIE}=${id}; Path=/; Secure; HttpOnly; SameSite=Lax`
export const endedCookie = (): string => `${COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`
