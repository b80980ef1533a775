import { linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { BenchError } from '../../host/error.ts'
import { describeFileError } from '../../host/state/file-error.ts'
import { STORE_KEY_LENGTH, type StoreKey } from './sealing.ts'

/** The variable with the key of the store; after commas, former keys of older secrets. */
export const STORE_KEY_VARIABLE = 'ESIM_BENCH_STORE_KEY'

/** 64 hexadecimal digits, or the same 32 bytes in base64. */
const readKey = (text: string, where: string): StoreKey => {
  const trimmed = text.trim()
  const bytes = /^[0-9a-fA-F]{64}$/.test(trimmed)
    ? Buffer.from(trimmed, 'hex')
    : /^[A-Za-z0-9+/]{43}=$/.test(trimmed)
      ? Buffer.from(trimmed, 'base64')
      : undefined
  if (bytes?.length === STORE_KEY_LENGTH) return Uint8Array.from(bytes)
  throw new BenchError(
    'store-key',
    `${where} must hold 32 bytes as 64 hexadecimal digits or in base64; \`openssl rand -hex 32\` makes such a key`,
  )
}

/**
 * The keys of the store, the encrypting one first: from the environment, else from `file`. The first start creates the
 * file, which only its owner can read.
 */
export const readStoreKeys = (
  environment: NodeJS.ProcessEnv,
  file: string,
  random: (length: number) => Uint8Array,
): readonly StoreKey[] => {
  const given = environment[STORE_KEY_VARIABLE]
  if (given) return given.split(',').map(text => readKey(text, STORE_KEY_VARIABLE))
  for (;;) {
    try {
      const text = readFileSync(file, 'utf8')
      if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
        throw new BenchError('store-key', `others may read the key file ${file}: \`chmod 600 ${file}\``)
      return [readKey(text, file)]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable(error, file)
    }
    makeKeyFile(file, random)
  }
}

/** link(2) makes the file appear complete. Of two first starts, one creates it and the other reads it. */
const makeKeyFile = (file: string, random: (length: number) => Uint8Array): void => {
  const draft = `${file}.${process.pid}`
  try {
    writeFileSync(draft, `${Buffer.from(random(STORE_KEY_LENGTH)).toString('hex')}\n`, { mode: 0o600 })
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(error, file)
  } finally {
    rmSync(draft, { force: true })
  }
}

const unreadable = (error: unknown, file: string): BenchError =>
  error instanceof BenchError
    ? error
    : new BenchError('store-key', `cannot use the key file ${file}: ${describeFileError(error)}`, { cause: error })
