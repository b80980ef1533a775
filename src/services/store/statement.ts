import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'

/** Stands in a statement where an argument will stand. */
class Slot {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** A statement that was compiled once, for the SQL of one database. */
export interface Statement<Args, Row> {
  /** Its SQL is the same under the same name: databases keep it prepared. */
  readonly name: string
  readonly sql: string
  bind(args: Args): unknown[]
  /** Only says which rows come out. */
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

/** Compiles what `build` makes of its arguments. They take the places of values: nothing may look at them. */
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

/** A statement with what it is to run with. */
export interface Bound {
  readonly statement: Statement<never, unknown>
  readonly values: readonly unknown[]
}
export const bound = <Args>(statement: Statement<Args, unknown>, args: Args): Bound => ({
  statement: statement as Statement<never, unknown>,
  values: statement.bind(args),
})
