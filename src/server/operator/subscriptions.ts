import type { Plan } from './plan.ts'

/**
 * A subscription from order to use. `ordered`: the profile waits at the SM-DP+. `installed`: the SM-DP+ reported the
 * installation (ES2+ HandleDownloadProgressInfo). `active`: the network has seen it register; only now does the plan's
 * time run. `failed`: the SM-DP+ reported that the installation failed; the code stays valid for another try.
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
  /** What the eUICC last did with the profile, as far as it told (ES2+ HandleNotification). */
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
  /** Data that went through, as the network's charging counts it. */
  consume(iccid: string, megabytes: number): void
}

/** Strips the filler of an odd number of BCD digits: EF.ICCID and ES2+ know it, the plans contract does not. */
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
      // A profile that authenticated with its own keys is installed, whether or not the report of it has arrived yet.
      change(iccid, was => ({ ...was, state: 'active', activatedAt: was.activatedAt ?? at, registration }))
    },
    consume(iccid, megabytes) {
      change(iccid, was => ({ ...was, usedMB: Math.min(was.plan.dataMB, was.usedMB + Math.max(0, megabytes)) }))
    },
  }
}
