import type { BenchEvent, RigSummary } from '../../evidence/events.ts'
import type { Fetch } from '../../rsp/fetch.ts'
import type {
  BenchInfo,
  DeviceAction,
  DeviceState,
  RunSummary,
  ScriptCall,
  StartedRun,
  StartRun,
} from '../api-contract.ts'

/** The interactive device of the page. */
export interface DeviceSession {
  state(): DeviceState
  act(action: DeviceAction): Promise<DeviceState>
  /** The portal as the web view of the device shows it. */
  readonly frame: Fetch
  onChange(listener: (state: DeviceState) => void): () => void
  onScript(listener: (call: ScriptCall) => void): () => void
}

/** The functions of the bench that the HTTP API uses. */
export interface Backend {
  info(): Promise<BenchInfo>
  rigs(): Promise<readonly RigSummary[]>
  runs(): Promise<readonly RunSummary[]>
  eventsAfter(runId: string, seq: number): readonly BenchEvent[]
  startRun(request: StartRun): Promise<StartedRun>
  onEvent(listener: (event: BenchEvent) => void): () => void
  onChange(listener: (run: RunSummary) => void): () => void
  readonly device: DeviceSession
}
