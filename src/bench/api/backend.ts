import type { BenchEvent, RigSummary } from '../../evidence/events.ts'
import type { BenchInfo, RunSummary, StartedRun, StartRun } from '../api-contract.ts'
import type { DeviceSession } from '../device/device-session.ts'

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
