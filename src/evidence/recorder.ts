import type { BenchEvent, Observation } from './events.ts'
import type { EvidenceFile } from './evidence-file.ts'
import { createRedactor } from './redact.ts'

/** Milliseconds that only grow, with fractions: what durations are measured with. */
export type Stopwatch = () => number

export interface Recorder {
  readonly runId: string
  /** Takes the secrets out of what was observed, stamps it, writes it down, and tells the listener; in that order. */
  record(observation: Observation): BenchEvent | undefined
  /** What is observed from now on happened during this step, until `undefined` says that none is going on. */
  during(step: number | undefined): void
  /** The run is over: what a page or a socket still has to say is not part of it. */
  close(): void
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

export const createRecorder = (at: {
  runId: string
  file: EvidenceFile
  clock: () => Date
  stopwatch: Stopwatch
  listen?: (event: BenchEvent) => void
}): Recorder => {
  const began = at.stopwatch()
  const redact = createRedactor()
  let seq = 0
  let current: number | undefined
  let isClosed = false
  return {
    runId: at.runId,
    during(step) {
      current = step
    },
    close() {
      isClosed = true
    },
    record(observation) {
      if (isClosed) return undefined
      const step = observation.step ?? current
      const event = {
        runId: at.runId,
        seq: ++seq,
        at: at.clock().toISOString(),
        ms: round(at.stopwatch() - began),
        ...(step === undefined ? {} : { step }),
        ...redact(observation),
      } as BenchEvent
      at.file.append(event)
      if (event.kind === 'step-ended' || event.kind === 'run-ended') at.file.sync()
      at.listen?.(event)
      return event
    },
  }
}
