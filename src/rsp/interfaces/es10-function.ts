import type { Schema } from '../../asn1/schema.ts'

/** A row of an interface towards the card: what is sent in STORE DATA, what comes back (SGP.22 §5.7.2). */
export interface Es10Function<Request, Response> {
  readonly interface: 'ES10a' | 'ES10b' | 'ES10c'
  /** As the specification spells it. */
  readonly name: string
  readonly clause: string
  readonly request: Schema<Request>
  readonly response: Schema<Response>
}

/** A row; the schemas give the types. */
export const es10Function = <Request, Response>(
  row: Es10Function<Request, Response>,
): Es10Function<Request, Response> => row
