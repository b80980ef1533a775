import type { Selection } from '../route.ts'
import { plannedSteps, type RunState, type StepView } from '../run/run-state.ts'
import { StateMark } from '../run/state-mark.tsx'
import { CAUSE_WORDS, formatDuration, PART_NAMES, plural, STATE_WORDS } from '../run/wording.ts'
import { ExchangeDetail, NoteDetail, ResetDetail } from './exchange-detail.tsx'

/** The selected step or entry with all its data. Without a selection: notes and times of the run. */
export const DetailPane = ({
  run,
  selected,
  onSelect,
  onClose,
}: {
  run: RunState
  selected: Selection | null
  onSelect: (selected: Selection | null) => void
  onClose: (() => void) | null
}) => {
  const step = selected?.type === 'step' ? run.steps.find(view => view.step === selected.step) : undefined
  const entry =
    selected?.type === 'entry'
      ? run.steps.flatMap(view => view.entries).find(known => known.seq === selected.seq)
      : undefined
  const title = entry
    ? entry.kind === 'note'
      ? 'Note'
      : entry.label
    : step
      ? `${step.step === 0 ? '' : `${step.step}. `}${step.name}`
      : 'Run summary'
  return (
    <section className="detail" aria-label="Details" data-detail={entry?.seq ?? (step ? `step-${step.step}` : 'run')}>
      <h3 className="detail-title">
        <span>{title}</span>
        {selected !== null && (
          <button type="button" className="button ghost" onClick={onClose ?? (() => onSelect(null))}>
            Close
          </button>
        )}
      </h3>
      <div className="detail-body">
        {entry?.kind === 'note' ? (
          <NoteDetail note={entry} />
        ) : entry?.kind === 'reset' ? (
          <ResetDetail reset={entry} />
        ) : entry ? (
          <ExchangeDetail key={entry.seq} entry={entry} />
        ) : step ? (
          <StepDetail view={step} onSelect={onSelect} />
        ) : (
          <RunAtAGlance run={run} onSelect={onSelect} />
        )}
      </div>
    </section>
  )
}

const StepDetail = ({ view, onSelect }: { view: StepView; onSelect: (selected: Selection) => void }) => (
  <>
    {view.step > 0 && (
      <p className="step-verdict">
        <StateMark state={view.state} />
        <span>
          <b>{STATE_WORDS[view.state]}</b>
          {view.cause && `, ${CAUSE_WORDS[view.cause]}`}
        </span>
        {view.errorCode && <code>{view.errorCode}</code>}
      </p>
    )}
    {view.step === 0 && (
      <p>
        Events outside the steps, such as opening the card before step 1 and sending notifications after the last step.
      </p>
    )}
    {view.summary && <p>{view.summary}</p>}
    <dl className="facts facts-tall">
      {view.from && view.to && (
        <div>
          <dt>Between</dt>
          <dd>{view.from === view.to ? PART_NAMES[view.from] : `${PART_NAMES[view.from]} → ${PART_NAMES[view.to]}`}</dd>
        </div>
      )}
      {view.took !== undefined && (
        <div>
          <dt>Duration</dt>
          <dd>{formatDuration(view.took)}</dd>
        </div>
      )}
      {view.apdus > 0 && (
        <div>
          <dt>APDU</dt>
          <dd>
            {plural(view.apdus, 'exchange')}, {formatDuration(view.apduMs)}
          </dd>
        </div>
      )}
      {view.requests > 0 && (
        <div>
          <dt>HTTP</dt>
          <dd>
            {plural(view.requests, 'request')}, {formatDuration(view.httpMs)}
          </dd>
        </div>
      )}
      {view.failures > 0 && (
        <div>
          <dt>Failed</dt>
          <dd className="bad">{plural(view.failures, 'exchange')}</dd>
        </div>
      )}
    </dl>
    <Notes steps={[view]} onSelect={onSelect} />
  </>
)

const RunAtAGlance = ({ run, onSelect }: { run: RunState; onSelect: (selected: Selection) => void }) => {
  const steps = plannedSteps(run)
  return (
    <>
      <Notes steps={run.steps} onSelect={onSelect} />
      <table className="times">
        <caption className="visually-hidden">Time of each step</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">APDU</th>
            <th scope="col">HTTP</th>
            <th scope="col">Rest</th>
            <th scope="col">Total</th>
          </tr>
        </thead>
        <tbody>
          {steps.map(view => (
            <tr key={view.step}>
              <th scope="row">
                {view.step}. {view.name}
              </th>
              <td>{cell(view.apduMs)}</td>
              <td>{cell(view.httpMs)}</td>
              <td>{cell(view.restMs)}</td>
              <td>{cell(view.apduMs + view.httpMs + view.restMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="keys">
        <kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>→</kbd> <kbd>←</kbd> open and close, <kbd>/</kbd> filter, <kbd>.</kbd> next
        failure, <kbd>Esc</kbd> back to this summary
      </p>
    </>
  )
}

const cell = (ms: number): string => (ms === 0 ? '–' : formatDuration(ms))

const Notes = ({ steps, onSelect }: { steps: readonly StepView[]; onSelect: (selected: Selection) => void }) => {
  const notes = steps.flatMap(view => view.entries.flatMap(entry => (entry.kind === 'note' ? [entry] : [])))
  if (notes.length === 0) return null
  return (
    <ul className="notes" aria-label="Notes">
      {notes.map(note => (
        <li key={note.seq}>
          <button type="button" onClick={() => onSelect({ type: 'entry', seq: note.seq })}>
            <span className="note-part">{PART_NAMES[note.part]}</span>
            <span>{note.text}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}
