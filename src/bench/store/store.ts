import { existsSync, renameSync, rmSync } from 'node:fs'
import { type Generated, Kysely, SqliteDialect, sql } from 'kysely'
import Libsql from 'libsql'
import type { BenchEvent } from '../../evidence/events.ts'
import type { RunSummary } from '../api-contract.ts'

/** Rows are a projection of evidence: they can be deleted and rebuilt from it. */
interface Tables {
  runs: {
    run_id: string
    scenario: string
    rig: string
    link: string
    subject: string
    started_at: string
    state: string
    last_seq: number
    verdict: string | null
    cause: string | null
    took: number | null
    apdus: number | null
    summary: string | null
  }
  steps: {
    run_id: string
    step: number
    name: string
    verdict: string | null
    cause: string | null
    took: number | null
    summary: string | null
    error_code: string | null
  }
  projection: { id: Generated<number>; form: number }
}

/** The table format; tables of another format are dropped and rebuilt from evidence. */
const FORM = 1

export interface Store {
  /** Receives events in order; the first event of a run replaces its rows. */
  apply(event: BenchEvent): Promise<void>
  runs(limit?: number): Promise<RunSummary[]>
  run(runId: string): Promise<RunSummary | undefined>
  /** Runs without an end when the bench stopped. */
  interruptRunning(): Promise<void>
  close(): Promise<void>
}

const createTables = async (db: Kysely<Tables>): Promise<void> => {
  await db.schema
    .createTable('projection')
    .ifNotExists()
    .addColumn('id', 'integer', c => c.primaryKey())
    .addColumn('form', 'integer', c => c.notNull())
    .execute()
  const known = await db.selectFrom('projection').select('form').executeTakeFirst()
  if (known?.form === FORM) return
  await db.transaction().execute(async work => {
    await work.schema.dropTable('runs').ifExists().execute()
    await work.schema.dropTable('steps').ifExists().execute()
    await work.schema
      .createTable('runs')
      .addColumn('run_id', 'text', c => c.primaryKey())
      .addColumn('scenario', 'text', c => c.notNull())
      .addColumn('rig', 'text', c => c.notNull())
      .addColumn('link', 'text', c => c.notNull())
      .addColumn('subject', 'text', c => c.notNull())
      .addColumn('started_at', 'text', c => c.notNull())
      .addColumn('state', 'text', c => c.notNull())
      .addColumn('last_seq', 'integer', c => c.notNull())
      .addColumn('verdict', 'text')
      .addColumn('cause', 'text')
      .addColumn('took', 'real')
      .addColumn('apdus', 'integer')
      .addColumn('summary', 'text')
      .execute()
    await work.schema
      .createTable('steps')
      .addColumn('run_id', 'text', c => c.notNull())
      .addColumn('step', 'integer', c => c.notNull())
      .addColumn('name', 'text', c => c.notNull())
      .addColumn('verdict', 'text')
      .addColumn('cause', 'text')
      .addColumn('took', 'real')
      .addColumn('summary', 'text')
      .addColumn('error_code', 'text')
      .addPrimaryKeyConstraint('steps_key', ['run_id', 'step'])
      .execute()
    await work.deleteFrom('projection').execute()
    await work.insertInto('projection').values({ form: FORM }).execute()
  })
}

const toSummary = (row: Tables['runs']): RunSummary => ({
  runId: row.run_id,
  scenario: row.scenario,
  rig: { name: row.rig, link: row.link, subject: row.subject } as RunSummary['rig'],
  startedAt: row.started_at,
  state: row.state as RunSummary['state'],
  lastSeq: row.last_seq,
  ...(row.verdict === null ? {} : { verdict: row.verdict as NonNullable<RunSummary['verdict']> }),
  ...(row.cause === null ? {} : { cause: row.cause as NonNullable<RunSummary['cause']> }),
  ...(row.took === null ? {} : { took: row.took }),
  ...(row.apdus === null ? {} : { apdus: row.apdus }),
  ...(row.summary === null ? {} : { summary: row.summary }),
})

const openDatabase = async (path: string): Promise<Kysely<Tables>> => {
  const database = new Libsql(path)
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) })
  try {
    database.exec('PRAGMA journal_mode = WAL')
    // Evidence must survive a power cut; a lost row is rebuilt from it.
    database.exec('PRAGMA synchronous = NORMAL')
    await createTables(db)
    return db
  } catch (error) {
    database.close()
    throw error
  }
}

/** Renames a damaged database; its content is rebuilt from evidence. */
const openOrReplace = async (path: string): Promise<Kysely<Tables>> => {
  try {
    return await openDatabase(path)
  } catch (error) {
    if (path === ':memory:' || !existsSync(path)) throw error
    renameSync(path, `${path}.damaged`)
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    return openDatabase(path)
  }
}

/** Opens the database at `path` (`:memory:` for none). */
export const openStore = async (path: string): Promise<Store> => {
  const db = await openOrReplace(path)

  const apply = async (event: BenchEvent): Promise<void> => {
    const { runId, seq } = event
    if (event.kind === 'run-started') {
      for (const table of ['runs', 'steps'] as const) await db.deleteFrom(table).where('run_id', '=', runId).execute()
      await db
        .insertInto('runs')
        .values({
          run_id: runId,
          scenario: event.scenario,
          rig: event.rig.name,
          link: event.rig.link,
          subject: event.rig.subject,
          started_at: event.at,
          state: 'running',
          last_seq: seq,
        } as Tables['runs'])
        .execute()
      if (event.steps.length > 0)
        await db
          .insertInto('steps')
          .values(event.steps.map(plan => ({ run_id: runId, step: plan.step, name: plan.name })) as Tables['steps'][])
          .execute()
    } else if (event.kind === 'step-ended' && event.step !== undefined) {
      await db
        .updateTable('steps')
        .set({
          verdict: event.verdict,
          cause: event.cause ?? null,
          took: event.took,
          summary: event.summary,
          error_code: event.errorCode ?? null,
        })
        .where('run_id', '=', runId)
        .where('step', '=', event.step)
        .execute()
      await db.updateTable('runs').set({ last_seq: seq }).where('run_id', '=', runId).execute()
    } else if (event.kind === 'run-ended') {
      await db
        .updateTable('runs')
        .set({
          state: 'ended',
          last_seq: seq,
          verdict: event.verdict,
          cause: event.cause ?? null,
          took: event.took,
          apdus: event.apdus,
          summary: event.summary,
        })
        .where('run_id', '=', runId)
        .execute()
    }
  }

  return {
    apply,
    async runs(limit = 500) {
      const rows = await db.selectFrom('runs').selectAll().orderBy('run_id', 'desc').limit(limit).execute()
      return rows.map(toSummary)
    },
    async run(runId) {
      const row = await db.selectFrom('runs').selectAll().where('run_id', '=', runId).executeTakeFirst()
      return row && toSummary(row)
    },
    async interruptRunning() {
      await db.updateTable('runs').set({ state: 'interrupted' }).where('state', '=', 'running').execute()
    },
    async close() {
      await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db)
      await db.destroy()
    },
  }
}
