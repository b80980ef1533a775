import type { Schema } from '../../asn1/schema.ts'
import type { Es10Function } from '../../rsp/interfaces/es10-function.ts'
import type { EuiccSession } from '../es10/session.ts'
import type { EuiccIdentity } from '../state/identity.ts'
import type { CardState } from '../state/state.ts'

/** The read-only input of a function. */
export interface FunctionContext {
  readonly state: CardState
  readonly session: EuiccSession
  readonly identity: EuiccIdentity
  readonly now: Date
  readonly random: (length: number) => Uint8Array
  /** A proactive command is pending or in progress (catBusy). */
  readonly proactiveSession: boolean
}

/**
 * The result of a function, without side effects. The card commits `state`, then changes session and toolkit, then
 * responds.
 */
export interface FunctionOutcome<Response> {
  readonly response: Response
  readonly state?: CardState
  readonly session?: EuiccSession
  /**
   * The effect on the network side: `ask` queues REFRESH and switches the files after its response; `switch` does so at
   * once.
   */
  readonly profileChange?: 'ask' | 'switch' | 'ask-and-switch'
}

/** A rejection without an error value in the function: a status word replaces it (SGP.22 §5.7.2). */
export interface FunctionRejection {
  readonly status: number
}

/** `[name]: (request, situation) => outcome` for each row of a table, typed by its schemas. */
export type Es10Handlers<Rows> = {
  readonly [K in keyof Rows]: Rows[K] extends {
    readonly request: Schema<infer Request>
    readonly response: Schema<infer Response>
  }
    ? (request: Request, situation: FunctionContext) => FunctionOutcome<Response> | FunctionRejection
    : never
}

export type AnyRow = Es10Function<unknown, unknown>
export type AnyHandler = (request: unknown, situation: FunctionContext) => FunctionOutcome<unknown> | FunctionRejection
