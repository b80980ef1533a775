/** Limits for callers: one use of each transaction id, and a maximum call rate. */
export interface CallLimits {
  /** Returns false if the id was used within the window. */
  admitTransaction(id: string, now: Date): boolean
  /** Returns the seconds to wait, or undefined if the call is allowed. */
  admitCall(now: Date): number | undefined
}

export interface CallLimitSettings {
  /** Milliseconds in which a transaction id must not be used again. The contract defines no window. */
  readonly transactionWindow: number
  readonly calls: number
  /** Milliseconds in which `calls` calls are allowed. */
  readonly period: number
}

export const DEFAULT_LIMITS: CallLimitSettings = { transactionWindow: 10 * 60_000, calls: 600, period: 60_000 }

export const createCallLimits = (settings: CallLimitSettings): CallLimits => {
  // A Map iterates in insertion order, so the oldest ids come first.
  const seen = new Map<string, number>()
  let times: number[] = []
  return {
    admitTransaction(id, now) {
      const at = now.getTime()
      for (const [old, since] of seen) {
        if (at - since < settings.transactionWindow) break
        seen.delete(old)
      }
      if (seen.has(id)) return false
      seen.set(id, at)
      return true
    },
    admitCall(now) {
      const at = now.getTime()
      times = times.filter(time => at - time < settings.period)
      if (times.length >= settings.calls)
        return Math.max(1, Math.ceil((settings.period - (at - (times[0] ?? at))) / 1000))
      times.push(at)
      return undefined
    },
  }
}
