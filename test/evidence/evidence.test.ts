import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRunBook } from '../../src/bench/run/run-book.ts'
import { rebuildStore } from '../../src/bench/store/rebuild.ts'
import { openStore } from '../../src/bench/store/store.ts'
import type { BenchEvent, Observation } from '../../src/evidence/events.ts'
import {
  createEvidenceFile,
  createRunId,
  evidencePath,
  isRunId,
  readEvidence,
} from '../../src/evidence/evidence-file.ts'
import { createRecorder } from '../../src/evidence/recorder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const clock = () => new Date('2026-11-22T20:00:00.123Z')
const runId = createRunId(clock(), length => new Uint8Array(length).fill(0xab))

const STARTED: Observation = {
  kind: 'run-started',
  scenario: 'activate',
  bench: '0.1.0',
  rig: { name: 'software', link: 'software', subject: 'software', description: 'd', why: 'w' },
  steps: [
    { step: 1, name: 'one', from: 'app', to: 'service' },
    { step: 2, name: 'two', from: 'app', to: 'portal' },
  ],
}
const STEP_ENDED: Observation = {
  kind: 'step-ended',
  name: 'one',
  verdict: 'pass',
  took: 12.5,
  summary: 'fine',
  step: 1,
}
const RUN_ENDED: Observation = {
  kind: 'run-ended',
  verdict: 'fail',
  cause: 'server',
  took: 20,
  apdus: 3,
  summary: 'no',
}

const record = (observations: readonly Observation[]): BenchEvent[] => {
  const file = createEvidenceFile(folder, runId)
  let ms = 1000
  const recorder = createRecorder({ runId, file, clock, stopwatch: () => (ms += 0.25) })
  const events = observations.map(observation => recorder.record(observation)!)
  file.close()
  return events
}

describe('the evidence of a run', () => {
  it('the run ID sorts by time', () => {
    expect(runId).toBe('20261122T200000123Z-ababab')
    expect(isRunId(runId)).toBe(true)
    expect(isRunId('../../etc/passwd')).toBe(false)
  })

  it('the evidence file numbers events without gaps and returns them unchanged', () => {
    const events = record([STARTED, STEP_ENDED, RUN_ENDED])
    expect(events.map(({ seq, ms, at }) => [seq, ms, at])).toEqual([
      [1, 0.25, '2026-11-22T20:00:00.123Z'],
      [2, 0.5, '2026-11-22T20:00:00.123Z'],
      [3, 0.75, '2026-11-22T20:00:00.123Z'],
    ])
    expect(readEvidence(folder, runId)).toEqual(events)
  })

  it('the evidence file adds the current step to each event', () => {
    const file = createEvidenceFile(folder, runId)
    const recorder = createRecorder({ runId, file, clock, stopwatch: () => 0 })
    const note: Observation = { kind: 'note', part: 'app', text: 'x' }
    expect(recorder.record(note)).not.toHaveProperty('step')
    recorder.during(3)
    expect(recorder.record(note)?.step).toBe(3)
    expect(recorder.record({ ...note, step: 5 })?.step).toBe(5)
    recorder.during(undefined)
    expect(recorder.record(note)).not.toHaveProperty('step')
    file.close()
  })

  it('the evidence file rejects events after close', () => {
    const file = createEvidenceFile(folder, runId)
    const recorder = createRecorder({ runId, file, clock, stopwatch: () => 0 })
    recorder.record(STARTED)
    recorder.close()
    file.close()
    expect(recorder.record(STEP_ENDED)).toBeUndefined()
    expect(readEvidence(folder, runId)).toHaveLength(1)
  })

  it('createEvidenceFile rejects a second file for the same run', () => {
    createEvidenceFile(folder, runId).close()
    expect(() => createEvidenceFile(folder, runId)).toThrow(/EEXIST/)
  })

  it('the evidence file can end in an incomplete line, and only its last line can be incomplete', () => {
    const events = record([STARTED, STEP_ENDED])
    const whole = readFileSync(evidencePath(folder, runId))
    const second = whole.indexOf('\n') + 1
    for (let length = second; length < whole.length - 1; length++) {
      writeFileSync(evidencePath(folder, runId), whole.subarray(0, length))
      expect(readEvidence(folder, runId)).toEqual(events.slice(0, 1))
    }
    writeFileSync(evidencePath(folder, runId), whole)
    appendFileSync(evidencePath(folder, runId), '{"seq":\n{}\n')
    expect(() => readEvidence(folder, runId)).toThrow(/line 3 is not an event/)
  })

  it('the evidence of an unknown run is rejected', () => {
    for (const id of ['20261122T200000123Z-000000', '../secret'])
      expect(() => readEvidence(folder, id)).toThrow(expect.objectContaining({ code: 'no-such-run' }))
  })
})

