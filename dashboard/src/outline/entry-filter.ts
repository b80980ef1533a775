import type { Entry } from '../run/run-state.ts'
import { hasFailed } from '../run/run-state.ts'

export type KindFilter = 'all' | 'apdu' | 'reset' | 'http' | 'note' | 'failed'

export interface EntryFilter {
  readonly kind: KindFilter
  /** `null`: all steps. */
  readonly step: number | null
  /** All words must occur. A word after `-` must not occur. */
  readonly text: string
}

export const NO_FILTER: EntryFilter = { kind: 'all', step: null, text: '' }

export const isFiltering = (filter: EntryFilter): boolean =>
  filter.kind !== 'all' || filter.step !== null || filter.text.trim() !== ''

/** Compiles a filter into a predicate that is fast enough for thousands of entries. */
export const compileFilter = (filter: EntryFilter): ((entry: Entry) => boolean) => {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean)
  const wanted = words.filter(word => !word.startsWith('-'))
  const unwanted = words.filter(word => word.startsWith('-') && word.length > 1).map(word => word.slice(1))
  return entry => {
    if (filter.step !== null && (entry.step ?? 0) !== filter.step) return false
    if (filter.kind === 'failed' ? !hasFailed(entry) : filter.kind !== 'all' && entry.kind !== filter.kind) return false
    if (words.length === 0) return true
    const text = searchText(entry)
    return wanted.every(word => text.includes(word)) && !unwanted.some(word => text.includes(word))
  }
}

/** Caches the searchable text of each entry. Entries are immutable. */
const texts = new WeakMap<Entry, string>()

const searchText = (entry: Entry): string => {
  const known = texts.get(entry)
  if (known !== undefined) return known
  const text = partsOf(entry).join('\n').toLowerCase()
  texts.set(entry, text)
  return text
}

const partsOf = (entry: Entry): string[] => {
  switch (entry.kind) {
    case 'note':
      return [entry.text, entry.part, JSON.stringify(entry.data ?? '')]
    case 'reset':
      return [entry.label, entry.reason, entry.atr ?? '', entry.error ?? '']
    case 'apdu':
      return [entry.label, entry.command, entry.response ?? '', entry.error ?? '', JSON.stringify(entry.decoded ?? '')]
    case 'http':
      return [
        entry.label,
        `${entry.method} ${entry.url} ${entry.response?.status ?? ''}`,
        entry.error ?? '',
        entry.request.body,
        entry.response?.body ?? '',
        JSON.stringify(entry.decoded ?? ''),
      ]
  }
}
