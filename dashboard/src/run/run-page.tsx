import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useMedia, useSnapshot } from '../bench/use-bench.ts'
import { DetailPane } from '../exchange/detail-pane.tsx'
import { type EntryFilter, NO_FILTER } from '../outline/entry-filter.ts'
import { FilterBar } from '../outline/filter-bar.tsx'
import { createOutline, entryRowId, stepRowId } from '../outline/outline.ts'
import { OutlineList } from '../outline/outline-list.tsx'
import { TimePlot } from '../outline/time-plot.tsx'
import type { Route, Selection } from '../route.ts'
import { ArchitecturePicture } from './architecture-picture.tsx'
import { RunHeader } from './run-header.tsx'
import { hasFailed, type RunState } from './run-state.ts'
import { STATE_WORDS } from './wording.ts'

type RunRoute = Extract<Route, { view: 'run' }>

export const RunPage = ({ route, go }: { route: RunRoute; go: (next: Route) => void }) => {
  const { run, runs, connection } = useSnapshot()
  if (runs === null && run === null)
    return <Empty title="Waiting for the bench" text="The page shows the runs when the bench responds." />
  if (run === null)
    return (
      <Empty
        title="No runs yet"
        text="Start a run with the button above, or with “npx esim-bench run activate” in a terminal. This page then shows its eight steps live."
      />
    )
  if (run.started === null)
    return runs?.some(known => known.runId === run.runId) || connection !== 'live' ? (
      <Empty title="Loading the run" text={run.runId} />
    ) : (
      <Empty title="No such run" text={`The bench has no run “${run.runId}”. Select another run in the list.`} />
    )
  const summary = runs?.find(known => known.runId === run.runId)
  return <Run key={run.runId} run={run} route={route} go={go} interrupted={summary?.state === 'interrupted'} />
}

const Run = ({
  run,
  route,
  go,
  interrupted,
}: {
  run: RunState
  route: RunRoute
  go: (next: Route) => void
  interrupted: boolean
}) => {
  const { connection } = useSnapshot()
  const [filter, setFilter] = useState<EntryFilter>(NO_FILTER)
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const [tail, setTail] = useState(true)
  const wide = useMedia('(min-width: 1080px)')
  const { selected } = route
  const live = connection === 'live' && run.ended === null && !interrupted

  const select = useCallback((next: Selection | null) => go({ ...route, selected: next }), [go, route])
  const toggle = useCallback((step: number, open?: boolean) => {
    setTail(false)
    setOpened(known => {
      const next = new Set(known)
      if (open ?? !known.has(step)) next.add(step)
      else next.delete(step)
      return next
    })
  }, [])
  const pickStep = useCallback(
    (step: number) => {
      setOpened(known => new Set(known).add(step))
      select({ type: 'step', step })
    },
    [select],
  )

  const tailing = tail && live && run.running !== null
  const shownOpen = useMemo(
    () => (tailing && run.running !== null ? new Set(opened).add(run.running) : opened),
    [opened, tailing, run.running],
  )
  const outline = useMemo(() => createOutline(run, filter, shownOpen), [run, filter, shownOpen])
  const selectedId =
    selected === null ? null : selected.type === 'step' ? stepRowId(selected.step) : entryRowId(selected.seq)

  // Open the step of a selected entry once, so that the user can close the step again.
  const revealed = useRef<string | null>(null)
  useEffect(() => {
    if (selected?.type !== 'entry' || revealed.current === selectedId) return
    const step = stepHolding(run, selected)
    if (step === undefined) return
    revealed.current = selectedId
    setOpened(known => new Set(known).add(step))
  }, [run, selected, selectedId])

  // Open the step that failed when the run ends.
  const failedStep = run.ended?.verdict === 'pass' ? undefined : run.steps.find(view => isBad(view.state))?.step
  const ended = run.ended !== null
  useEffect(() => {
    if (ended && failedStep !== undefined) setOpened(known => new Set(known).add(failedStep))
  }, [ended, failedStep])

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (event.key === '/') {
        event.preventDefault()
        document.getElementById('filter-text')?.focus()
      } else if (event.key === '.') {
        const next = nextFailure(run, selected)
        if (next !== null) select({ type: 'entry', seq: next })
      } else if (event.key === 'Escape') select(null)
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [run, selected, select])

  return (
    <div className="run" data-run={run.runId} data-subject={run.started?.rig.subject}>
      <RunHeader run={run} interrupted={interrupted} />
      <section className="overview" aria-label="Overview">
        <div className="panel">
          <ArchitecturePicture
            run={run}
            live={live}
            selectedStep={selected?.type === 'step' ? selected.step : null}
            onSelect={pickStep}
          />
        </div>
        <div className="panel panel-plot">
          <TimePlot run={run} onSelect={pickStep} />
        </div>
      </section>
      <section className="trace" aria-label="Steps and exchanges">
        <div className="panel trace-list">
          <FilterBar
            filter={filter}
            onChange={setFilter}
            run={run}
            matches={outline.matches}
            total={outline.total}
            allOpen={run.steps.every(view => opened.has(view.step))}
            onOpenAll={open => {
              setTail(false)
              setOpened(open ? new Set(run.steps.map(view => view.step)) : new Set())
            }}
          />
          <OutlineList
            outline={outline}
            selectedId={selectedId}
            tailId={tailing && run.running !== null ? run.running : null}
            canTail={live && !tail}
            onTail={() => setTail(true)}
            onHold={() => setTail(false)}
            onSelect={select}
            onToggle={toggle}
          />
        </div>
        {(wide || selected?.type === 'entry') && (
          <div className={`panel trace-detail${wide ? '' : ' trace-sheet'}`}>
            <DetailPane run={run} selected={selected} onSelect={select} onClose={wide ? null : () => select(null)} />
          </div>
        )}
      </section>
      <Announcer run={run} />
    </div>
  )
}

/** Announces each state change of a step to screen readers. */
const Announcer = ({ run }: { run: RunState }) => {
  const last = run.steps
    .filter(view => view.step > 0 && view.state !== 'pending' && view.state !== 'unreached')
    .toSorted((a, b) => a.lastMs - b.lastMs || a.step - b.step)
    .at(-1)
  const words = run.ended
    ? `The run ended: ${run.ended.verdict}. ${run.ended.summary}`
    : last
      ? `Step ${last.step}, ${last.name}: ${STATE_WORDS[last.state]}. ${last.summary ?? ''}`
      : ''
  return (
    <p className="visually-hidden" role="status" aria-live="polite" data-announcer>
      {words}
    </p>
  )
}

const Empty = ({ title, text }: { title: string; text: string }) => (
  <div className="empty">
    <div className="panel empty-picture" aria-hidden="true">
      <ArchitecturePicture run={null} live={false} selectedStep={null} onSelect={() => {}} />
    </div>
    <h2>{title}</h2>
    <p>{text}</p>
  </div>
)

const isBad = (state: string): boolean => state === 'fail' || state === 'blocked'

const stepHolding = (run: RunState, { seq }: { seq: number }): number | undefined =>
  run.steps.find(view => view.entries.some(entry => entry.seq === seq))?.step

const nextFailure = (run: RunState, selected: Selection | null): number | null => {
  const failures = run.steps.flatMap(view =>
    view.failures === 0 ? [] : view.entries.filter(hasFailed).map(entry => entry.seq),
  )
  const after = selected?.type === 'entry' ? selected.seq : 0
  return failures.find(seq => seq > after) ?? failures[0] ?? null
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]')
