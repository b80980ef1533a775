/** The state of the page and its connection to the bench. React components read snapshots of the state. */
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

/** `offline`: several attempts to reconnect failed. The client continues to try. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'offline'

export interface Snapshot {
  readonly connection: Connection
  /** The time at which the connection was lost. The shown state is from this time. */
  readonly lostAt: Date | null
  readonly info: BenchInfo | null
  readonly rigs: readonly RigSummary[]
  /** Newest first; `null` until the bench has sent the list. */
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
    // After this reason alone, socket.io does not reconnect automatically.
    if (reason === 'io server disconnect') socket.connect()
  })
  socket.on('connect_error', lose)
  socket.io.on('reconnect_attempt', attempt => {
    if (attempt > ATTEMPTS_BEFORE_OFFLINE) put({ connection: 'offline' })
  })
  // State that the bench pushes during a request is newer than the response of the request.
  let pushedRuns: RunSummary[] | null = null
  let devicePushes = 0
  /** Loads the state that events do not repeat after a reconnect. A failed response does not delay the others. */
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
    // Request each gap once. Otherwise a server that cannot fill the gap would cause an endless loop.
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
        // State that was pushed during the request is at least as new as the response.
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
