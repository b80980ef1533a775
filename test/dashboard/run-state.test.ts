import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { emptyRun, foldEvents, hasFailed, plannedSteps } from '../../dashboard/src/run/run-state.ts'
import type { ApduExchanged, BenchEvent, HttpExchanged } from '../../src/evidence/events.ts'
import { HARDWARE_RIG, STEPS, sampleRun } from './sample-run.ts'

const foldAll = (events: readonly BenchEvent[]) => foldEvents(emptyRun('run-1'), events)

describe('foldEvents', () => {
  it('foldEvents returns the eight planned steps with verdict pass after an activation', () => {
    const run = foldAll(sampleRun())
    expect(plannedSteps(run).map(view => [view.step, view.name, view.from, view.to])).toEqual(
      STEPS.map(({ step, name, from, to }) => [step, name, from, to]),
    )
    expect(plannedSteps(run).map(view => view.state)).toEqual(Array(8).fill('pass'))
    expect(run.ended?.verdict).toBe('pass')
    expect(run.running).toBeNull()
    expect(run.apdus).toBe(run.ended?.apdus)
  })

  it('foldEvents returns all steps as pending before the first one starts', () => {
    const run = foldAll(sampleRun().slice(0, 1))
    expect(plannedSteps(run).map(view => view.state)).toEqual(Array(8).fill('pending'))
  })

  it('foldEvents returns the same state for every division into batches, with repeated events', () => {
    const events = sampleRun()
    const whole = foldAll(events)
    fc.assert(
      fc.property(fc.array(fc.nat(events.length), { maxLength: 12 }), fc.nat(9), (cuts, overlap) => {
        const ends = [...new Set([...cuts, events.length])].sort((a, b) => a - b)
        let run = emptyRun('run-1')
        let start = 0
        for (const end of ends) {
          run = foldEvents(run, events.slice(Math.max(0, start - overlap), end))
          start = end
        }
        expect(run).toEqual(whole)
      }),
    )
  })

  it('foldEvents stops before a gap, sets gap and continues when the gap is filled', () => {
    const events = sampleRun()
    const gapped = foldEvents(emptyRun('run-1'), [...events.slice(0, 10), ...events.slice(12)])
    expect(gapped).toMatchObject({ lastSeq: 10, gap: true })
    const filled = foldEvents(gapped, events.slice(10))
    expect(filled).toEqual(foldAll(events))
  })

  it('takes no event of another run, and does not change what it was given', () => {
    const run = foldAll(sampleRun().slice(0, 20))
    const frozen = structuredClone(run)
    expect(foldEvents(run, sampleRun({ runId: 'other' }))).toBe(run)
    foldEvents(run, sampleRun().slice(20))
    expect(run).toEqual(frozen)
  })

  it('foldEvents returns the running step with its progress', () => {
    const events = sampleRun()
    const until = events.findIndex(event => event.kind === 'progress')
    const run = foldAll(events.slice(0, until + 1))
    expect(run.running).toBe(6)
    expect(run.steps.find(view => view.step === 6)).toMatchObject({
      state: 'running',
      progress: { done: 720, total: 2880, unit: 'bytes' },
    })
  })

  it.each(['fail', 'blocked', 'inapplicable'] as const)(
    'foldEvents keeps verdict %s with its cause and marks later steps as not reached',
    verdict => {
      const run = foldAll(sampleRun({ rig: HARDWARE_RIG, verdict, cause: 'card' }))
      expect(run.ended).toMatchObject({ verdict, cause: 'card' })
      expect(run.steps.find(view => view.step === 6)).toMatchObject({ state: verdict, cause: 'card' })
      expect(
        plannedSteps(run)
          .slice(6)
          .map(view => view.state),
      ).toEqual(['unreached', 'unreached'])
    },
  )

  it('foldEvents marks blocked steps that never started as not reached', () => {
    const events = sampleRun({ rig: HARDWARE_RIG, verdict: 'blocked', cause: 'rig' })
    const end = events.at(-1)!
    const left = [7, 8].map((step, at) => ({
      ...end,
      kind: 'step-ended' as const,
      seq: end.seq + at,
      step,
      name: `Step ${step}`,
      verdict: 'blocked' as const,
      took: 0,
      summary: 'not reached: step 6 did not pass',
    }))
    const run = foldAll([...events.slice(0, -1), ...left, { ...end, seq: end.seq + 2 }])
    expect(plannedSteps(run).map(view => view.state)).toEqual([
      ...Array.from({ length: 5 }, () => 'pass'),
      'blocked',
      'unreached',
      'unreached',
    ])
    const last = plannedSteps(run)[7]
    expect([last?.summary, last?.took]).toEqual(['not reached: step 6 did not pass', undefined])
  })

  it('foldEvents collects the events outside the steps in step 0, the first one', () => {
    const run = foldAll(sampleRun())
    expect(run.steps[0]).toMatchObject({ step: 0, apdus: 2, state: 'unreached' })
    expect(run.steps).toHaveLength(9)
  })

  it('foldEvents folds ten thousand events within the timeout', () => {
    const events = sampleRun({ extraApdus: 10_000 })
    const run = foldAll(events)
    expect(run.apdus).toBe(10_037)
    let batched = emptyRun('run-1')
    for (let at = 0; at < events.length; at += 100) batched = foldEvents(batched, events.slice(at, at + 100))
    expect(batched.lastSeq).toBe(events.length)
  }, 3000)
})

