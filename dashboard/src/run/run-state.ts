/**
 * Folds the events of a live or finished run into the state that the page draws. An exchange has the timestamp of its end
 * and covers [ms - took, ms]. Requests nest, so the time of a step is the union of these spans and not their sum.
 */
import type {
  ApduExchanged,
  BenchEvent,
  CardWasReset,
  Cause,
  HttpExchanged,
  Noted,
  Part,
  RunEnded,
  RunStarted,
  StepEnded,
  Verdict,
} from '../../../src/evidence/events.ts'

export type Entry = ApduExchanged | CardWasReset | HttpExchanged | Noted

/** `unreached`: the run ended before this step. */
export type StepState = 'pending' | 'running' | 'unreached' | Verdict

export interface StepView {
  /** 0 contains the events outside the steps. */
  readonly step: number
  readonly name: string
  readonly from?: Part
  readonly to?: Part
  readonly state: StepState
  readonly startedMs?: number
  readonly took?: number
  readonly cause?: Cause
  readonly summary?: string
  readonly errorCode?: string
  readonly progress?: { readonly text: string; readonly done: number; readonly total: number; readonly unit: string }
  readonly entries: readonly Entry[]
  readonly apdus: number
  readonly requests: number
  readonly failures: number
  readonly apduMs: number
  readonly httpMs: number
  readonly restMs: number
  readonly lastMs: number
  readonly apduSpans: Spans | null
  readonly busySpans: Spans | null
}

export interface RunState {
  readonly runId: string
  /** The sequence number of the last folded event. The next one is lastSeq + 1. */
  readonly lastSeq: number
  /** Events are missing. The client requests the events after lastSeq again. */
  readonly gap: boolean
  readonly started: RunStarted | null
  readonly ended: RunEnded | null
  readonly steps: readonly StepView[]
  readonly running: number | null
  readonly apdus: number
  readonly requests: number
  readonly lastMs: number
  /** Sender and receiver of the latest request. */
  readonly lastRequest: { readonly from: Part; readonly to: Part } | null
}

/** Disjoint time spans, latest first, with their total length in milliseconds. */
interface Spans {
  readonly start: number
  readonly end: number
  readonly total: number
  readonly before: Spans | null
}

export const emptyRun = (runId: string): RunState => ({
  runId,
  lastSeq: 0,
  gap: false,
  started: null,
  ended: null,
  steps: [],
  running: null,
  apdus: 0,
  requests: 0,
  lastMs: 0,
  lastRequest: null,
})

/** Adds events to a run. Skips known events. Stops before the first missing event and sets `gap`. */
export const foldEvents = (state: RunState, events: readonly BenchEvent[]): RunState => {
  const draft: Draft = { ...state, gap: false, added: new Map() }
  for (const event of events) {
    if (event.runId !== draft.runId || event.seq <= draft.lastSeq) continue
    if (event.seq > draft.lastSeq + 1) {
      draft.gap = true
      break
    }
    draft.lastSeq = event.seq
    draft.lastMs = Math.max(draft.lastMs, event.ms)
    foldOne(draft, event)
  }
  if (draft.lastSeq === state.lastSeq && draft.gap === state.gap) return state
  const { added, ...folded } = draft
  return {
    ...folded,
    steps: draft.steps.map(view => {
      const entries = added.get(view.step)
      return entries === undefined ? view : { ...view, entries: [...view.entries, ...entries] }
    }),
  }
}

type Draft = { -readonly [K in keyof RunState]: RunState[K] } & { added: Map<number, Entry[]> }

const foldOne = (draft: Draft, event: BenchEvent): void => {
  switch (event.kind) {
    case 'run-started':
      draft.started = event
      for (const plan of event.steps) putStep(draft, plan.step, { name: plan.name, from: plan.from, to: plan.to })
      return
    case 'step-started':
      putStep(draft, event.step ?? 0, { name: event.name, state: 'running', startedMs: event.ms })
      draft.running = event.step ?? null
      return
    case 'step-ended':
      endStep(draft, event)
      return
    case 'run-ended':
      draft.ended = event
      draft.running = null
      draft.apdus = Math.max(draft.apdus, event.apdus)
      draft.steps = draft.steps.map(view =>
        view.state === 'pending' || view.state === 'running' ? { ...view, state: 'unreached' as const } : view,
      )
      return
    case 'progress': {
      const { text, done, total, unit } = event
      putStep(draft, event.step ?? 0, { progress: { text, done, total, unit } })
      return
    }
    case 'note':
    case 'apdu':
    case 'reset':
    case 'http':
      addEntry(draft, event)
  }
}

