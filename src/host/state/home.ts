import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BenchError } from '../error.ts'
import { takeLock } from './lock.ts'

/** The form of what lies under a home. A bench reads its own and older ones, and refuses newer ones. */
export const HOME_FORMAT = 1

/** Where the state of a bench lives: software eUICCs, store, evidence, test PKI. */
export interface Home {
  readonly path: string
  readonly pki: string
  readonly cards: string
  readonly evidence: string
  readonly store: string
  readonly errors: string
  close(): void
}

/** `$ESIM_BENCH_HOME`, by default `.esim-bench/` in the working folder. */
export const homePath = (environment: NodeJS.ProcessEnv, workingFolder: string): string =>
  resolve(workingFolder, environment.ESIM_BENCH_HOME || '.esim-bench')

const checkVersion = (path: string): void => {
  const file = join(path, 'version')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    writeFileSync(file, `${HOME_FORMAT}\n`, { mode: 0o600 })
    return
  }
  const format = /^\d+\n?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(format))
    throw new BenchError('home-damaged', `${file} does not hold a format number; move ${path} away and start again`)
  if (format > HOME_FORMAT)
    throw new BenchError(
      'home-newer',
      `the state folder ${path} was written by a newer esim-bench (format ${format}, this one knows ${HOME_FORMAT}); ` +
        'update esim-bench, or set ESIM_BENCH_HOME to another folder',
      { data: { format, known: HOME_FORMAT } },
    )
}

/** As `mkdir -p`. Node's own recursive one never returns where a folder can be seen and nothing made in it. */
const makeFolder = (path: string): void => {
  if (!existsSync(dirname(path))) makeFolder(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}

/**
 * Opens the state folder, alone: a second process is refused with the first one's number. With `beside`, next to one
 * that may have it: for who touches nothing but what has a lock of its own.
 */
export const openHome = (path: string, { beside = false }: { beside?: boolean } = {}): Home => {
  const folder = (name: string): string => {
    const full = join(path, name)
    makeFolder(full)
    return full
  }
  try {
    makeFolder(path)
  } catch (error) {
    throw new BenchError('usage', `cannot use ${path} as state folder: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const lock = beside ? { release() {} } : takeLock(path)
  if ('pid' in lock)
    throw new BenchError(
      'home-in-use',
      `the state folder ${path} is in use by another esim-bench (process ${lock.pid}); ` +
        'end that one first, or set ESIM_BENCH_HOME to another folder',
      { data: { pid: lock.pid } },
    )
  try {
    checkVersion(path)
    return {
      path,
      pki: folder('pki'),
      cards: folder('cards'),
      evidence: folder('evidence'),
      store: join(path, 'store.db'),
      errors: folder('errors'),
      close: () => lock.release(),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
