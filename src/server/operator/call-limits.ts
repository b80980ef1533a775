/** What keeps callers apart in time: a transaction id is used once, and there are not too many calls. */
export interface CallLimits {
  /** False when this id was seen within the window. */
  admitTransaction(id: string, now: Date): boolean
  /** Seconds to wait, or nothing when the call may pass. */
  admitCall(now: Date): number | undefined
}

export interface CallLimitSettings {
  /** Milliseconds within which a transaction id must not come again. The contract names no window. */
  readonly transactionWindow: number
  readonly calls: number
  /** Milliseconds in which `calls` may be made. */
  readonly period: number
}

export const DEFAULT_LIMITS: CallLimitSettings = { transactionWindow: 10 * 60_000, calls: 600, period: 60_000 }

export const createCallLimits = (settings: CallLimitSettings): CallLimits => {
  // A Map keeps the order of insertion, so the oldest ids are always at its front.
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
