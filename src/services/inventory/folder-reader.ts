import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { BenchError } from '../../host/error.ts'

export type FolderReader = ReturnType<typeof createFolderReader>

/** Files beside the inventory, each read once. A file of keys that others may read is worth a warning. */
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
      const why =
        (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
      throw new BenchError('file-unreadable', `cannot read ${path}: ${why}`, { cause: error })
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
        warnings.push(`${path} holds ${what} and can be read by others (mode ${mode.toString(8)}); chmod 600 it`)
      return new TextDecoder().decode(bytes)
    },
  }
}
