import type { Schema } from '../../asn1/schema.ts'
import type { Es10Function } from '../../rsp/interfaces/es10-function.ts'
import type { EuiccSession } from '../es10/session.ts'
import type { EuiccIdentity } from '../state/identity.ts'
import type { CardState } from '../state/state.ts'

/** What an answer may look at. */
export interface Situation {
  readonly state: CardState
  readonly session: EuiccSession
  readonly identity: EuiccIdentity
  readonly now: Date
  readonly random: (length: number) => Uint8Array
  /** A proactive command waits or is being carried out (catBusy). */
  readonly proactiveSession: boolean
}

/** What an answer does: nothing by itself. The card commits `state`, then changes session and toolkit, then responds. */
export interface Outcome<Response> {
  readonly response: Response
  readonly state?: CardState
  readonly session?: EuiccSession
  /**
   * What becomes of the network side: `ask` queues REFRESH and leaves the files as they are until it is answered;
   * `switch` puts the files of the profile that is enabled now in place at once.
   */
  readonly profileChange?: 'ask' | 'switch' | 'ask-and-switch'
}

/** A refusal that the function has no error value for: a status word takes its place (SGP.22 §5.7.2). */
export interface Refusal {
  readonly status: number
}

/** `[name]: (request, situation) => outcome` for each row of a table, typed by the row's schemas. */
export type Answers<Rows> = {
  readonly [K in keyof Rows]: Rows[K] extends {
    readonly request: Schema<infer Request>
    readonly response: Schema<infer Response>
  }
    ? (request: Request, situation: Situation) => Outcome<Response> | Refusal
    : never
}

export type AnyRow = Es10Function<unknown, unknown>
export type AnyAnswer = (request: unknown, situation: Situation) => Outcome<unknown> | Refusal
