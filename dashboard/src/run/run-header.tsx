import { useState } from 'react'
import type { RunState } from './run-state.ts'
import { plannedSteps } from './run-state.ts'
import { StateShape, VerdictBadge } from './state-mark.tsx'
import { formatClock, formatDay, formatDuration, LINK_WORDS, SOFTWARE_MARK } from './wording.ts'

export const RunHeader = ({ run, interrupted }: { run: RunState; interrupted: boolean }) => {
  const { started, ended } = run
  if (started === null) return null
  const software = started.rig.subject === 'software'
  return (
    <section className="run-header" aria-label="This run" data-subject={started.rig.subject}>
      <div className="run-verdict">
        {ended ? (
          <VerdictBadge verdict={ended.verdict} cause={ended.cause} subject={started.rig.subject} />
        ) : (
          <span className={`verdict verdict-${interrupted ? 'interrupted' : 'running'}`}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <StateShape state={interrupted ? 'interrupted' : 'running'} />
            </svg>
            <span className="verdict-word">{interrupted ? 'Interrupted' : 'Running'}</span>
          </span>
        )}
        <p className="run-summary">{ended?.summary ?? (interrupted ? INTERRUPTED : progressOf(run))}</p>
      </div>
      {software && (
        <p className="software-mark" data-mark="software">
          <span>{SOFTWARE_MARK}</span>
        </p>
      )}
      <dl className="facts">
        <Fact name="Rig" title={`${started.rig.description} ${started.rig.why}`}>
          {started.rig.name} <span className="faint">{LINK_WORDS[started.rig.link]}</span>
        </Fact>
        {started.rig.eid && (
          <Fact name="EID">
            <Identifier value={started.rig.eid} />
          </Fact>
        )}
        <Fact name="Start" title={started.at}>
          {formatClock(started.at)} <span className="faint">{formatDay(started.at)}</span>
        </Fact>
        <Fact name="Duration">{formatDuration(ended?.took ?? run.lastMs)}</Fact>
        <Fact name="APDUs">{run.apdus.toLocaleString('en')}</Fact>
        <Fact name="Requests">{run.requests.toLocaleString('en')}</Fact>
        <Fact name="Run" title={`${started.scenario}, bench ${started.bench}`}>
          <code>{run.runId}</code>
        </Fact>
      </dl>
    </section>
  )
}

const INTERRUPTED = 'The bench stopped before the run ended. The run has no verdict.'

const progressOf = (run: RunState): string => {
  const steps = plannedSteps(run)
  const running = steps.find(view => view.step === run.running)
  return running ? `Step ${running.step} of ${steps.length}: ${running.name}` : `${steps.length} steps, not started`
}

const Fact = ({ name, title, children }: { name: string; title?: string; children: React.ReactNode }) => (
  <div title={title}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** An identifier of a card, such as the EID. It can identify a person, so the page shows all digits only on request. */
const Identifier = ({ value }: { value: string }) => {
  const [open, setOpen] = useState(false)
  return (
    <button
      type="button"
      className="identifier"
      aria-expanded={open}
      title={open ? 'Hide' : 'Show all digits'}
      onClick={() => setOpen(!open)}
    >
      {open ? value : `…${value.slice(-6)}`}
    </button>
  )
}
