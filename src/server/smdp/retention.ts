import { KEPT_KINDS, type KeptKind, type SmdpStore } from './store.ts'

/** Limits for stored notifications, deliveries and reports: maximum age, and maximum number of each kind. */
export interface Retention {
  readonly days: number
  readonly count: number
}

/** The number of dropped entries of a kind. */
export interface Dropped {
  readonly kind: KeptKind
  readonly count: number
}

const DAY_MS = 86_400_000
/** The limits are checked at most once a minute. */
const SWEEP_EVERY_MS = 60_000

/**
 * Drops entries beyond the limits, oldest first, and reports their number. Notifications without an order and reports
 * to absent operators would otherwise grow without limit. After that, an installation result without its delivery is
 * ignored, and a repeated notification counts as new.
 */
export const createRetention = ({
  store,
  clock,
  retention,
  onDropped,
}: {
  readonly store: Pick<SmdpStore, 'dropOld'>
  readonly clock: () => Date
  readonly retention: Retention
  readonly onDropped: (dropped: Dropped) => void
}): (() => Promise<void>) => {
  let sweptAt: number | undefined
  return async () => {
    const now = clock()
    if (sweptAt !== undefined && Math.abs(now.getTime() - sweptAt) < SWEEP_EVERY_MS) return
    sweptAt = now.getTime()
    const limit = { before: new Date(now.getTime() - retention.days * DAY_MS), count: retention.count }
    for (const kind of KEPT_KINDS) {
      const count = await store.dropOld(kind, limit, now)
      if (count > 0) onDropped({ kind, count })
    }
  }
}
