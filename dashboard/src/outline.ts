import type { EntryFilter } from './entry-filter.ts'
import { compileFilter, isFiltering } from './entry-filter.ts'
import type { Entry, RunState, StepView } from './run-state.ts'

/** One line of the outline: a step, or an exchange or note under an open one. */
export type OutlineRow =
  | {
      readonly type: 'step'
      readonly id: string
      readonly view: StepView
      readonly open: boolean
      readonly matches: number
    }
  | {
      readonly type: 'entry'
      readonly id: string
      readonly entry: Entry
      readonly position: number
      readonly of: number
    }

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
    const shown = filtering ? view.entries.filter(passes) : view.entries
    total += view.entries.length
    matches += shown.length
    if (filtering && shown.length === 0) continue
    const open = filtering || opened.has(view.step)
    rows.push({ type: 'step', id: stepRowId(view.step), view, open, matches: shown.length })
    if (open)
      for (const [index, entry] of shown.entries())
        rows.push({ type: 'entry', id: entryRowId(entry.seq), entry, position: index + 1, of: shown.length })
  }
  return { rows, matches, total }
}
