import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BenchError } from '../../host/error.ts'
import { describeFileError } from '../../host/state/file-error.ts'
import { homePath } from '../../host/state/home.ts'
import { IN_MEMORY, isPostgresUrl, type OpenSmdpStore, openSmdpStore } from '../store/open-smdp-store.ts'
import { getFaultFile } from './fault-file.ts'
import type { Random } from './stock-copies.ts'

export interface StoreContext {
  readonly environment: NodeJS.ProcessEnv
  readonly workingFolder: string
  readonly random: Random
}

/** The store of `--db`. By default a file in the state folder, which the server and its commands share. */
const placeOf = (db: string | undefined, { environment, workingFolder }: StoreContext): string => {
  if (db === undefined) return join(homePath(environment, workingFolder), 'smdp.db')
  if (db === 'memory') return IN_MEMORY
  return db === IN_MEMORY || isPostgresUrl(db) ? db : resolve(workingFolder, db)
}

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new BenchError(
      'usage',
      `cannot create the folder ${folder}: ${describeFileError(error)}. Name another file with --db, or set ESIM_BENCH_HOME.`,
      { cause: error },
    )
  }
}

/** Opens the store of `--db`. With `mustExist`, refuses a missing file: a mistyped name must not create an empty store. */
export const openStoreAt = async (
  db: string | undefined,
  context: StoreContext,
  { mustExist = false }: { mustExist?: boolean } = {},
): Promise<OpenSmdpStore> => {
  const { environment, workingFolder, random } = context
  const place = placeOf(db, context)
  const isFile = place !== IN_MEMORY && !isPostgresUrl(place)
  if (mustExist && isFile && !existsSync(place))
    throw new BenchError(
      'file-unreadable',
      `there is no store ${place}; create it with \`esim-bench smdp serve\` or \`esim-bench smdp stock import\`, or name another with --db`,
    )
  if (isFile && statSync(place, { throwIfNoEntry: false })?.isDirectory())
    throw new BenchError('usage', `the store ${place} is a folder; name a file in it with --db`)
  if (isFile) makeFolder(dirname(place))
  return openSmdpStore(place, {
    environment,
    random,
    // A database server has no folder for the key file.
    ...(isPostgresUrl(place) && { keyFile: keyFileAt(homePath(environment, workingFolder)) }),
  })
}

/** The file from which the server of this store reads its fault rules. */
export const getFaultLocation = (db: string | undefined, context: StoreContext): string => {
  const place = placeOf(db, context)
  const isFile = place !== IN_MEMORY && !isPostgresUrl(place)
  const home = homePath(context.environment, context.workingFolder)
  const file = getFaultFile(isFile ? place : join(home, 'smdp'))
  makeFolder(dirname(file))
  return file
}

const keyFileAt = (home: string): string => {
  makeFolder(home)
  return join(home, 'smdp-postgres.key')
}
