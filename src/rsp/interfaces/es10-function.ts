import type { Schema } from '../../asn1/schema.ts'

/** A row of an interface to the card: the request in STORE DATA and its response (SGP.22 §5.7.2). */
export interface Es10Function<Request, Response> {
  readonly interface: 'ES10a' | 'ES10b' | 'ES10c'
  /** The name in the specification. */
  readonly name: string
  readonly clause: string
  readonly request: Schema<Request>
  readonly response: Schema<Response>
}

/** Creates a row; its types follow from the schemas. */
export const es10Function = <Request, Response>(
  row: Es10Function<Request, Response>,
): Es10Function<Request, Response> => row
