import { describe, expect, it } from 'vitest'
import { ApduError } from '../../../src/apdu/errors.ts'
import { AppError } from '../../../src/app/error.ts'
import { classifyError } from '../../../src/bench/run/classify-error.ts'
import { operationFailureOf } from '../../../src/bench/run/operation-failure.ts'
import { createStepTracker } from '../../../src/bench/run/step-tracker.ts'
import type { Observation } from '../../../src/evidence/events.ts'
import type { Recorder } from '../../../src/evidence/recorder.ts'
import { BenchError } from '../../../src/host/error.ts'
import { LpaError } from '../../../src/lpa/errors.ts'
import { noResponse } from '../../../src/modem/at/at-apdu.ts'
import { ModemError } from '../../../src/modem/errors.ts'
import { FetchError } from '../../../src/rsp/fetch.ts'

const PLAN = [1, 2, 3].map(step => ({ step, name: `step ${step}`, from: 'app', to: 'service' }) as const)

const track = () => {
  const observed: Observation[] = []
  const recorder = {
    runId: 'x',
    during: () => undefined,
    record: (observation: Observation) => void observed.push(observation),
  } as unknown as Recorder
  let now = 0
  const unforeseen: unknown[] = []
  const tracker = createStepTracker(
    PLAN,
    recorder,
    () => (now += 5),
    error => unforeseen.push(error),
  )
  return { tracker, observed, unforeseen }
}

describe('step tracker', () => {
  it('A run passes if each step was entered in order and the last one is complete', () => {
    const { tracker, observed } = track()
    for (const step of [1, 2, 3]) {
      tracker.enter(step)
      tracker.summarize(`did ${step}`)
    }
    tracker.enter(2)
    tracker.complete()
    const outcome = tracker.finish()
    expect(outcome).toMatchObject({ verdict: 'pass', summary: '3 of 3 steps passed' })
    expect(outcome.steps.map(({ verdict, summary }) => [verdict, summary])).toEqual([
      ['pass', 'did 1'],
      ['pass', 'did 2'],
      ['pass', 'did 3'],
    ])
    expect(observed.map(({ kind }) => kind)).toEqual([1, 2, 3].flatMap(() => ['step-started', 'step-ended']))
  })

  it('The first failure decides the verdict, and later steps are blocked', () => {
    const { tracker, unforeseen } = track()
    tracker.enter(1)
    tracker.enter(2)
    tracker.fail(new LpaError('server-refused', 'server', 'no such order'))
    tracker.fail(new ApduError('card-removed', 'gone'))
    tracker.enter(3)
    const outcome = tracker.finish()
    expect(outcome).toMatchObject({ verdict: 'fail', cause: 'server', summary: 'step 2 (step 2): no such order' })
    expect(outcome.steps.map(({ verdict, cause }) => [verdict, cause])).toEqual([
      ['pass', undefined],
      ['fail', 'server'],
      ['blocked', undefined],
    ])
    expect(unforeseen).toEqual([])
  })

  it('A run does not pass with a skipped step, an early end, or before its start', () => {
    const skipped = track().tracker
    skipped.enter(1)
    skipped.enter(3)
    skipped.complete()
    expect(skipped.finish()).toMatchObject({
      verdict: 'fail',
      summary: 'step 2 (step 2): step 3 began before this step',
    })
    const left = track().tracker
    for (const step of [1, 2, 3]) left.enter(step)
    expect(left.finish()).toMatchObject({ verdict: 'blocked', cause: 'bench' })
    expect(track().tracker.finish()).toMatchObject({
      verdict: 'blocked',
      steps: [{ step: 1 }, { step: 2 }, { step: 3 }],
    })
  })

  it('An unexpected error is reported', () => {
    const { tracker, unforeseen } = track()
    const surprise = new TypeError('x is undefined')
    tracker.enter(1)
    expect(tracker.fail(surprise)).toMatchObject({ verdict: 'blocked', cause: 'bench', isForeseen: false })
    expect(unforeseen).toEqual([surprise])
  })
})

describe('classifyError', () => {
  it.each<[unknown, string, string]>([
    [new ApduError('card-removed', ''), 'blocked', 'rig'],
    [new ApduError('card-mute', ''), 'fail', 'card'],
    [new ApduError('refused', '', { status: 0x6985 }), 'fail', 'card'],
    [new ApduError('timed-out', ''), 'blocked', 'modem'],
    [noResponse('AT+CGLA', { end: 'timed-out' }), 'blocked', 'modem'],
    [noResponse('AT+CGLA', { end: 'garbage', otherLines: [] }), 'blocked', 'modem'],
    [noResponse('AT+CGLA', { end: 'error' }), 'blocked', 'modem'],
    [noResponse('AT+CGLA', { end: 'cme', error: 100 }), 'blocked', 'modem'],
    [noResponse('AT+CGLA', { end: 'cme', error: 'SIM failure' }), 'fail', 'card'],
    [noResponse('AT+CGLA', { end: 'cme', error: 10 }), 'blocked', 'rig'],
    [noResponse('AT+CGLA', { end: 'port-gone' }), 'blocked', 'rig'],
    [new FetchError('unreachable', '', { url: '' }), 'blocked', 'network'],
    [new FetchError('untrusted', '', { url: '' }), 'fail', 'server'],
    [new LpaError('card-refused', 'card', ''), 'fail', 'card'],
    [new LpaError('unreachable', 'network', ''), 'blocked', 'network'],
    [new LpaError('rejected', 'user', ''), 'blocked', 'bench'],
    [new ModemError('refused', 'network', ''), 'fail', 'network'],
    [new ModemError('pin-required', 'user', ''), 'blocked', 'rig'],
    [new AppError('portal-stuck', ''), 'fail', 'server'],
    [new AppError('service-unreachable', ''), 'blocked', 'network'],
    [new BenchError('rig-not-attached', ''), 'blocked', 'rig'],
    ['a string', 'blocked', 'bench'],
  ])('%s: %s, %s', (error, verdict, cause) => {
    expect(classifyError(error)).toMatchObject({ verdict, cause })
  })
})

describe('operationFailureOf', () => {
  it.each<[unknown, string]>([
    [new ApduError('card-removed', ''), 'CardRemoved'],
    [new ApduError('refused', ''), 'CardGeneralFailure'],
    [new ApduError('card-mute', ''), 'CardGeneralFailure'],
    [new ApduError('timed-out', ''), 'Other'],
    [new ApduError('exchange-lost', ''), 'Other'],
    [new ApduError('link-closed', ''), 'Other'],
    [new LpaError('untrusted', 'server', ''), 'ServerNotTrusted'],
    [new LpaError('server-refused', 'server', '', { subjectCode: '8.2.6', reasonCode: '3.8' }), 'InvalidMatchingId'],
    [new LpaError('server-refused', 'server', ''), 'ServerFailure'],
    [
      new LpaError('install-failed', 'card', '', { errorReason: 'installFailedDueToInsufficientMemoryForProfile' }),
      'InsufficientSpaceOnCard',
    ],
    [new LpaError('rejected', 'user', '', { cancelReason: 'timeout' }), 'TimeoutWaitingForUserConsent'],
    [new Error('x'), 'Other'],
  ])('%s is %s', (error, status) => {
    expect(operationFailureOf(error)).toBe(status)
  })
})
