import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { BenchError } from '../error.ts'
import { describeFileError } from './file-error.ts'
import { takeLock } from './lock.ts'

/** The format of a state folder. A bench reads this format and older ones, and refuses newer ones. */
export const HOME_FORMAT = 1

/** The state folder of a bench: software eUICCs, store, evidence and test PKI. */
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
    throw new BenchError('home-damaged', `${file} does not contain a format number; move ${path} away and start again`)
  if (format > HOME_FORMAT)
    throw new BenchError(
      'home-newer',
      `the state folder ${path} was written by a newer esim-bench (format ${format}, this one knows ${HOME_FORMAT}); ` +
        'update esim-bench, or set ESIM_BENCH_HOME to another folder',
      { data: { format, known: HOME_FORMAT } },
    )
}

/** Like `mkdir -p`. Node's recursive mkdir never returns if a parent is visible but not writable. */
const makeFolder = (path: string): void => {
  if (!existsSync(dirname(path))) makeFolder(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}

const makeStateFolder = (path: string): void => {
  try {
    makeFolder(path)
  } catch (error) {
    throw new BenchError(
      'usage',
      `cannot use ${path} as state folder: ${describeFileError(error)}. ` +
        'Set ESIM_BENCH_HOME to a folder that this user can create or write.',
      { cause: error },
    )
  }
}

/**
 * Opens the state folder. Throws BenchError `home-in-use` with the process id of another process that uses it. With
 * `beside`, takes no lock: for callers that use only parts with their own locks.
 */
export const openHome = (path: string, { beside = false }: { beside?: boolean } = {}): Home => {
  const folder = (name: string): string => {
    const full = join(path, name)
    makeFolder(full)
    return full
  }
  makeStateFolder(path)
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
