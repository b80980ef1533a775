import type { RunSummary } from '../../../src/bench/api-contract.ts'
import { type MarkState, StateMark } from '../run/state-mark.tsx'
import { CAUSE_WORDS, formatClock, formatDay, formatDuration, VERDICT_WORDS } from '../run/wording.ts'

/** Limits the number of DOM elements after a night of runs. */
const SHOWN_AT_MOST = 200

export const RunList = ({
  runs,
  current,
  pinned,
  onChoose,
}: {
  runs: readonly RunSummary[] | null
  current: string | null
  /** The user selected one run. The page does not switch to newer runs. */
  pinned: boolean
  onChoose: (runId: string | null) => void
}) => {
  if (runs === null) return <p className="side-empty">Waiting for the bench…</p>
  if (runs.length === 0) return <p className="side-empty">No runs yet.</p>
  const shown = runs.slice(0, SHOWN_AT_MOST)
  return (
    <>
      <button
        type="button"
        className="newest"
        aria-pressed={!pinned}
        onClick={() => onChoose(null)}
        title="Show each new run when it starts"
      >
        Follow the newest run
      </button>
      {daysOf(shown).map(([day, ofDay]) => (
        <section key={day}>
          <h2>{day}</h2>
          <ul className="runs">
            {ofDay.map(run => (
              <li key={run.runId}>
                <button
                  type="button"
                  className="run-item"
                  aria-current={run.runId === current ? 'true' : undefined}
                  onClick={() => onChoose(run.runId)}
                  title={run.summary}
                  data-run={run.runId}
                  data-subject={run.rig.subject}
                >
                  <StateMark state={stateOf(run)} label={wordsOf(run)} />
                  <span className="run-time">{formatClock(run.startedAt)}</span>
                  <span className="run-took">{run.took === undefined ? '' : formatDuration(run.took)}</span>
                  <span className="run-rig">
                    <span className="run-rig-name" title={run.rig.name}>
                      {run.rig.name}
                    </span>
                    {run.rig.subject === 'software' && <span className="chip-software">not hardware</span>}
                  </span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {runs.length > SHOWN_AT_MOST && (
        <p className="side-empty">
          The list shows the newest {SHOWN_AT_MOST} of {runs.length} runs.
        </p>
      )}
    </>
  )
}

const stateOf = (run: RunSummary): MarkState =>
  run.state === 'running' ? 'running' : run.state === 'interrupted' ? 'interrupted' : (run.verdict ?? 'unreached')

const wordsOf = (run: RunSummary): string => {
  if (run.state === 'running') return 'Running'
  if (run.state === 'interrupted' || !run.verdict) return 'Interrupted: no verdict'
  return run.cause ? `${VERDICT_WORDS[run.verdict]}, ${CAUSE_WORDS[run.cause]}` : VERDICT_WORDS[run.verdict]
}

const daysOf = (runs: readonly RunSummary[]): readonly (readonly [string, readonly RunSummary[]])[] => {
  const days = new Map<string, RunSummary[]>()
  for (const run of runs) {
    const day = formatDay(run.startedAt)
    days.set(day, [...(days.get(day) ?? []), run])
  }
  return [...days]
}
