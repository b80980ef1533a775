import type { HttpExchanged } from '../../../src/evidence/events.ts'
import { type Entry, getStartMs, type RunState, type StepView } from '../run/run-state.ts'
import type { EntryFilter } from './entry-filter.ts'
import { compileFilter, isFiltering } from './entry-filter.ts'

/** An entry and the number of requests that enclose it. */
export interface Placed {
  readonly entry: Entry
  readonly depth: number
}

/** One line of the outline: a step, or an exchange or note under an open one. */
export type OutlineRow =
  | { readonly type: 'step'; readonly id: string; readonly view: StepView; readonly open: boolean }
  | (Placed & { readonly type: 'entry'; readonly id: string; readonly position: number; readonly of: number })

export interface Outline {
  readonly rows: readonly OutlineRow[]
  /** Number of entries that pass the filter, and of all entries. */
  readonly matches: number
  readonly total: number
}

export const stepRowId = (step: number): string => `step-${step}`
export const entryRowId = (seq: number): string => `entry-${seq}`

/** With a filter, every step with a match is open and all other steps are hidden. */
export const createOutline = (run: RunState, filter: EntryFilter, opened: ReadonlySet<number>): Outline => {
  const filtering = isFiltering(filter)
  const passes = compileFilter(filter)
  const rows: OutlineRow[] = []
  let matches = 0
  let total = 0
  for (const view of run.steps) {
    total += view.entries.length
    const open = filtering || opened.has(view.step)
    const shown = filtering ? placeEntries(view.entries).filter(({ entry }) => passes(entry)) : []
    matches += filtering ? shown.length : view.entries.length
    if (filtering && shown.length === 0) continue
    rows.push({ type: 'step', id: stepRowId(view.step), view, open })
    if (!open) continue
    const placed = filtering ? shown : placeEntries(view.entries)
    for (const [index, { entry, depth }] of placed.entries())
      rows.push({ type: 'entry', id: entryRowId(entry.seq), entry, depth, position: index + 1, of: placed.length })
  }
  return { rows, matches, total }
}

const known = new WeakMap<readonly Entry[], readonly Placed[]>()

/**
 * Sorts entries by their start. A request has the timestamp of its response, so its event follows the events of the requests
 * that its receiver sent to answer it. The result nests these requests within it.
 */
const placeEntries = (entries: readonly Entry[]): readonly Placed[] => {
  const before = known.get(entries)
  if (before) return before
  const ordered = entries.toSorted((a, b) => getStartMs(a) - getStartMs(b) || b.ms - a.ms || a.seq - b.seq)
  const around: HttpExchanged[] = []
  const placed = ordered.map(entry => {
    if (entry.kind !== 'http') return { entry, depth: 0 }
    while (around.length > 0 && !isWithin(entry, around.at(-1)!)) around.pop()
    around.push(entry)
    return { entry, depth: around.length - 1 }
  })
  known.set(entries, placed)
  return placed
}

const isWithin = (inner: HttpExchanged, outer: HttpExchanged): boolean =>
  inner.from === outer.to && getStartMs(inner) >= getStartMs(outer) && inner.ms <= outer.ms
