import type { Plan } from './plan.ts'

/**
 * The state of a subscription. `installed`: reported by ES2+.HandleDownloadProgressInfo. `active`: registered on the
 * network; the plan starts now. `failed`: the installation failed; the activation code remains valid.
 */
export type SubscriptionState = 'ordered' | 'installed' | 'active' | 'failed'

export interface Subscription {
  readonly orderId: string
  readonly accountId: string
  readonly iccid: string
  readonly eid: string
  readonly plan: Plan
  readonly orderedAt: Date
  readonly state: SubscriptionState
  readonly installedAt?: Date
  readonly activatedAt?: Date
  readonly usedMB: number
  /** The last notification of the eUICC about the profile (ES2+ HandleNotification). */
  readonly profile?: 'Install' | 'Enable' | 'Disable' | 'Delete'
  readonly registration?: { readonly plmn: string; readonly kind: 'home' | 'roaming' }
}

export interface Subscriptions {
  add(subscription: Subscription): void
  find(iccid: string): Subscription | undefined
  all(): readonly Subscription[]
  markInstalled(iccid: string, at: Date): void
  markFailed(iccid: string): void
  markProfile(iccid: string, profile: NonNullable<Subscription['profile']>): void
  markRegistered(iccid: string, at: Date, registration: { plmn: string; kind: 'home' | 'roaming' }): void
  /** Adds used data as counted by the charging of the network. */
  consume(iccid: string, megabytes: number): void
}

/** Removes the filler digit F, which EF.ICCID and ES2+ use and the plans contract does not. */
export const plainIccid = (iccid: string): string => iccid.trim().replace(/[fF]$/, '')

export const createSubscriptions = (): Subscriptions => {
  const byIccid = new Map<string, Subscription>()
  const change = (iccid: string, edit: (was: Subscription) => Subscription): void => {
    const was = byIccid.get(plainIccid(iccid))
    if (was !== undefined) byIccid.set(was.iccid, edit(was))
  }
  return {
    add(subscription) {
      const iccid = plainIccid(subscription.iccid)
      byIccid.set(iccid, { ...subscription, iccid })
    },
    find: iccid => byIccid.get(plainIccid(iccid)),
    all: () => [...byIccid.values()],
    markInstalled(iccid, at) {
      change(iccid, was =>
        was.state === 'active'
          ? { ...was, installedAt: was.installedAt ?? at }
          : { ...was, state: 'installed', installedAt: at },
      )
    },
    markFailed(iccid) {
      change(iccid, was => (was.state === 'ordered' ? { ...was, state: 'failed' } : was))
    },
    markProfile(iccid, profile) {
      change(iccid, was => ({ ...was, profile }))
    },
    markRegistered(iccid, at, registration) {
      // A profile that authenticated with its keys is installed, even if the report is not yet received.
      change(iccid, was => ({ ...was, state: 'active', activatedAt: was.activatedAt ?? at, registration }))
    },
    consume(iccid, megabytes) {
      change(iccid, was => ({ ...was, usedMB: Math.min(was.plan.dataMB, was.usedMB + Math.max(0, megabytes)) }))
    },
  }
}
