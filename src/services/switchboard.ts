import { traceFetch } from '../evidence/decode/trace-fetch.ts'
import type { Observation, Part } from '../evidence/events.ts'
import type { Stopwatch } from '../evidence/recorder.ts'
import type { Fetch } from '../rsp/fetch.ts'

/** Passes exchanges to the current run. Services live longer than runs, so the watcher can change. */
export interface Switchboard {
  /** Sets the watcher of all later exchanges; `undefined` sets none. */
  watch(watcher: Watcher | undefined): void
  observe(observation: Observation): void
  /** Returns a Fetch that reports its exchanges to the current watcher. */
  traced(fetch: Fetch, who: { from: Part; to: Part }): Fetch
}

export interface Watcher {
  observe(observation: Observation): void
  /** Called before a request is sent. */
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
