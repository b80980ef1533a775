import { createContext, useCallback, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { formatRoute, parseRoute, type Route } from '../route.ts'
import type { BenchStore, Snapshot } from './bench-store.ts'

const StoreContext = createContext<BenchStore | null>(null)
export const StoreProvider = StoreContext.Provider

export const useStore = (): BenchStore => {
  const store = useContext(StoreContext)
  if (store === null) throw new Error('useStore is called outside of StoreProvider')
  return store
}

export const useSnapshot = (): Snapshot => {
  const store = useStore()
  return useSyncExternalStore(store.subscribe, store.snapshot)
}

export const useRoute = (): readonly [Route, (next: Route) => void] => {
  const [route, setRoute] = useState(() => parseRoute(location.hash))
  useEffect(() => {
    const read = (): void => setRoute(parseRoute(location.hash))
    addEventListener('hashchange', read)
    return () => removeEventListener('hashchange', read)
  }, [])
  const pending = useRef<number | undefined>(undefined)
  const go = useCallback((next: Route) => {
    const current = parseRoute(location.hash)
    clearTimeout(pending.current)
    // A selection within one run adds no history entry. Browsers limit the rate of address changes, so wait before the update.
    if (next.view === 'run' && current.view === 'run' && next.runId === current.runId)
      pending.current = window.setTimeout(() => history.replaceState(null, '', formatRoute(next)), 200)
    else history.pushState(null, '', formatRoute(next))
    setRoute(next)
  }, [])
  return [route, go]
}

/** Returns the result of a media query, for the canvas and the position of the details, which CSS cannot set. */
export const useMedia = (query: string): boolean => {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const read = (): void => setMatches(list.matches)
    read()
    list.addEventListener('change', read)
    return () => list.removeEventListener('change', read)
  }, [query])
  return matches
}
