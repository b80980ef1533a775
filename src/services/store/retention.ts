import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { KeptKind, SmdpStore, StoreFigures } from '../../server/smdp/store.ts'
import type { Database } from './database.ts'
import type { Tables } from './schema.ts'
import { prepare } from './statement.ts'

/** The rows of one step: after a year without service, one step must not block the server. */
const AT_ONCE = 1000

interface Place {
  readonly table: 'notifications' | 'deliveries' | 'progress'
  /** The column that identifies a row. */
  readonly key: 'n' | 'transaction_id'
  readonly condition: RawBuilder<boolean>
  /** The columns that give the age of a row, as a comparable value. */
  readonly columns: RawBuilder<unknown>
  readonly age: RawBuilder<unknown>
  readonly descending: RawBuilder<unknown>
}
const byNumber = { key: 'n', columns: sql`n`, age: sql`n`, descending: sql`n desc` } as const
const PLACES: Readonly<Record<KeptKind, Place>> = {
  notifications: { table: 'notifications', condition: sql`matched = 1`, ...byNumber },
  'unmatched notifications': { table: 'notifications', condition: sql`matched = 0`, ...byNumber },
  deliveries: {
    table: 'deliveries',
    key: 'transaction_id',
    condition: sql`1 = 1`,
    columns: sql`at, transaction_id`,
    age: sql`(at, transaction_id)`,
    descending: sql`at desc, transaction_id desc`,
  },
  reports: { table: 'progress', condition: sql`at is not null`, ...byNumber },
}

/** Rows older than `before`, or after the newest `count`. */
const overLimits = ({ table, condition, columns, age, descending }: Place, before: string, count: number) => {
  const newest = sql`select ${columns} from ${sql.table(table)} where ${condition} order by ${descending} limit 1 offset ${count}`
  return sql<boolean>`${condition} and (at < ${before} or ${age} <= (${newest}))`
}

const isAny = (db: Kysely<Tables>, kind: KeptKind) =>
  prepare(db, `is-any-over-${kind.replace(' ', '-')}`, (db, { before, count }: { before: string; count: number }) =>
    db
      .selectFrom(PLACES[kind].table)
      .select('at')
      .where(overLimits(PLACES[kind], before, count))
      .limit(sql.lit(1)),
  )

/** The limits of tables that grow without end. One transaction deletes rows and updates their count. */
export const createRetentionOn = ({ db, row, exclusively }: Database): Pick<SmdpStore, 'dropOld' | 'readFigures'> => {
  const isAnyOf = {
    notifications: isAny(db, 'notifications'),
    'unmatched notifications': isAny(db, 'unmatched notifications'),
    deliveries: isAny(db, 'deliveries'),
    reports: isAny(db, 'reports'),
  } as const satisfies Record<KeptKind, unknown>

  const dropSome = async (work: Kysely<Tables>, kind: KeptKind, before: string, count: number, now: Date) => {
    const place = PLACES[kind]
    const requester = kind === 'reports' ? sql<string>`requester` : sql<string>`''`
    const { rows } = await sql<{ key: number | string; requester: string }>`
      select ${sql.ref(place.key)} as key, ${requester} as requester from ${sql.table(place.table)}
      where ${overLimits(place, before, count)} order by ${place.columns} limit ${sql.lit(AT_ONCE)}`.execute(work)
    if (rows.length === 0) return 0
    const keys = sql.join(rows.map(({ key }) => sql`${key}`))
    await sql`delete from ${sql.table(place.table)} where ${sql.ref(place.key)} in (${keys})`.execute(work)
    for (const each of new Set(rows.map(({ requester }) => requester)))
      await work
        .insertInto('dropped')
        .values({
          kind,
          requester: each,
          count: rows.filter(({ requester }) => requester === each).length,
          at: now.toISOString(),
        })
        .onConflict(on =>
          on.columns(['kind', 'requester']).doUpdateSet(eb => ({
            count: eb('dropped.count', '+', eb.ref('excluded.count')),
            at: eb.ref('excluded.at'),
          })),
        )
        .execute()
    return rows.length
  }

  return {
    async dropOld(kind, limit, now) {
      const before = limit.before.toISOString()
      let total = 0
      // Query the index first: an exclusive transaction delays the downloads.
      while ((await row(isAnyOf[kind], { before, count: limit.count })) !== undefined)
        await exclusively(async work => {
          total += await dropSome(work, kind, before, limit.count, now)
        })
      return total
    },
    async readFigures() {
      let figures: StoreFigures | undefined
      await exclusively(async work => {
        figures = await readFigures(work)
      })
      return figures!
    },
  }
}

const readFigures = async (work: Kysely<Tables>): Promise<StoreFigures> => {
  const countOf = async ({ table, condition }: Place): Promise<number> => {
    const counted = await sql<{ count: number }>`
      select count(*) as count from ${sql.table(table)} where ${condition}`.execute(work)
    return Number(counted.rows[0]!.count)
  }
  const waiting = await work
    .selectFrom('progress')
    .select(eb => ['requester', eb.fn.countAll<number>().as('count'), eb.fn.min('at').as('since')])
    .where('at', 'is not', null)
    .groupBy('requester')
    .orderBy('requester')
    .execute()
  const dropped = await work.selectFrom('dropped').selectAll().orderBy('kind').orderBy('requester').execute()
  return {
    kept: {
      notifications: await countOf(PLACES.notifications),
      'unmatched notifications': await countOf(PLACES['unmatched notifications']),
      deliveries: await countOf(PLACES.deliveries),
      reports: await countOf(PLACES.reports),
    },
    waiting: waiting.map(({ requester, count, since }) => ({
      requester,
      count: Number(count),
      since: new Date(since as string),
    })),
    dropped: dropped.map(({ kind, requester, count, at }) => ({
      kind: kind as KeptKind,
      requester: requester === '' ? undefined : requester,
      count: Number(count),
      at: new Date(at),
    })),
  }
}
