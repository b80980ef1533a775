import type { Kysely } from 'kysely'
import type { Tables } from './schema.ts'
import type { Bound, Statement } from './statement.ts'

/** What SQLite and PostgreSQL are to the store. What a call did is there for the calls after it, and safe when `synced` says so. */
export interface Database {
  /** Makes SQL in the words of this database; migrations run on it. */
  readonly db: Kysely<Tables>
  readonly kind: 'sqlite' | 'postgres'
  /** For sentences: a file, or a server without its password. */
  readonly name: string
  /** A transaction that no other process enters meanwhile. */
  exclusively(work: (db: Kysely<Tables>) => Promise<void>): Promise<void>
  /** A server stands on the database from now on, until it is closed or its process ends. */
  occupy(): Promise<void>
  /** The same where no server stands on it; false, and nothing is done: one does. */
  alone(work: (db: Kysely<Tables>) => Promise<void>): Promise<boolean>
  /** The first row. */
  row<Args, Row>(statement: Statement<Args, Row>, args: Args): Promise<Row | undefined>
  rows<Args, Row>(statement: Statement<Args, Row>, args: Args): Promise<readonly Row[]>
  /** How many rows it changed. */
  change<Args>(statement: Statement<Args, unknown>, args: Args): Promise<number>
  /** All of them in one step, if each changes something; else none, and false. */
  changeAll(statements: readonly Bound[]): Promise<boolean>
  /** Resolves when all that was done so far is on the disk; rejects when it cannot get there, and was undone. */
  synced(): Promise<void>
  /** The error of a driver as one with a sentence, where it is one that a person can do something about. */
  told(error: unknown): unknown
  close(): Promise<void>
}

/** A unique index refused a row. */
export class TakenError extends Error {
  constructor(cause: unknown) {
    super('a row with this key exists', { cause })
    this.name = 'TakenError'
  }
}