describe('time of a step', () => {
  const started = sampleRun()[0]!
  const begin: BenchEvent = { runId: 'run-1', seq: 2, at: started.at, ms: 0, step: 1, kind: 'step-started', name: 'x' }
  const end = (seq: number, ms: number): BenchEvent => ({
    ...{ runId: 'run-1', seq, at: started.at, ms, step: 1 },
    ...{ kind: 'step-ended', name: 'x', verdict: 'pass', took: ms, summary: '' },
  })
  const split = (...events: BenchEvent[]) => {
    const view = foldAll([started, begin, ...events]).steps.find(known => known.step === 1)!
    return [view.apduMs, view.httpMs, view.restMs]
  }

  it('the times of consecutive exchanges are added', () => {
    expect(split(apdu(3, 10, 4), apdu(4, 20, 5), http(5, 50, 20), end(6, 60))).toEqual([9, 20, 31])
  })

  it('a request within a request counts once', () => {
    expect(split(http(3, 20, 5), http(4, 30, 8), http(5, 40, 35), end(6, 50))).toEqual([0, 35, 15])
  })

  it('an APDU within a request counts as APDU time', () => {
    expect(split(apdu(3, 20, 10), http(4, 40, 40), end(5, 40))).toEqual([10, 30, 0])
  })

  it('no time is negative if an exchange is longer than its step', () => {
    expect(split(http(3, 20, 30), end(4, 10))).toEqual([0, 20, 0])
  })
})

describe('hasFailed', () => {
  it.each([
    ['9000', false],
    ['910F', false],
    ['6110', false],
    ['6C20', false],
    ['6310', false],
    ['6A80', true],
    ['6985', true],
    ['6F00', true],
  ])('hasFailed for status word %s returns %s', (status, failed) => {
    expect(hasFailed({ ...apdu(1, 1, 1), response: `01${status}` })).toBe(failed)
  })

  it('hasFailed returns true without a response and for HTTP status 404', () => {
    expect(hasFailed({ ...apdu(1, 1, 1), response: null, error: 'card removed' })).toBe(true)
    expect(hasFailed({ ...http(1, 1, 1), response: null, error: 'refused' })).toBe(true)
    expect(hasFailed({ ...http(1, 1, 1), response: { status: 404, headers: {}, body: '' } })).toBe(true)
  })
})

const apdu = (seq: number, ms: number, took: number): ApduExchanged => ({
  ...{ runId: 'run-1', seq, at: '2026-11-22T20:15:30.000Z', ms, step: 1 },
  ...{ kind: 'apdu', command: '80E2910000', response: '9000', took, label: 'x' },
})
const http = (seq: number, ms: number, took: number): HttpExchanged => ({
  ...{ runId: 'run-1', seq, at: '2026-11-22T20:15:30.000Z', ms, step: 1 },
  ...{ kind: 'http', from: 'lpa', to: 'smdp', label: 'x', method: 'GET', url: 'https://x/', took },
  request: { headers: {}, body: '' },
  response: { status: 200, headers: {}, body: '' },
})
