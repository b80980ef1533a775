import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, expect, it } from 'vitest'
import { openSqlite } from '../../../src/services/store/sqlite-database.ts'
import { bound, prepare } from '../../../src/services/store/statement.ts'
import { temporaryFolder } from './postgres-cluster.ts'

const folder = temporaryFolder()
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const endOfTurn = () => new Promise<void>(resolve => void setImmediate(resolve))

let opened = 0
const open = async () => {
  const file = join(folder, `${opened++}.db`)
  const database = openSqlite(file)
  await database.exclusively(async db => {
    await sql`create table calls (n integer primary key, key text not null unique, doc text not null)`.execute(db)
  })
  const add = prepare(database.db, 'add', (db, { key, doc }: { key: string; doc: string }) =>
    db.insertInto('calls').values({ key, doc }),
  )
  const find = prepare(database.db, 'find', (db, { key }: { key: string }) =>
    db.selectFrom('calls').select('doc').where('key', '=', key),
  )
  return {
    database,
    file,
    addRow: add,
    add: (key: string, doc = key) => database.change(add, { key, doc }),
    find: async (key: string) => (await database.row(find, { key }))?.doc,
  }
}

it('a write is visible at once here, and for other processes after the sync', async () => {
  const { database, file, add, find } = await open()
  const other = openSqlite(file)
  const asOther = prepare(other.db, 'find', (db, { key }: { key: string }) =>
    db.selectFrom('calls').select('doc').where('key', '=', key),
  )
  await add('one')
  expect(await find('one')).toBe('one')
  expect(await other.row(asOther, { key: 'one' })).toBeUndefined()
  await database.synced()
  expect(await other.row(asOther, { key: 'one' })).toMatchObject({ doc: 'one' })
  await other.close()
  await database.close()
})

it('the writes of one tick are one transaction without the rejected write', async () => {
  const { database, add, find } = await open()
  const outcomes = await Promise.allSettled([add('one'), add('one'), add('two')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await database.synced()
  expect([await find('one'), await find('two')]).toEqual(['one', 'two'])
  await database.close()
})

it('each writer of a lost transaction is notified', async () => {
  const { database, add, find } = await open()
  await sql`pragma max_page_count = 10`.execute(database.db)
  await add('small')
  await expect(add('large', 'x'.repeat(1 << 16))).rejects.toMatchObject({ code: 'store-unreachable' })
  const isLost = await database.synced().then(
    () => false,
    () => true,
  )
  expect([isLost, await find('small')]).toEqual([true, undefined])
  await endOfTurn()
  await sql`pragma max_page_count = 100000`.execute(database.db)
  await add('later')
  await database.synced()
  expect(await find('later')).toBe('later')
  await database.close()
})

it('writes of a rolled-back tick are rejected', async () => {
  const { database, add, addRow, find } = await open()
  await sql`pragma max_page_count = 10`.execute(database.db)
  // One call of two steps, and another that fills the disk between them.
  const first = add('first')
  const large = database.changeAll([bound(addRow, { key: 'large', doc: 'x'.repeat(1 << 20) })])
  const second = add('second')
  const call = Promise.all([first, second]).then(() => database.synced())
  await expect(large).rejects.toMatchObject({
    code: 'store-unreachable',
    message: expect.stringContaining('SQLITE_FULL'),
  })
  const isAnswered = await call.then(
    () => true,
    () => false,
  )
  expect([isAnswered, await find('first'), await find('second')]).toEqual([false, undefined, undefined])
  await endOfTurn()
  await sql`pragma max_page_count = 100000`.execute(database.db)
  await add('later')
  await database.synced()
  expect(await find('later')).toBe('later')
  await database.close()
})

it('close reports a lost last transaction', async () => {
  const { database, add } = await open()
  await add('one')
  await sql`rollback`.execute(database.db)
  await expect(database.close()).rejects.toThrow()
})

it('an exclusive step excludes other writers and waits for the end of the tick', async () => {
  const { database, add, find } = await open()
  const written = add('before')
  const steps: (string | undefined)[] = []
  const step = (key: string) =>
    database.exclusively(async () => {
      steps.push(await find('meanwhile'))
      await sql`insert into calls (key, doc) values (${key}, ${key})`.execute(database.db)
    })
  const exclusive = Promise.all([step('one'), step('two')])
  await written
  await exclusive
  await add('meanwhile')
  await database.synced()
  expect(steps).toEqual([undefined, undefined])
  expect([await find('before'), await find('one'), await find('two')]).toEqual(['before', 'one', 'two'])
  await database.close()
})
