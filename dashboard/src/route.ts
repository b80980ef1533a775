/** The view, the run and the selected row. The part of the URL after `#` contains them, so each view can be linked. */
export type Route =
  /** `runId: null` follows the newest run. The page switches to the next run when it starts. */
  | { readonly view: 'run'; readonly runId: string | null; readonly selected: Selection | null }
  | { readonly view: 'device' }

export type Selection =
  | { readonly type: 'step'; readonly step: number }
  | { readonly type: 'entry'; readonly seq: number }

export const parseRoute = (hash: string): Route => {
  const [view, runId, selected] = hash.replace(/^#\/?/, '').split('/')
  if (view === 'device') return { view: 'device' }
  if (view !== 'run' || !runId) return { view: 'run', runId: null, selected: null }
  return { view: 'run', runId: runId === 'newest' ? null : decode(runId), selected: parseSelection(selected ?? '') }
}

export const formatRoute = (route: Route): string => {
  if (route.view === 'device') return '#/device'
  if (route.runId === null && route.selected === null) return '#/'
  const run = `#/run/${route.runId === null ? 'newest' : encodeURIComponent(route.runId)}`
  return route.selected === null ? run : `${run}/${formatSelection(route.selected)}`
}

const formatSelection = (selected: Selection): string =>
  selected.type === 'step' ? `step-${selected.step}` : `${selected.seq}`

const parseSelection = (text: string): Selection | null => {
  const step = /^step-(\d+)$/.exec(text)
  if (step) return { type: 'step', step: Number(step[1]) }
  return /^\d+$/.test(text) ? { type: 'entry', seq: Number(text) } : null
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
