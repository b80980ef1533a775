import type { SmdpStore } from '../../server/smdp/store.ts'
import { BenchError } from '../error.ts'
import type { Database } from './database.ts'
import { openPostgres } from './postgres-database.ts'
import { FORM, migrate } from './schema.ts'
import { createSealing, keyIdOf, type Sealing, type StoreKey } from './sealing.ts'
import { createStoreOn } from './smdp-store.ts'
import { openSqlite } from './sqlite-database.ts'

export interface OpenSmdpStore extends SmdpStore {
  /** For sentences: the file, or the server without its password. */
  readonly name: string
  readonly kind: Database['kind']
  close(): Promise<void>
}

export const isPostgresUrl = (place: string): boolean => /^postgres(ql)?:\/\//.test(place)

/**
 * Opens the store of an SM-DP+ in a SQLite file or, by its URL, in PostgreSQL; makes or brings up to date its tables.
 * `keys`: `readStoreKeys`. Throws BenchError `store-newer`, `store-key`, `store-damaged`, `store-busy` or
 * `store-unreachable`.
 */
export const openSmdpStore = async (
  place: string,
  keys: readonly StoreKey[],
  random: (length: number) => Uint8Array,
): Promise<OpenSmdpStore> => {
  const database = isPostgresUrl(place) ? openPostgres(place) : openSqlite(place)
  const sealing = createSealing(keys, random)
  try {
    await prepareTables(database, sealing, keys)
  } catch (error) {
    await database.close().catch(() => undefined)
    throw database.told(error)
  }
  return {
    ...createStoreOn(database, sealing),
    name: database.name,
    kind: database.kind,
    close: database.close,
  }
}

const ABOUT = 'smdp_store'

const prepareTables = (database: Database, sealing: Sealing, keys: readonly StoreKey[]): Promise<void> => {
  const { kind, name } = database
  return database.exclusively(async work => {
    const exists = (await work.introspection.getTables()).some(table => table.name === 'smdp_store')
    const known = exists ? await work.selectFrom('smdp_store').selectAll().executeTakeFirst() : undefined
    if (known !== undefined) {
      if (known.form > FORM)
        throw new BenchError(
          'store-newer',
          `the store ${name} was written by a newer esim-bench (form ${known.form}, this one knows ${FORM}); ` +
            'update esim-bench, or give it another store',
          { data: { form: known.form, known: FORM } },
        )
      checkKey(sealing, known.sealed, name, keys)
    }
    await migrate(work, kind, known?.form ?? 0)
    if (known === undefined)
      await work
        .insertInto('smdp_store')
        .values({ form: FORM, sealed: sealing.seal('esim-bench', ABOUT) })
        .execute()
    else if (known.form < FORM) await work.updateTable('smdp_store').set({ form: FORM }).execute()
  })
}

const checkKey = (sealing: Sealing, sealed: Uint8Array, name: string, keys: readonly StoreKey[]): void => {
  try {
    sealing.open(sealed, ABOUT)
  } catch (cause) {
    if (!(cause instanceof BenchError && cause.code === 'store-key')) throw cause
    const needed = Buffer.from(sealed.subarray(1, 9)).toString('hex')
    throw new BenchError(
      'store-key',
      `the secrets in the store ${name} were encrypted with another key: it is ${needed}, given is ` +
        `${keys.map(keyIdOf).join(', ')}; set ESIM_BENCH_STORE_KEY to that key, or give another store`,
      { cause },
    )
  }
}
