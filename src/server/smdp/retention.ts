import { KEPT_KINDS, type KeptKind, type SmdpStore } from './store.ts'

/** How long, and how many of a kind, is kept of what nobody has asked for yet and of what was dealt with. */
export interface Retention {
  readonly days: number
  readonly count: number
}

/** What went, and how much of it. */
export interface Dropped {
  readonly kind: KeptKind
  readonly count: number
}

const DAY_MS = 86_400_000
/** Nothing gets so old, or so much, within a minute. */
const SWEEP_EVERY_MS = 60_000

/**
 * Drops what is over the limits, the oldest first, and says so: cards send notifications that are about no order, and
 * operators stay away. Within the limits nothing is ever dropped. An installation result whose delivery was dropped is
 * not believed any more, and a notification that was dropped is new when it comes again.
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
