import type { Cause, StepPlan, Verdict } from '../../evidence/events.ts'
import type { Recorder, Stopwatch } from '../../evidence/recorder.ts'
import { classifyError, type Judgement, StepFailure } from './classify-error.ts'

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

/** Follows a run through its plan. The first failure is kept: what comes behind it was not asked, and is not green. */
export interface StepTracker {
  /** The step that is going on; 0 before the first. */
  readonly current: number
  /** Ends the step that is going on as passed and begins this one, which must be the next: a step left out did not pass. */
  enter(step: number): void
  /** What the step that is going on found out; the last word counts. */
  say(summary: string): void
  /** Ends the run at the step that is going on. */
  fail(error: unknown): Judgement
  /** The step that is going on has done what it is for. Without this word the last one did not pass. */
  complete(): void
  /** Ends the run: all steps were gone through, or one failed, or somebody left in the middle. */
  finish(): RunVerdict
}

const tidy = (ms: number): number => Math.round(ms * 10) / 10

export const createStepTracker = (
  plan: readonly StepPlan[],
  recorder: Recorder,
  stopwatch: Stopwatch,
  /** Told of errors that nobody foresaw: the bench's own. */
  report: (error: unknown) => void = () => undefined,
): StepTracker => {
  const began = stopwatch()
  const outcomes: StepOutcome[] = []
  let current = 0
  let since = began
  let summary = ''
  let failure: Judgement | undefined
  let isComplete = false

  const end = (verdict: Verdict, text: string, judged?: Judgement): void => {
    const { step, name } = plan[current - 1]!
    const ms = tidy(stopwatch() - since)
    outcomes.push({ step, name, verdict, ms, summary: text, ...(judged ? { cause: judged.cause } : {}) })
    recorder.record({
      kind: 'step-ended',
      step,
      name,
      verdict,
      took: ms,
      summary: text,
      ...(judged ? { cause: judged.cause, errorCode: judged.errorCode } : {}),
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
          new StepFailure('step-missing', { verdict: 'fail', cause: 'server' }, `step ${step} came without this one`),
        )
    },
    say(text) {
      summary = text
    },
    fail(error) {
      const judged = classifyError(error)
      if (!judged.isForeseen) report(error)
      failure ??= judged
      return failure
    },
    complete() {
      isComplete = true
    },
    finish() {
      if (!failure && !(isComplete && current === plan.length))
        failure = classifyError(
          new StepFailure('left', { verdict: 'blocked', cause: 'bench' }, 'the run was ended before this was done'),
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