describe('the run store', () => {
  it('the store derives the same row from live events and from evidence', async () => {
    const live = await openStore(':memory:')
    for (const event of record([STARTED, STEP_ENDED, RUN_ENDED])) await live.apply(event)
    const again = await openStore(join(folder, 'store.db'))
    expect(await rebuildStore(again, folder)).toEqual([])
    const runs = await again.runs()
    expect(runs).toEqual(await live.runs())
    expect(runs).toEqual([
      {
        runId,
        scenario: 'activate',
        rig: { name: 'software', link: 'software', subject: 'software' },
        startedAt: '2026-11-22T20:00:00.123Z',
        state: 'ended',
        lastSeq: 3,
        verdict: 'fail',
        cause: 'server',
        took: 20,
        apdus: 3,
        summary: 'no',
      },
    ])
    await live.close()
    await again.close()
  })

  it('the store persists runs and marks a run without a process as interrupted', async () => {
    const path = join(folder, 'store.db')
    const store = await openStore(path)
    for (const event of record([STARTED, STEP_ENDED])) await store.apply(event)
    await store.close()
    const later = await openStore(path)
    await rebuildStore(later, folder)
    expect(await later.run(runId)).toMatchObject({ state: 'interrupted', lastSeq: 2 })
    await later.close()
  })

  it('the store completes the row of a run from evidence after a crash', async () => {
    const path = join(folder, 'store.db')
    const store = await openStore(path)
    const events = record([STARTED, STEP_ENDED, RUN_ENDED])
    for (const event of events.slice(0, 2)) await store.apply(event)
    await store.close()
    const later = await openStore(path)
    expect(await rebuildStore(later, folder)).toEqual([])
    expect(await later.run(runId)).toMatchObject({ state: 'ended', verdict: 'fail', lastSeq: 3 })
    await later.close()
  })

  it('the store is rebuilt from evidence if its database pages are damaged', async () => {
    const path = join(folder, 'store.db')
    const store = await openStore(path)
    for (const event of record([STARTED, STEP_ENDED, RUN_ENDED])) await store.apply(event)
    await store.close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 4096)
    writeFileSync(path, bytes)
    const again = await openStore(path)
    expect(await rebuildStore(again, folder)).toEqual([])
    expect(await again.run(runId)).toMatchObject({ verdict: 'fail' })
    await again.close()
  })

  it('the store contains the rows after a failed one', async () => {
    const store = await openStore(':memory:')
    const lost = new Error('the disk was full for a moment')
    const reported: unknown[] = []
    const book = createRunBook({
      store: {
        ...store,
        apply: event => (event.kind === 'step-ended' ? Promise.reject(lost) : store.apply(event)),
      },
      evidenceFolder: folder,
      clock,
      stopwatch: () => 0,
      random: length => new Uint8Array(length),
      report: error => reported.push(error),
    })
    const run = book.open()
    for (const observation of [STARTED, STEP_ENDED, RUN_ENDED]) run.recorder.record(observation)
    await run.close()
    expect(await store.run(run.runId)).toMatchObject({ state: 'ended', verdict: 'fail' })
    expect(reported).toEqual([lost])
    await store.close()
  })

  it('the store is rebuilt from evidence if its file is not a database', async () => {
    record([STARTED, STEP_ENDED, RUN_ENDED])
    const path = join(folder, 'store.db')
    writeFileSync(path, 'this is no database, and long enough to be looked at as one'.repeat(100))
    const store = await openStore(path)
    expect(await rebuildStore(store, folder)).toEqual([])
    expect(await store.run(runId)).toMatchObject({ verdict: 'fail' })
    await store.close()
  })

  it('the store skips damaged evidence and reports its run', async () => {
    record([STARTED])
    appendFileSync(evidencePath(folder, runId), '{}\n{}\n')
    const store = await openStore(':memory:')
    const [damage] = await rebuildStore(store, folder)
    expect(damage?.message).toContain(runId)
    await store.close()
  })
})