const endStep = (draft: Draft, event: StepEnded): void => {
  const view = stepOf(draft, event.step ?? 0)
  if (view.state === 'pending') {
    // After the step that stopped the run, the bench reports each remaining step as blocked.
    putStep(draft, view.step, { state: 'unreached', summary: event.summary, lastMs: event.ms })
    return
  }
  putStep(draft, view.step, {
    state: event.verdict,
    took: event.took,
    summary: event.summary,
    restMs: Math.max(0, event.took - (view.busySpans?.total ?? 0)),
    lastMs: event.ms,
    ...(event.cause && { cause: event.cause }),
    ...(event.errorCode && { errorCode: event.errorCode }),
  })
  if (draft.running === event.step) draft.running = null
}

const addEntry = (draft: Draft, entry: Entry): void => {
  const view = stepOf(draft, entry.step ?? 0)
  const entries = draft.added.get(view.step)
  if (entries) entries.push(entry)
  else draft.added.set(view.step, [entry])
  if (entry.kind === 'note') {
    putStep(draft, view.step, { lastMs: entry.ms })
    return
  }
  const isCard = entry.kind !== 'http'
  const apdus = entry.kind === 'apdu' ? 1 : 0
  const start = getStartMs(entry)
  const apduSpans = isCard ? addSpan(view.apduSpans, start, entry.ms) : view.apduSpans
  const busySpans = addSpan(view.busySpans, start, entry.ms)
  const apduMs = apduSpans?.total ?? 0
  const elapsed = view.took ?? entry.ms - (view.startedMs ?? entry.ms)
  putStep(draft, view.step, {
    apdus: view.apdus + apdus,
    requests: view.requests + (isCard ? 0 : 1),
    failures: view.failures + (hasFailed(entry) ? 1 : 0),
    apduMs,
    httpMs: Math.max(0, busySpans.total - apduMs),
    restMs: Math.max(0, elapsed - busySpans.total),
    lastMs: entry.ms,
    apduSpans,
    busySpans,
  })
  draft.apdus += apdus
  if (entry.kind === 'http') {
    draft.requests += 1
    draft.lastRequest = { from: entry.from, to: entry.to }
  }
}

/** Spans arrive in the order of their ends, so only the latest spans can overlap with the new one. */
const addSpan = (spans: Spans | null, from: number, to: number): Spans => {
  let start = from
  let end = to
  let before = spans
  while (before && before.end >= start) {
    start = Math.min(start, before.start)
    end = Math.max(end, before.end)
    before = before.before
  }
  return { start, end, before, total: (before?.total ?? 0) + (end - start) }
}

const stepOf = (draft: Draft, step: number): StepView => {
  const view = draft.steps.find(known => known.step === step)
  if (view) return view
  const created: StepView = {
    step,
    name: step === 0 ? 'Outside the steps' : `Step ${step}`,
    state: 'pending',
    entries: [],
    apdus: 0,
    requests: 0,
    failures: 0,
    apduMs: 0,
    httpMs: 0,
    restMs: 0,
    lastMs: 0,
    apduSpans: null,
    busySpans: null,
  }
  draft.steps = [...draft.steps, created].sort((a, b) => a.step - b.step)
  return created
}

const putStep = (draft: Draft, step: number, change: Partial<StepView>): void => {
  const view = stepOf(draft, step)
  draft.steps = draft.steps.map(known => (known === view ? { ...view, ...change } : known))
}

/** True for an error response or no response. 61xx, 62xx, 63xx, 6Cxx and 91xx are not errors (ISO/IEC 7816-4 §5.6). */
export const hasFailed = (entry: Entry): boolean => {
  switch (entry.kind) {
    case 'note':
      return false
    case 'http':
      return entry.response === null || entry.response.status >= 400
    case 'reset':
      return entry.atr === null
    case 'apdu':
      return entry.response === null || !/^(9|6[123c])/i.test(entry.response.slice(-4))
  }
}

/** Milliseconds from the start of the run. An exchange has the timestamp of its end. */
export const getStartMs = (entry: Entry): number =>
  entry.kind === 'note' ? entry.ms : Math.max(0, entry.ms - entry.took)

/** The numbered steps, without the events outside the steps. */
export const plannedSteps = (state: RunState): readonly StepView[] => state.steps.filter(view => view.step > 0)
