import { describeStatusWord } from '../exchange/apdu-anatomy.ts'
import { type Entry, getStartMs, hasFailed, type StepView } from '../run/run-state.ts'
import { StateMark } from '../run/state-mark.tsx'
import {
  CAUSE_WORDS,
  formatBytes,
  formatDuration,
  formatOffset,
  PART_NAMES,
  plural,
  STATE_WORDS,
} from '../run/wording.ts'
import type { OutlineRow } from './outline.ts'

type Row<T extends OutlineRow['type']> = Extract<OutlineRow, { type: T }>

export const StepRow = ({ row, selected, onClick }: { row: Row<'step'>; selected: boolean; onClick: () => void }) => {
  const { view, open } = row
  return (
    // The tree has the focus and handles the keys.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see OutlineList
    // biome-ignore lint/a11y/useFocusableInteractive: see OutlineList
    <div
      id={row.id}
      className={`step step-${view.state}`}
      role="treeitem"
      aria-level={1}
      aria-expanded={open}
      aria-selected={selected}
      data-step={view.step}
      data-state={view.state}
      onClick={onClick}
    >
      <svg className="chevron" viewBox="0 0 12 12" aria-hidden="true">
        <path d="M4 2.5L8 6 4 9.5" />
      </svg>
      {view.step === 0 ? <span /> : <StateMark state={view.state} />}
      <span className="step-number">{view.step === 0 ? '' : view.step}</span>
      <span className="step-text">
        <span className="step-name">{view.name}</span>
        <span className="step-line">{lineOf(view)}</span>
      </span>
      <span className="step-counts">{countsOf(view)}</span>
      <span className="step-took">{tookOf(view)}</span>
      {view.state === 'running' && view.progress && (
        <progress
          className="step-progress"
          max={view.progress.total}
          value={view.progress.done}
          aria-label={view.progress.text}
        />
      )}
    </div>
  )
}

const lineOf = (view: StepView): string => {
  if (view.step === 0) return ''
  if (view.state === 'running' && view.progress) {
    const { text, done, total, unit } = view.progress
    return `${text}: ${unit === 'bytes' ? `${formatBytes(done)} of ${formatBytes(total)}` : `${done} of ${total}`}`
  }
  if (view.cause && view.summary) return `${STATE_WORDS[view.state]} (${CAUSE_WORDS[view.cause]}): ${view.summary}`
  if (view.summary) return view.summary
  if (view.state === 'unreached') return STATE_WORDS.unreached
  if (view.from && view.to && view.from !== view.to) return `${PART_NAMES[view.from]} to ${PART_NAMES[view.to]}`
  return STATE_WORDS[view.state]
}

const countsOf = (view: StepView): string =>
  [view.apdus > 0 && plural(view.apdus, 'APDU'), view.requests > 0 && `${view.requests} HTTP`]
    .filter(Boolean)
    .join(' · ')

const tookOf = (view: StepView): string => {
  if (view.took !== undefined) return formatDuration(view.took)
  if (view.state === 'running' && view.startedMs !== undefined && view.lastMs > view.startedMs)
    return formatDuration(view.lastMs - view.startedMs)
  return ''
}

export const EntryRow = ({ row, selected, onClick }: { row: Row<'entry'>; selected: boolean; onClick: () => void }) => {
  const { entry } = row
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: see OutlineList
    // biome-ignore lint/a11y/useFocusableInteractive: see OutlineList
    <div
      id={row.id}
      className={`entry entry-${entry.kind}${hasFailed(entry) ? ' entry-failed' : ''}`}
      role="treeitem"
      aria-level={2}
      aria-setsize={row.of}
      aria-posinset={row.position}
      aria-selected={selected}
      data-seq={entry.seq}
      data-kind={entry.kind}
      onClick={onClick}
    >
      <span className="entry-at">{formatOffset(getStartMs(entry))}</span>
      <span className={`kind kind-${entry.kind}`}>{KIND_WORDS[entry.kind]}</span>
      <span
        className="entry-label"
        title={entry.kind === 'note' ? entry.text : entry.label}
        style={row.depth > 0 ? { paddingLeft: row.depth * 14 } : undefined}
      >
        {entry.kind === 'note' ? entry.text : entry.label}
        {entry.kind === 'http' && (
          <span className="entry-way">
            {PART_NAMES[entry.from]} → {PART_NAMES[entry.to]}
          </span>
        )}
        {entry.kind === 'note' && <span className="entry-way">{PART_NAMES[entry.part]}</span>}
      </span>
      <span className="entry-size">{sizeOf(entry)}</span>
      <span className="entry-status" title={entry.kind === 'apdu' ? statusWordOf(entry) : undefined}>
        {statusOf(entry)}
      </span>
      <span className="entry-took">{entry.kind === 'note' ? '' : formatDuration(entry.took)}</span>
    </div>
  )
}

const KIND_WORDS: Readonly<Record<Entry['kind'], string>> = {
  apdu: 'APDU',
  reset: 'Reset',
  http: 'HTTP',
  note: 'Note',
}

const statusOf = (entry: Entry): string => {
  switch (entry.kind) {
    case 'note':
      return ''
    case 'reset':
      return entry.atr === null ? 'none' : 'ATR'
    case 'apdu':
      return entry.response === null ? 'none' : entry.response.slice(-4).toUpperCase()
    case 'http':
      return entry.response === null ? 'none' : String(entry.response.status)
  }
}

const statusWordOf = ({ response, error }: Extract<Entry, { kind: 'apdu' }>): string | undefined =>
  response === null ? error : describeStatusWord(response.slice(-4))

/** Sizes of request and response: bytes of an APDU, characters of an HTTP body. */
const sizeOf = (entry: Entry): string => {
  switch (entry.kind) {
    case 'note':
      return ''
    case 'reset':
      return `0 → ${(entry.atr ?? '').length / 2}`
    case 'apdu':
      return `${entry.command.length / 2} → ${entry.response === null ? 0 : entry.response.length / 2}`
    case 'http':
      return `${entry.request.body.length} → ${entry.response?.body.length ?? 0}`
  }
}
