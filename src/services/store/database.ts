import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'
import type { Bound, Statement } from './statement.ts'

/**
 * The interface of the stores to SQLite and PostgreSQL. Later calls see the changes of a call at once; they are
 * durable when `synced` resolves.
 */
export interface Database {
  /** Compiles SQL for this database; migrations run on it. */
  readonly db: Kysely<Tables>
  readonly kind: 'sqlite' | 'postgres'
  /** The name for messages: a file, or a server without its password. */
  readonly name: string
  /** A transaction that excludes other processes. */
  exclusively(work: (db: Kysely<Tables>) => Promise<void>): Promise<void>
  /** Registers a server that uses the database until it is closed or its process ends. */
  occupy(): Promise<void>
  /** Runs `work` alone if no server uses the database; else returns false. */
  alone(work: (db: Kysely<Tables>) => Promise<void>): Promise<boolean>
  /** The first row. */
  row<Args, Row>(statement: Statement<Args, Row>, args: Args): Promise<Row | undefined>
  rows<Args, Row>(statement: Statement<Args, Row>, args: Args): Promise<readonly Row[]>
  /** Returns the number of changed rows. */
  change<Args>(statement: Statement<Args, unknown>, args: Args): Promise<number>
  /** Runs all statements in one transaction if each changes a row; else changes nothing and returns false. */
  changeAll(statements: readonly Bound[]): Promise<boolean>
  /** Resolves when all earlier changes are on the disk; rejects if they were rolled back. */
  synced(): Promise<void>
  /** Converts an error of the driver to a BenchError if the user can correct the cause. */
  toBenchError(error: unknown): unknown
  close(): Promise<void>
}

/** A unique index rejected a row. */
export class TakenError extends Error {
  constructor(cause: unknown) {
    super('a row with this key exists', { cause })
    this.name = 'TakenError'
  }
}
