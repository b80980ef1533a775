/**
 * The events of a run. The evidence file contains them, and the dashboard draws nothing else.
 *
 * `seq` starts at 1 and has no gaps, so a client that received n requests the events after n. No event contains a secret:
 * `redact.ts` removes them.
 */

/** fail: the device under test is wrong; inapplicable: it does not support the function; blocked: it was not tested. */
export type Verdict = 'pass' | 'fail' | 'inapplicable' | 'blocked'

/** The part that is responsible for a verdict other than pass. */
export type Cause = 'card' | 'modem' | 'rig' | 'network' | 'server' | 'bench'

/** The parts of the architecture, as the dashboard draws them. */
export type Part = 'app' | 'service' | 'portal' | 'operator' | 'smdp' | 'lpa' | 'euicc' | 'network'

export interface StepPlan {
  readonly step: number
  readonly name: string
  readonly from: Part
  readonly to: Part
}

export interface RigSummary {
  readonly name: string
  readonly link: 'software' | 'pcsc' | 'modem' | 'exec' | 'tcp' | 'tape'
  /** A run on software is never shown as a pass on hardware. */
  readonly subject: 'software' | 'hardware'
  readonly description: string
  /** Why this rig was chosen, in one sentence. */
  readonly why: string
  readonly eid?: string
}

interface Stamp {
  readonly runId: string
  readonly seq: number
  /** ISO 8601, UTC, milliseconds. */
  readonly at: string
  /** Milliseconds since the run began, with fractions. */
  readonly ms: number
  /** The step of the event, if any. */
  readonly step?: number
}

/** A decoded message as JSON: bytes are hexadecimal strings. */
export type Decoded = null | boolean | number | string | readonly Decoded[] | { readonly [key: string]: Decoded }

export interface RunStarted extends Stamp {
  readonly kind: 'run-started'
  readonly scenario: string
  readonly bench: string
  readonly rig: RigSummary
  readonly steps: readonly StepPlan[]
}
export interface StepStarted extends Stamp {
  readonly kind: 'step-started'
  readonly name: string
}
export interface ApduExchanged extends Stamp {
  readonly kind: 'apdu'
  /** Hexadecimal, whole: header, data, Le. */
  readonly command: string
  /** Hexadecimal: data and status word. `null` if there was no response, then `error` is the reason. */
  readonly response: string | null
  readonly error?: string
  readonly took: number
  /** The name in the specification: `ES10b.PrepareDownload`, `SELECT ISD-R`. */
  readonly label: string
  /** The message that this exchange completes. */
  readonly decoded?: { readonly request?: Decoded; readonly response?: Decoded }
}
/** The card was opened (`open`) or reset (`request`). */
export interface CardWasReset extends Stamp {
  readonly kind: 'reset'
  readonly reason: 'open' | 'request'
  readonly label: string
  /** Answer to reset, hexadecimal; empty if the link hides it. `null` if the reset failed, then `error` is the reason. */
  readonly atr: string | null
  readonly error?: string
  readonly took: number
}
export interface HttpExchanged extends Stamp {
  readonly kind: 'http'
  readonly from: Part
  readonly to: Part
  /** `ES9+.InitiateAuthentication`, `GetBalance`, `portal GET /plans`. */
  readonly label: string
  readonly method: string
  readonly url: string
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: string }
  /** `null` if there was no response, then `error` is the reason. */
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  } | null
  readonly error?: string
  readonly took: number
  readonly decoded?: { readonly request?: Decoded; readonly response?: Decoded }
}
/** Information for the reader: metadata, consent, registration state, balance. */
export interface Noted extends Stamp {
  readonly kind: 'note'
  readonly part: Part
  readonly text: string
  readonly data?: Decoded
}
export interface Progressed extends Stamp {
  readonly kind: 'progress'
  readonly text: string
  readonly done: number
  readonly total: number
  readonly unit: 'bytes' | 'items'
}
export interface StepEnded extends Stamp {
  readonly kind: 'step-ended'
  readonly name: string
  readonly verdict: Verdict
  readonly cause?: Cause
  readonly took: number
  /** One line: the result, or the failure and what to do. */
  readonly summary: string
  /** The stable code of the error, for machines. */
  readonly errorCode?: string
}
export interface RunEnded extends Stamp {
  readonly kind: 'run-ended'
  readonly verdict: Verdict
  readonly cause?: Cause
  readonly took: number
  readonly apdus: number
  readonly summary: string
}

export type BenchEvent =
  | RunStarted
  | StepStarted
  | ApduExchanged
  | CardWasReset
  | HttpExchanged
  | Noted
  | Progressed
  | StepEnded
  | RunEnded

/** The same event before it is stamped. */
export type Observation = BenchEvent extends infer E
  ? E extends BenchEvent
    ? Omit<E, keyof Stamp> & { readonly step?: number }
    : never
  : never
