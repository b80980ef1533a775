import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** A placeholder for an argument. */
class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A statement that was compiled once for the SQL dialect of a database. */
export interface Statement<Args, Row> {
  /** The SQL is the same for the same name: databases cache it as a prepared statement. */
  readonly name: string
  readonly sql: string
  bind(args: Args): unknown[]
  /** Type only: the rows of the result. */
  readonly row?: Row
}

interface Compilable<Row> {
  compile(): {
    readonly sql: string
    readonly parameters: readonly unknown[]
    readonly query: { readonly kind: string }
  }
  execute(): Promise<Row[]>
}

/** Compiles the statement that `build` returns. It gets placeholders in place of values and must not read them. */
export const prepare = <Args, Row>(
  db: Kysely<Tables>,
  name: string,
  build: (db: Kysely<Tables>, args: Args) => Compilable<Row>,
): Statement<Args, Row> => {
  const slots = new Proxy({}, { get: (_, property) => new Slot(String(property)) }) as Args
  const { sql, parameters } = build(db, slots).compile()
  const places = parameters.map(parameter => (parameter instanceof Slot ? parameter.name : undefined))
  return {
    name,
    sql,
    bind: args =>
      places.map((place, at) => (place === undefined ? parameters[at] : (args as Record<string, unknown>)[place])),
  }
}

/** A statement with its arguments. */
export interface Bound {
  readonly statement: Statement<never, unknown>
  readonly values: readonly unknown[]
}
export const bound = <Args>(statement: Statement<Args, unknown>, args: Args): Bound => ({
  statement: statement as Statement<never, unknown>,
  values: statement.bind(args),
})
