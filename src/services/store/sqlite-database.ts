import { closeSync, fdatasync, openSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import Libsql from 'libsql'
import { BenchError } from '../../host/error.ts'
import { describeFileError } from '../../host/state/file-error.ts'
import { type Database, TakenError } from './database.ts'
import type { Tables } from './schema.ts'
import { createSqliteOccupancy } from './sqlite-occupancy.ts'
import type { Statement } from './statement.ts'

/**
 * The wait for another process at opening, and the interval between write attempts: `smdp order` runs beside a server.
 */
const BUSY_MS = 5000
const BUSY_ATTEMPTS = 500
const BUSY_PAUSE_MS = 10

/** The callers that wait until a transaction is synced. */
interface Batch {
  /** Set when the transaction was rolled back early. Later writes in the same tick reject with this error. */
  lost?: unknown
  readonly succeed: () => void
  readonly fail: (error: unknown) => void
}

const datasync = promisify(fdatasync)

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '')
const isTaken = (error: unknown): boolean => /^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/.test(codeOf(error))

/** libsql returns the bytes of a single row as a Buffer, and of a row in a list as an ArrayBuffer. */
const withBytes = (row: unknown): unknown => {
  const fields = row as Record<string, unknown>
  for (const name in fields) if (fields[name] instanceof ArrayBuffer) fields[name] = Buffer.from(fields[name])
  return fields
}

/** The connection in the form that kysely uses. */
const forKysely = (connection: Libsql.Database): SqliteDatabase => ({
  close: () => void connection.close(),
  prepare(sql) {
    const statement = connection.prepare(sql)
    return {
      reader: statement.reader,
      all: values => statement.all(values).map(withBytes),
      run: values => statement.run(values as unknown[]),
      iterate: values => statement.iterate(values) as IterableIterator<unknown>,
    }
  },
})

const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error))

const REASONS: readonly (readonly [code: RegExp, clause: string])[] = [
  [/^SQLITE_CANTOPEN/, 'SQLite cannot open the file'],
  [/^SQLITE_(READONLY|PERM)/, 'this user cannot write the file'],
  [/^SQLITE_FULL/, 'no space is left on the disk'],
  [/^SQLITE_IOERR/, 'the disk reports an input or output error'],
]

const describeReason = (code: string, error: unknown): string => {
  const clause = REASONS.find(([pattern]) => pattern.test(code))?.[1]
  if (clause !== undefined) return `${clause} (${code})`
  return /unable to open/i.test(String(error)) ? 'SQLite cannot open the file' : describeFileError(error)
}

/** Converts a driver error to a sentence. */
const toBenchError = (error: unknown, file: string): unknown => {
  const code = codeOf(error)
  if (isBusy(error))
    return new BenchError('store-busy', `another process holds the store ${file}; end it, or give this one another`, {
      cause: error,
    })
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return new BenchError(
      'store-damaged',
      `${file} is damaged or no SQLite database: put a copy of it back, or move it away to start with an empty one`,
      { cause: error },
    )
  if (
    /^SQLITE_(CANTOPEN|READONLY|PERM|IOERR|FULL)/.test(code) ||
    /^E[A-Z]+$/.test(code) ||
    /unable to open/i.test(String(error))
  )
    return new BenchError(
      'store-unreachable',
      `cannot use the store ${file}: ${describeReason(code, error)}. Check the folder, its permissions and the disk.`,
      { cause: error },
    )
  return error
}

/**
 * SQLite with a write-ahead log. All writes of one tick are one transaction. The commit does not sync (`synchronous =
 * NORMAL`); a thread syncs the log, so that the disk never blocks the event loop. Callers wait for `synced` before
 * they answer.
 */
