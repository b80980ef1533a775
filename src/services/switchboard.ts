import { traceFetch } from '../evidence/decode/trace-fetch.ts'
import type { Observation, Part } from '../evidence/events.ts'
import type { Stopwatch } from '../evidence/recorder.ts'
import type { Fetch } from '../rsp/fetch.ts'

/** Who watches: the run that is going on, or nobody. Services outlive runs, so they ask here each time. */
export interface Switchboard {
  /** Hands everything to `watcher` from now on; `undefined`: to nobody. */
  watch(watcher: Watcher | undefined): void
  observe(observation: Observation): void
  /** The same Fetch, its exchanges shown to whoever watches. */
  traced(fetch: Fetch, who: { from: Part; to: Part }): Fetch
}

export interface Watcher {
  observe(observation: Observation): void
  /** A request is about to leave. */
  onRequest?(who: { from: Part; to: Part }, request: Request): void
}

export const createSwitchboard = (stopwatch: Stopwatch): Switchboard => {
  let watcher: Watcher | undefined
  const observe = (observation: Observation): void => watcher?.observe(observation)
  return {
    watch(next) {
      watcher = next
    },
    observe,
    traced(fetch, who) {
      const shown = traceFetch(fetch, who, observe, stopwatch)
      return request => {
        watcher?.onRequest?.(who, request)
        return watcher ? shown(request) : fetch(request)
      }
    },
  }
}
