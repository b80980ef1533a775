import pg from 'pg'
import { BenchError } from '../src/host/error.ts'
import { withoutPassword } from '../src/services/store/postgres-database.ts'

/** Creates a temporary database on the server of `url`. Other databases remain unchanged. */
export const makeDatabase = async (
  url: string,
  random: (length: number) => Uint8Array,
): Promise<{ readonly url: string; drop(): Promise<void> }> => {
  const name = `esim_bench_${Buffer.from(random(6)).toString('hex')}`
  const run = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
    try {
      await client.connect()
      await client.query(statement)
    } catch (cause) {
      throw new BenchError(
        'store-unreachable',
        `cannot make a database to measure with at ${withoutPassword(url)}: ${(cause as Error).message}; ` +
          'DATABASE_URL must name a PostgreSQL server and a user who may create databases',
        { cause },
      )
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  await run(`create database ${name}`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return { url: own.href, drop: () => run(`drop database ${name} with (force)`) }
}