export const openSqlite = (file: string): Database => {
  let connection: Libsql.Database
  try {
    // Only the owner can read it; SQLite gives the log the same mode.
    if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600))
    connection = new Libsql(file, { timeout: BUSY_MS })
    connection.pragma('journal_mode = WAL')
    connection.pragma('synchronous = NORMAL')
    // A checkpoint waits for the disk.
    connection.pragma('wal_autocheckpoint = 4000')
    connection.pragma('cache_size = -16000')
    connection.pragma('busy_timeout = 0')
  } catch (error) {
    throw toBenchError(error, file)
  }
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: forKysely(connection) }) })

  const prepared = new Map<string, Libsql.Statement>()
  const preparedOf = ({ name, sql }: Statement<never, unknown>): Libsql.Statement => {
    const known = prepared.get(name)
    if (known !== undefined) return known
    const made = connection.prepare(sql)
    prepared.set(name, made)
    return made
  }
  const begin = connection.prepare('begin immediate')
  const commit = connection.prepare('commit')
  const rollback = connection.prepare('rollback')
  const savepoint = connection.prepare('savepoint step')
  const release = connection.prepare('release step')
  const undo = connection.prepare('rollback to step')

  /** The log file stays the same while this connection is open, and SQLite takes no locks on it. */
  const log = file === ':memory:' ? undefined : openSync(`${file}-wal`, 'a', 0o600)

  const occupancy = file === ':memory:' ? undefined : createSqliteOccupancy(file)

  let batch: Batch | undefined
  /** The sync of the last transaction; earlier ones finish before it. */
  let synced = Promise.resolve()
  let isExclusive = false
  /** Committed; the next sync includes them. */
  let unsynced: Batch[] = []
  let isSyncing = false
  let idle = Promise.resolve()
  const sync = (committed: Batch): void => {
    unsynced.push(committed)
    if (!isSyncing) idle = syncAll()
  }
  const syncAll = async (): Promise<void> => {
    isSyncing = true
    while (unsynced.length > 0) {
      const these = unsynced
      unsynced = []
      try {
        await datasync(log!)
        for (const { succeed } of these) succeed()
      } catch (error) {
        for (const { fail } of these) fail(toBenchError(error, file))
      }
    }
    isSyncing = false
  }
  const giveUp = (given: Batch, error: unknown): void => {
    if (connection.inTransaction) rollback.run()
    given.lost = error
    given.fail(toBenchError(error, file))
  }
  const endBatch = (): void => {
    const ended = batch!
    batch = undefined
    if (ended.lost !== undefined) return
    try {
      commit.run()
    } catch (error) {
      giveUp(ended, error)
      return
    }
    if (log === undefined) ended.succeed()
    else sync(ended)
  }
  const enter = (): void => {
    if (batch !== undefined || isExclusive)
      throw Object.assign(new Error('another transaction is under way'), { code: 'SQLITE_BUSY' })
    begin.run()
  }
  /** Opens the transaction of this tick. */
  const inBatch = (): void => {
    if (batch?.lost !== undefined) throw batch.lost
    if (batch !== undefined) return
    enter()
    synced = new Promise((succeed, fail) => {
      batch = { succeed, fail }
    })
    // Without a waiting caller, the rejection has no handler.
    synced.catch(() => undefined)
    setImmediate(endBatch)
  }
  const changesOf = (statement: Statement<never, unknown>, values: readonly unknown[]): number =>
    preparedOf(statement).run(values as unknown[]).changes

  /**
   * Retries until another process releases the file. SQLite's own wait would block the event loop, and with it a
   * holder in this process.
   */
  const patiently = async <T>(work: () => T): Promise<T> => {
    for (let attempt = 1; ; attempt++)
      try {
        return work()
      } catch (error) {
        if (!isBusy(error) || attempt === BUSY_ATTEMPTS)
          throw isTaken(error) ? new TakenError(error) : toBenchError(error, file)
        await setTimeout(BUSY_PAUSE_MS)
      }
  }
  const write = <T>(work: () => T): Promise<T> =>
    patiently(() => {
      inBatch()
      try {
        return work()
      } catch (error) {
        // Some errors, such as a full disk, end the whole transaction.
        if (!connection.inTransaction) giveUp(batch!, error)
        throw error
      }
    })

  const exclusively: Database['exclusively'] = async work => {
    await patiently(() => {
      enter()
      isExclusive = true
    })
    try {
      await work(db)
      commit.run()
      if (log !== undefined) await datasync(log)
    } catch (error) {
      if (connection.inTransaction) rollback.run()
      throw error
    } finally {
      isExclusive = false
    }
  }

  return {
    db,
    kind: 'sqlite',
    name: file,
    synced: () => synced,
    toBenchError: error => toBenchError(error, file),
    exclusively,
    async occupy() {
      try {
        occupancy?.occupy()
      } catch (error) {
        throw toBenchError(error, file)
      }
    },
    async alone(work) {
      if (occupancy !== undefined) return occupancy.alone(() => exclusively(work))
      await exclusively(work)
      return true
    },
    row: (statement, args) =>
      patiently(() => preparedOf(statement as Statement<never, unknown>).get(statement.bind(args)) as never),
    rows: (statement, args) =>
      patiently(
        () =>
          preparedOf(statement as Statement<never, unknown>)
            .all(statement.bind(args))
            .map(withBytes) as never,
      ),
    change: (statement, args) => write(() => changesOf(statement as Statement<never, unknown>, statement.bind(args))),
    changeAll: statements =>
      write(() => {
        savepoint.run()
        let areAll = false
        try {
          areAll = statements.every(({ statement, values }) => changesOf(statement, values) > 0)
        } finally {
          if (!areAll && connection.inTransaction) undo.run()
          if (connection.inTransaction) release.run()
        }
        return areAll
      }),
    async close() {
      try {
        await synced
      } finally {
        await idle
        occupancy?.leave()
        if (log !== undefined) closeSync(log)
        // Also empties the log, which would still contain deleted data.
        if (connection.open) connection.pragma('wal_checkpoint(TRUNCATE)')
        await db.destroy()
        if (connection.open) connection.close()
      }
    },
  }
}
