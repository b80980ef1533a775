import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { BenchError } from '../../host/error.ts'
import { describeFileError } from '../../host/state/file-error.ts'

export type FolderReader = ReturnType<typeof createFolderReader>

/** Reads the files that an inventory names, each once. Warns about a file of secrets that other users can read. */
export const createFolderReader = (folder: string) => {
  const known = new Map<string, Uint8Array>()
  const warnings: string[] = []
  const read = (name: string): Uint8Array => {
    const path = resolve(folder, name)
    const before = known.get(path)
    if (before !== undefined) return before
    try {
      const bytes = new Uint8Array(readFileSync(path))
      known.set(path, bytes)
      return bytes
    } catch (error) {
      throw new BenchError('file-unreadable', `cannot read ${path}: ${describeFileError(error)}`, { cause: error })
    }
  }
  return {
    read,
    warnings,
    readSecrets(name: string, what = 'keys'): string {
      const bytes = read(name)
      const path = resolve(folder, name)
      const mode = statSync(path).mode & 0o777
      if ((mode & 0o077) !== 0)
        warnings.push(
          `${path} contains ${what} and other users can read it (mode ${mode.toString(8)}); run \`chmod 600\``,
        )
      return new TextDecoder().decode(bytes)
    },
  }
}
