import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { BenchError } from '../../host/error.ts'
import { describeNetworkError } from '../../host/net/network-error.ts'
import { type Database, TakenError } from './database.ts'
import type { Tables } from './schema.ts'
import type { Statement } from './statement.ts'

/** An arbitrary constant: processes that start at once migrate one after the other. */
const LOCK = 0x65_53_49_4d
/** Servers of the database hold this lock shared. */
const IN_USE = LOCK + 1
/** The interval after which a server whose connection broke takes its lock again. */
const OCCUPY_AGAIN_MS = 5_000

/** The connections of one server process. */
const CONNECTIONS = 10

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '')
const isTaken = (error: unknown): boolean => codeOf(error) === '23505'

/** The URL without its password. */
export const withoutPassword = (url: string): string => url.replace(/^(\w+:\/\/[^:@/]*):[^@/]*@/, '$1:***@')

const describeReason = (code: string, error: unknown): string => {
  if (code === 'ENOENT') return 'its socket does not exist; start PostgreSQL, or check the URL'
  if (code === 'EACCES') return 'this user has no permission for its socket'
  if (/^(08|57P)/.test(code)) return `the server reports ${code}: ${(error as Error).message}`
  return describeNetworkError(error)
}

/** Converts an error to a sentence. The codes are those of PostgreSQL (Appendix A) or of the socket. */
const toBenchError = (error: unknown, name: string): unknown => {
  const code = codeOf(error)
  const unreachable = (what: string) => new BenchError('store-unreachable', what, { cause: error })
  if (code === '28P01' || code === '28000')
    return unreachable(`PostgreSQL refused the user or password of ${name}: check the URL`)
  if (code === '3D000') return unreachable(`PostgreSQL has no such database: ${name}; \`createdb\` makes it`)
  if (code === '42501')
    return unreachable(
      `the user of ${name} has no permission. PostgreSQL reports: ${(error as Error).message}. Grant it.`,
    )
  if (code === '53300') return unreachable(`PostgreSQL has no connection left for ${name}: raise its max_connections`)
  if (
    /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOENT|EACCES)/.test(code) ||
    /^(08|57P)/.test(code)
  )
    return unreachable(`PostgreSQL at ${name} cannot be reached: ${describeReason(code, error)}`)
  if (/timeout exceeded when trying to connect|Connection terminated/.test(String(error)))
    return unreachable(`PostgreSQL at ${name} does not answer`)
  return error
}

/** Opens PostgreSQL by URL. Several server processes can share one database. */
export const openPostgres = (url: string): Database => {
  const name = withoutPassword(url)
  let pool: pg.Pool
  try {
    pool = new pg.Pool({ connectionString: url, max: CONNECTIONS, connectionTimeoutMillis: 10_000 })
  } catch (cause) {
    throw new BenchError('usage', `${name} is no URL of a PostgreSQL database: postgres://user:password@host/name`, {
      cause,
    })
  }
  // A broken idle connection is replaced on demand; without a listener its error would end the process.
  pool.on('error', () => undefined)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const query = ({ name, sql }: Statement<never, unknown>, values: readonly unknown[]) => ({
    name,
    text: sql,
    values: values as unknown[],
  })
  const failed = (error: unknown): unknown => (isTaken(error) ? new TakenError(error) : toBenchError(error, name))

  const rows: Database['rows'] = async (statement, args) => {
    try {
      return (await pool.query(query(statement as Statement<never, unknown>, statement.bind(args)))).rows
    } catch (error) {
      throw failed(error)
    }
  }

  /** Holds a session lock, which PostgreSQL releases however the process ends. */
  let occupant: pg.Client | undefined
  let isClosed = false
  const occupy = async (): Promise<void> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    client.on('error', () => {
      // Until the lock is taken, an error rejects the caller.
      if (occupant !== client) return
      occupant = undefined
      void client.end().catch(() => undefined)
      occupyAgain()
    })
    try {
      await client.connect()
      await client.query(`select pg_advisory_lock_shared(${IN_USE})`)
      if (isClosed) await client.end()
      else occupant = client
    } catch (error) {
      await client.end().catch(() => undefined)
      throw toBenchError(error, name)
    }
  }
  const occupyAgain = (): void =>
    void setTimeout(() => void (!isClosed && occupy().catch(occupyAgain)), OCCUPY_AGAIN_MS).unref()
  const exclusively: Database['exclusively'] = work =>
    db.transaction().execute(async transaction => {
      await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(transaction)
      await work(transaction)
    })

  return {
    db,
    kind: 'postgres',
    name,
    row: async (statement, args) => (await rows(statement, args))[0],
    rows,
    async change(statement, args) {
      try {
        const { rowCount } = await pool.query(query(statement as Statement<never, unknown>, statement.bind(args)))
        return rowCount ?? 0
      } catch (error) {
        throw failed(error)
      }
    },
    async changeAll(statements) {
      let client: pg.PoolClient
      try {
        client = await pool.connect()
      } catch (error) {
        throw failed(error)
      }
      try {
        await client.query('begin')
        for (const { statement, values } of statements)
          if (((await client.query(query(statement, values))).rowCount ?? 0) === 0) {
            await client.query('rollback')
            client.release()
            return false
          }
        await client.query('commit')
        client.release()
        return true
      } catch (error) {
        // Discard a connection whose rollback failed; the server rolls back.
        const isUndone = await client.query('rollback').then(
          () => true,
          () => false,
        )
        client.release(!isUndone)
        throw failed(error)
      }
    },
    exclusively,
    async occupy() {
      if (occupant === undefined) await occupy()
    },
    async alone(work) {
      let isAlone = false
      await exclusively(async transaction => {
        const { rows } = await sql<{ taken: boolean }>`
          select pg_try_advisory_xact_lock(${sql.lit(IN_USE)}) as taken`.execute(transaction)
        isAlone = rows[0]!.taken
        if (isAlone) await work(transaction)
      })
      return isAlone
    },
    // A committed statement or transaction is on the disk when the server answers.
    synced: () => Promise.resolve(),
    toBenchError: error => toBenchError(error, name),
    async close() {
      isClosed = true
      await occupant?.end()
      await db.destroy()
    },
  }
}
