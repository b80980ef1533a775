import { BenchError } from '../../host/error.ts'
import type { SmdpStore } from '../../server/smdp/store.ts'
import type { SmdsStore } from '../../server/smds/store.ts'
import type { Database } from './database.ts'
import { openPostgres } from './postgres-database.ts'
import { FORM, migrate, TABLES } from './schema.ts'
import { createSealing, keyIdOf, type Sealing, STORE_KEY_LENGTH, type StoreKey } from './sealing.ts'
import { createStoreOn } from './smdp-store.ts'
import { createSmdsStoreOn } from './smds-store.ts'
import { openSqlite } from './sqlite-database.ts'
import { readStoreKeys, STORE_KEY_VARIABLE } from './store-key.ts'

export interface OpenSmdpStore extends SmdpStore {
  /** The events and sessions of the SM-DS in the same store. */
  readonly smds: SmdsStore
  /** The name for messages: the file, or the server without its password. */
  readonly name: string
  readonly kind: Database['kind']
  /** Takes a lock so that the store cannot be cleared while a server uses it. */
  occupy(): Promise<void>
  /** Deletes all data. Throws BenchError `store-busy` if a server uses the store. */
  clear(): Promise<void>
  close(): Promise<void>
}

export interface StoreSettings {
  /** The environment, which can contain ESIM_BENCH_STORE_KEY. */
  readonly environment: NodeJS.ProcessEnv
  readonly random: (length: number) => Uint8Array
  /** The key file if the environment contains no key; by default next to the SQLite file. */
  readonly keyFile?: string
}

/** A complete store in memory, until the process ends. */
export const IN_MEMORY = 'memory:'

export const isPostgresUrl = (location: string): boolean => /^postgres(ql)?:\/\//.test(location)

/**
 * Opens the store of an SM-DP+ and its SM-DS in a SQLite file or, by URL, in PostgreSQL, and creates or migrates its
 * tables. Throws BenchError `store-newer`, `store-key`, `store-damaged`, `store-busy`, `store-unreachable` or `usage`.
 */
export const openSmdpStore = async (location: string, settings: StoreSettings): Promise<OpenSmdpStore> => {
  const keys = keysFor(location, settings)
  const sealing = createSealing(keys, settings.random)
  const database = isPostgresUrl(location)
    ? openPostgres(location)
    : openSqlite(location === IN_MEMORY ? ':memory:' : location)
  try {
    await prepareTables(database, sealing, keys)
  } catch (error) {
    await database.close().catch(() => undefined)
    throw database.toBenchError(error)
  }
  return {
    ...createStoreOn(database, sealing),
    smds: createSmdsStoreOn(database, sealing),
    name: database.name,
    kind: database.kind,
    occupy: database.occupy,
    async clear() {
      const isCleared = await database.alone(async work => {
        for (const table of TABLES) await work.deleteFrom(table).execute()
      })
      if (isCleared) return
      throw new BenchError(
        'store-busy',
        `a server has the store ${database.name} open: end it before the store is emptied, or give this one another with --db`,
      )
    },
    close: database.close,
  }
}

const keysFor = (location: string, { environment, keyFile, random }: StoreSettings): readonly StoreKey[] => {
  if (location === IN_MEMORY) return [random(STORE_KEY_LENGTH)]
  if (isPostgresUrl(location) && keyFile === undefined && !environment[STORE_KEY_VARIABLE])
    throw new BenchError(
      'store-key',
      `${STORE_KEY_VARIABLE} must hold the key of the secrets in PostgreSQL, the same for every server process; ` +
        '`openssl rand -hex 32` makes one',
    )
  return readStoreKeys(environment, keyFile ?? `${location.replace(/\.(db|sqlite3?)$/, '')}.key`, random)
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
        .values({ form: FORM, sealed: sealing.seal(Buffer.from('esim-bench'), ABOUT) })
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
