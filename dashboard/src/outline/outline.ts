import type { HttpExchanged } from '../../../src/evidence/events.ts'
import { type Entry, type RunState, type StepView, startOf } from '../run/run-state.ts'
import type { EntryFilter } from './entry-filter.ts'
import { compileFilter, isFiltering } from './entry-filter.ts'

/** An entry and within how many requests it happened. */
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
  /** Entries that pass the filter, and all of them. */
  readonly matches: number
  readonly total: number
}

export const stepRowId = (step: number): string => `step-${step}`
export const entryRowId = (seq: number): string => `entry-${seq}`

/** While a filter is set, every step that has matches is open: one filters to see. */
export const outlineOf = (run: RunState, filter: EntryFilter, opened: ReadonlySet<number>): Outline => {
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
 * Entries in the order in which they began, which is not that of their events: a request is stamped when its answer is there,
 * after the requests which its receiver made to be able to answer. Those are placed within it.
 */
const placeEntries = (entries: readonly Entry[]): readonly Placed[] => {
  const before = known.get(entries)
  if (before) return before
  const ordered = entries.toSorted((a, b) => startOf(a) - startOf(b) || b.ms - a.ms || a.seq - b.seq)
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
  inner.from === outer.to && startOf(inner) >= startOf(outer) && inner.ms <= outer.ms
