import { EventEmitter } from 'node:events'
import type { BenchEvent } from '../../evidence/events.ts'
import { createEvidenceFile, createRunId, type EvidenceFile, readEvidence } from '../../evidence/evidence-file.ts'
import { createRecorder, type Moment, type Recorder, type Stopwatch } from '../../evidence/recorder.ts'
import { BenchError } from '../../host/error.ts'
import type { RunSummary } from '../api-contract.ts'
import type { Store } from '../store/store.ts'

export interface OpenRun {
  readonly runId: string
  readonly recorder: Recorder
  readonly evidence: string
  /** Resolves when all rows that can be written are written. */
  close(): Promise<void>
}

/** All runs: the current ones by event, and the stored ones from evidence. */
export interface RunBook {
  /** `began`: the start of the run if it precedes its evidence. */
  open(began?: Moment): OpenRun
  /** Events with a greater seq, in order. */
  eventsAfter(runId: string, seq: number): readonly BenchEvent[]
  summaries(): Promise<RunSummary[]>
  onEvent(listener: (event: BenchEvent) => void): () => void
  onChange(listener: (run: RunSummary) => void): () => void
}

export const createRunBook = (at: {
  store: Store
  evidenceFolder: string
  clock: () => Date
  stopwatch: Stopwatch
  random: (length: number) => Uint8Array
  /** Receives the error of a row that could not be written. The run continues, and the next start rebuilds the rows. */
  report?: (error: unknown) => void
}): RunBook => {
  const live = new Map<string, BenchEvent[]>()
  const emitter = new EventEmitter<{ event: [BenchEvent]; change: [RunSummary] }>()
  emitter.setMaxListeners(0)
  const withLiveSeq = (run: RunSummary): RunSummary => {
    const lastSeq = live.get(run.runId)?.length
    return lastSeq === undefined ? run : { ...run, lastSeq }
  }
  const subscribe =
    <K extends 'event' | 'change'>(name: K) =>
    (listener: (value: K extends 'event' ? BenchEvent : RunSummary) => void) => {
      emitter.on(name, listener as never)
      return () => void emitter.off(name, listener as never)
    }

  return {
    open(began) {
      const runId = createRunId(at.clock(), at.random)
      const file: EvidenceFile = createEvidenceFile(at.evidenceFolder, runId)
      const events: BenchEvent[] = []
      live.set(runId, events)
      let rows: Promise<void> = Promise.resolve()
      const project = async (event: BenchEvent): Promise<void> => {
        if (event.kind !== 'run-started' && event.kind !== 'step-ended' && event.kind !== 'run-ended') return
        await at.store.apply(event)
        const run = await at.store.run(runId)
        if (run) emitter.emit('change', withLiveSeq(run))
      }
      const recorder = createRecorder({
        runId,
        file,
        clock: at.clock,
        stopwatch: at.stopwatch,
        began,
        listen(event) {
          events.push(event)
          rows = rows.then(() => project(event)).catch((error: unknown) => at.report?.(error))
          emitter.emit('event', event)
        },
      })
      return {
        runId,
        recorder,
        evidence: file.path,
        async close() {
          recorder.close()
          file.close()
          live.delete(runId)
          await rows
        },
      }
    },
    eventsAfter(runId, seq) {
      const events = live.get(runId)
      if (events) return events.slice(seq)
      return readEvidence(at.evidenceFolder, runId).slice(seq)
    },
    async summaries() {
      return (await at.store.runs()).map(withLiveSeq)
    },
    onEvent: subscribe('event'),
    onChange: subscribe('change'),
  }
}

/** Parses the sequence number of a query. */
export const readSeq = (text: unknown): number => {
  if (text === undefined) return 0
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text))
    throw new BenchError('usage', 'after: a whole number is expected, the last seq that was seen')
  return Number(text)
}
