import type { BenchEvent, Observation } from './events.ts'
import type { EvidenceFile } from './evidence-file.ts'
import { createRedactor } from './redact.ts'

/** Monotonic milliseconds with fractions, for durations. */
export type Stopwatch = () => number

/** One point in time, on both clocks of a run. */
export interface Moment {
  readonly at: Date
  readonly stopwatch: number
}

export interface Recorder {
  readonly runId: string
  /**
   * Redacts the observation, stamps it, writes it and notifies the listener, in this order. `moment` is the time of the
   * observation if it happened before it could be written.
   */
  record(observation: Observation, moment?: Moment): BenchEvent | undefined
  /** Later observations belong to this step; `undefined`: to no step. */
  during(step: number | undefined): void
  /** Ends the run: later observations are ignored. */
  close(): void
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000

export const createRecorder = (at: {
  runId: string
  file: EvidenceFile
  clock: () => Date
  stopwatch: Stopwatch
  /** When the run began; now if absent. */
  began?: Moment | undefined
  listen?: (event: BenchEvent) => void
}): Recorder => {
  const began = at.began?.stopwatch ?? at.stopwatch()
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
    record(observation, moment = { at: at.clock(), stopwatch: at.stopwatch() }) {
      if (isClosed) return undefined
      const step = observation.step ?? current
      const event = {
        runId: at.runId,
        seq: ++seq,
        at: moment.at.toISOString(),
        ms: round(moment.stopwatch - began),
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
