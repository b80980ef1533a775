import type { Cause, StepPlan, Verdict } from '../../evidence/events.ts'
import type { Recorder, Stopwatch } from '../../evidence/recorder.ts'
import { type Classification, classifyError, StepFailure } from './classify-error.ts'

export interface StepOutcome {
  readonly step: number
  readonly name: string
  readonly verdict: Verdict
  readonly cause?: Cause
  readonly ms: number
  readonly summary: string
}

export interface RunVerdict {
  readonly verdict: Verdict
  readonly cause?: Cause
  readonly steps: readonly StepOutcome[]
  readonly ms: number
  readonly summary: string
}

/** Tracks the steps of a run. It keeps the first failure; later steps are not executed and never pass. */
export interface StepTracker {
  /** The current step; 0 before the first. */
  readonly current: number
  /** Passes the current step and begins the next one. Throws if a step is left out. */
  enter(step: number): void
  /** Sets the detail of the current step; the last call counts. */
  summarize(summary: string): void
  /** Ends the run with a failure of the current step. */
  fail(error: unknown): Classification
  /** Marks the current step as complete. The last step passes only with this call. */
  complete(): void
  /** Ends the run: all steps passed, one failed, or the user left. */
  finish(): RunVerdict
}

const tidy = (ms: number): number => Math.round(ms * 10) / 10

export const createStepTracker = (
  plan: readonly StepPlan[],
  recorder: Recorder,
  stopwatch: Stopwatch,
  /** Receives unexpected errors, which are defects of the bench. */
  report: (error: unknown) => void = () => undefined,
): StepTracker => {
  const began = stopwatch()
  const outcomes: StepOutcome[] = []
  let current = 0
  let since = began
  let summary = ''
  let failure: Classification | undefined
  let isComplete = false

  const end = (verdict: Verdict, text: string, classification?: Classification): void => {
    const { step, name } = plan[current - 1]!
    const ms = tidy(stopwatch() - since)
    outcomes.push({
      step,
      name,
      verdict,
      ms,
      summary: text,
      ...(classification ? { cause: classification.cause } : {}),
    })
    recorder.record({
      kind: 'step-ended',
      step,
      name,
      verdict,
      took: ms,
      summary: text,
      ...(classification ? { cause: classification.cause, errorCode: classification.errorCode } : {}),
    })
  }
  const begin = (step: number): void => {
    current = step
    since = stopwatch()
    summary = ''
    isComplete = false
    recorder.during(step)
    recorder.record({ kind: 'step-started', name: plan[step - 1]!.name })
  }

  return {
    get current() {
      return current
    },
    enter(step) {
      if (failure || step <= current) return
      if (current > 0) end('pass', summary)
      begin(current + 1)
      if (current < step)
        failure = classifyError(
          new StepFailure('step-missing', { verdict: 'fail', cause: 'server' }, `step ${step} began before this step`),
        )
    },
    summarize(text) {
      summary = text
    },
    fail(error) {
      const classification = classifyError(error)
      if (!classification.isForeseen) report(error)
      failure ??= classification
      return failure
    },
    complete() {
      isComplete = true
    },
    finish() {
      if (!failure && !(isComplete && current === plan.length))
        failure = classifyError(
          new StepFailure(
            'left',
            { verdict: 'blocked', cause: 'bench' },
            'the run ended before this step was complete',
          ),
        )
      if (failure) {
        if (current === 0) begin(1)
        end(failure.verdict, failure.summary, failure)
        for (const left of plan.slice(current)) {
          const text = `not reached: step ${current} did not pass`
          outcomes.push({ step: left.step, name: left.name, verdict: 'blocked', ms: 0, summary: text })
          recorder.record({
            kind: 'step-ended',
            step: left.step,
            name: left.name,
            verdict: 'blocked',
            took: 0,
            summary: text,
          })
        }
      } else end('pass', summary)
      recorder.during(undefined)
      const passed = outcomes.filter(({ verdict }) => verdict === 'pass').length
      return {
        verdict: failure?.verdict ?? 'pass',
        ...(failure ? { cause: failure.cause } : {}),
        steps: outcomes,
        ms: tidy(stopwatch() - began),
        summary: failure
          ? `step ${current} (${plan[current - 1]!.name}): ${failure.summary}`
          : `${passed} of ${plan.length} steps passed`,
      }
    },
  }
}
