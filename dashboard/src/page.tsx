import { useCallback, useEffect, useState } from 'react'
import { ConnectionState } from './bench/connection-state.tsx'
import { RunList } from './bench/run-list.tsx'
import { StartRun } from './bench/start-run.tsx'
import { useRoute, useSnapshot, useStore } from './bench/use-bench.ts'
import { DevicePage } from './device/device-page.tsx'
import type { Route } from './route.ts'
import { RunPage } from './run/run-page.tsx'
import type { RunState } from './run/run-state.ts'
import { VERDICT_WORDS } from './run/wording.ts'

export const Page = () => {
  const store = useStore()
  const { runs, run, device, problem, info, connection } = useSnapshot()
  const [route, go] = useRoute()
  const [listOpen, setListOpen] = useState(false)

  const newest = runs?.[0]?.runId ?? null
  const followed = route.view === 'device' ? (device?.runId ?? null) : (route.runId ?? newest)
  useEffect(() => store.follow(followed), [store, followed])
  useEffect(() => {
    document.title = titleOf(route, run)
  }, [route, run])

  const choose = useCallback(
    (runId: string | null) => {
      setListOpen(false)
      go({ view: 'run', runId, selected: null })
    },
    [go],
  )
  const started = useCallback((runId: string) => go({ view: 'run', runId, selected: null }), [go])

  return (
    <div className="shell">
      <button type="button" className="button skip" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the run
      </button>
      <header className="top-bar">
        <button
          type="button"
          className="button ghost list-toggle"
          aria-expanded={listOpen}
          aria-controls="run-list"
          onClick={() => setListOpen(!listOpen)}
        >
          Runs
        </button>
        <h1 className="wordmark">
          <img src="/favicon.svg" alt="" width="20" height="20" />
          esim-bench
        </h1>
        <Views route={route} />
        <span className="grow" />
        <ConnectionState />
        <StartRun onStarted={started} />
      </header>
      {problem && (
        <div className="problem" role="alert">
          <span>{problem}</span>
          <button type="button" className="button ghost" onClick={store.dismissProblem}>
            Dismiss
          </button>
        </div>
      )}
      <div className={`columns${connection === 'live' ? '' : ' stale'}`}>
        <nav
          id="run-list"
          className={`side${listOpen ? ' side-open' : ''}`}
          aria-label="Runs"
          onKeyDown={event => {
            if (event.key === 'Escape') setListOpen(false)
          }}
        >
          <RunList
            runs={runs}
            current={followed}
            pinned={route.view === 'run' && route.runId !== null}
            onChoose={choose}
          />
          {info && (
            <footer className="side-foot">
              <span>esim-bench {info.version}</span>
              <span className="faint" title={info.home}>
                {info.home}
              </span>
            </footer>
          )}
        </nav>
        <main id="main" tabIndex={-1}>
          {route.view === 'device' ? <DevicePage /> : <RunPage route={route} go={go} />}
        </main>
      </div>
    </div>
  )
}

/** The title of the browser tab shows the state of the run while another tab is open. */
const titleOf = (route: Route, run: RunState | null): string => {
  if (route.view === 'device') return 'Device · esim-bench'
  if (run?.ended) return `${VERDICT_WORDS[run.ended.verdict]}${inSoftware(run)} · esim-bench`
  return run?.running ? `Step ${run.running}${inSoftware(run)} · esim-bench` : 'esim-bench'
}

const inSoftware = (run: RunState): string => (run.started?.rig.subject === 'software' ? ' in software' : '')

const Views = ({ route }: { route: Route }) => (
  <nav className="views" aria-label="Views">
    <a href="#/" aria-current={route.view === 'run' ? 'page' : undefined}>
      Run
    </a>
    <a href="#/device" aria-current={route.view === 'device' ? 'page' : undefined}>
      Device
    </a>
  </nav>
)
