import type { RunState } from '../run/run-state.ts'
import type { EntryFilter, KindFilter } from './entry-filter.ts'
import { isFiltering, NO_FILTER } from './entry-filter.ts'

const KINDS: readonly (readonly [KindFilter, string])[] = [
  ['all', 'All'],
  ['apdu', 'APDU'],
  ['reset', 'Resets'],
  ['http', 'HTTP'],
  ['note', 'Notes'],
  ['failed', 'Failed'],
]

export const FilterBar = ({
  filter,
  onChange,
  run,
  matches,
  total,
  allOpen,
  onOpenAll,
}: {
  filter: EntryFilter
  onChange: (filter: EntryFilter) => void
  run: RunState
  matches: number
  total: number
  allOpen: boolean
  onOpenAll: (open: boolean) => void
}) => {
  const filtering = isFiltering(filter)
  return (
    <search className="filter-bar">
      <input
        id="filter-text"
        type="search"
        placeholder="Filter"
        title="Words or hexadecimal digits that must occur; -word must not occur. Key: /"
        aria-label="Filter exchanges by text"
        aria-keyshortcuts="/"
        value={filter.text}
        spellCheck={false}
        autoComplete="off"
        onChange={event => onChange({ ...filter, text: event.target.value })}
        onKeyDown={event => {
          if (event.key === 'Escape') onChange({ ...filter, text: '' })
          else if (event.key === 'ArrowDown' || event.key === 'Enter') document.getElementById('outline')?.focus()
          else return
          event.preventDefault()
        }}
      />
      <fieldset className="segments">
        <legend className="visually-hidden">Kind</legend>
        {KINDS.map(([kind, word]) => (
          <label key={kind} className={filter.kind === kind ? 'on' : ''}>
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={filter.kind === kind}
              onChange={() => onChange({ ...filter, kind })}
            />
            {word}
          </label>
        ))}
      </fieldset>
      <select
        aria-label="Step"
        value={filter.step ?? ''}
        onChange={event => onChange({ ...filter, step: event.target.value === '' ? null : Number(event.target.value) })}
      >
        <option value="">All steps</option>
        {run.steps.map(({ step, name }) => (
          <option key={step} value={step}>
            {step === 0 ? name : `${step}. ${name}`}
          </option>
        ))}
      </select>
      <span className="filter-count" role="status" title={`${total.toLocaleString('en')} exchanges and notes in total`}>
        {filtering && `${matches.toLocaleString('en')} of ${total.toLocaleString('en')}`}
      </span>
      {filtering ? (
        <button type="button" className="button ghost" onClick={() => onChange(NO_FILTER)}>
          Clear
        </button>
      ) : (
        <button type="button" className="button ghost" onClick={() => onOpenAll(!allOpen)}>
          {allOpen ? 'Close all' : 'Open all'}
        </button>
      )}
    </search>
  )
}
