/** What the page knows, and the one connection by which it learns it. React reads snapshots; everything else is here. */
import { io, type Socket } from 'socket.io-client'
import type {
  BenchInfo,
  DeviceAction,
  DeviceState,
  EventBatch,
  PageToServer,
  RunSummary,
  ScriptCall,
  ServerToPage,
  StartedRun,
} from '../../../src/bench/api-contract.ts'
import type { RigSummary } from '../../../src/evidence/events.ts'
import { emptyRun, foldEvents, type RunState } from '../run/run-state.ts'
import { getJson, postJson } from './bench-api.ts'

/** `offline` keeps trying too; it says that trying has gone on for a while. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline'

export interface Snapshot {
  readonly connection: Connection
  /** When the connection was lost: what is shown is as of then. */
  readonly lostAt: Date | null
  readonly info: BenchInfo | null
  readonly rigs: readonly RigSummary[]
  /** `null`: not told yet. Newest first. */
  readonly runs: readonly RunSummary[] | null
  readonly run: RunState | null
  readonly device: DeviceState | null
  readonly problem: string | null
}

export interface BenchStore {
  subscribe(listener: () => void): () => void
  snapshot(): Snapshot
  follow(runId: string | null): void
  startRun(rig: string | undefined): Promise<string | null>
  act(action: DeviceAction): Promise<void>
  onScript(listener: (call: ScriptCall) => void): () => void
  dismissProblem(): void
}

const ATTEMPTS_BEFORE_OFFLINE = 4

export const openBenchStore = (clock: () => Date = () => new Date()): BenchStore => {
  let state: Snapshot = {
    connection: 'connecting',
    lostAt: null,
    info: null,
    rigs: [],
    runs: null,
    run: null,
    device: null,
    problem: null,
  }
  const listeners = new Set<() => void>()
  const scriptListeners = new Set<(call: ScriptCall) => void>()
  const put = (change: Partial<Snapshot>): void => {
    state = { ...state, ...change }
    for (const listener of listeners) listener()
  }
  const report = (error: unknown): void => put({ problem: error instanceof Error ? error.message : String(error) })

  const socket: Socket<ServerToPage, PageToServer> = io({
    transports: ['websocket', 'polling'],
    reconnectionDelay: 250,
    reconnectionDelayMax: 4000,
  })
  const sendFollow = (): void => {
    if (state.run && socket.connected) socket.emit('follow', { runId: state.run.runId, lastSeq: state.run.lastSeq })
  }
  const lose = (): void =>
    put({ connection: state.connection === 'offline' ? 'offline' : 'reconnecting', lostAt: state.lostAt ?? clock() })

  socket.on('connect', () => {
    put({ connection: 'live', lostAt: null })
    sendFollow()
    void refresh()
  })
  socket.on('disconnect', reason => {
    lose()
    // The one reason after which the client would not come back by itself.
    if (reason === 'io server disconnect') socket.connect()
  })
  socket.on('connect_error', lose)
  socket.io.on('reconnect_attempt', attempt => {
    if (attempt > ATTEMPTS_BEFORE_OFFLINE) put({ connection: 'offline' })
  })
  // What is pushed while an answer is on its way is newer than the answer.
  let pushedRuns: RunSummary[] | null = null
  let devicePushes = 0
  /** What a page that was away has missed and no event will repeat. One answer that fails does not hold up the others. */
  const refresh = async (): Promise<void> => {
    pushedRuns = []
    const pushes = devicePushes
    const answers = await Promise.allSettled([
      getJson<BenchInfo>('/api/info').then(info => put({ info })),
      getJson<readonly RigSummary[]>('/api/rigs').then(rigs => put({ rigs })),
      getJson<readonly RunSummary[]>('/api/runs').then(runs => put({ runs: mergeRuns(runs, pushedRuns ?? []) })),
      getJson<DeviceState>('/api/device').then(device => {
        if (devicePushes === pushes) put({ device })
      }),
    ])
    pushedRuns = null
    const failed = answers.find(answer => answer.status === 'rejected')
    if (failed) report(failed.reason)
  }
  socket.on('runs', changed => {
    pushedRuns?.push(...changed)
    put({ runs: mergeRuns(state.runs ?? [], changed) })
  })
  socket.on('device', device => {
    devicePushes += 1
    put({ device })
  })
  socket.on('device-script', call => {
    for (const listener of scriptListeners) listener(call)
  })
  socket.on('events', ({ runId, events }: EventBatch) => {
    if (state.run?.runId !== runId) return
    const wasGap = state.run.gap
    const run = foldEvents(state.run, events)
    if (run === state.run) return
    put({ run })
    // Asked once for each gap: a server that cannot fill it would otherwise be asked for ever.
    if (run.gap && !wasGap) sendFollow()
  })

  return {
    subscribe: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    snapshot: () => state,
    follow: runId => {
      if (state.run?.runId === (runId ?? undefined)) return
      put({ run: runId === null ? null : emptyRun(runId) })
      sendFollow()
    },
    startRun: async rig => {
      try {
        const started = await postJson<StartedRun>('/api/runs', { scenario: 'activate', ...(rig && { rig }) })
        return started.runId
      } catch (error) {
        report(error)
        return null
      }
    },
    act: async action => {
      try {
        const pushes = devicePushes
        const device = await postJson<DeviceState>('/api/device/actions', action)
        // What was pushed meanwhile is at least as new, and came by a path of its own.
        if (devicePushes === pushes) put({ device })
      } catch (error) {
        report(error)
      }
    },
    onScript: listener => {
      scriptListeners.add(listener)
      return () => scriptListeners.delete(listener)
    },
    dismissProblem: () => put({ problem: null }),
  }
}

const mergeRuns = (known: readonly RunSummary[], changed: readonly RunSummary[]): readonly RunSummary[] => {
  const byId = new Map(known.map(run => [run.runId, run]))
  for (const run of changed) byId.set(run.runId, run)
  return [...byId.values()].sort((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
}
