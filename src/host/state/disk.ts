import { type FileHandle, open, readFile, rename, rm, truncate } from 'node:fs/promises'

/**
 * The file operations of a crash-safe store, so that a test can replace them by a disk that loses unsynced data.
 * Before `sync` resolves, a power cut can keep, shorten or lose an append; before `syncFolder`, a rename.
 */
export interface Disk {
  read(path: string): Promise<Uint8Array | undefined>
  append(path: string, bytes: Uint8Array): Promise<void>
  sync(path: string): Promise<void>
  truncate(path: string, length: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  syncFolder(path: string): Promise<void>
  close(): Promise<void>
}

/** The disk of this machine. Files that it appends to stay open. */
export const openDisk = (): Disk => {
  const handles = new Map<string, FileHandle>()
  const handleOf = async (path: string): Promise<FileHandle> => {
    const known = handles.get(path)
    if (known) return known
    const handle = await open(path, 'a', 0o600)
    handles.set(path, handle)
    return handle
  }
  const forget = async (path: string): Promise<void> => {
    const handle = handles.get(path)
    handles.delete(path)
    await handle?.close()
  }
  return {
    async read(path) {
      try {
        return new Uint8Array(await readFile(path))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async append(path, bytes) {
      await (await handleOf(path)).appendFile(bytes)
    },
    async sync(path) {
      await (await handleOf(path)).datasync()
    },
    truncate: (path, length) => truncate(path, length),
    async rename(from, to) {
      await forget(from)
      await forget(to)
      await rename(from, to)
    },
    async remove(path) {
      await forget(path)
      await rm(path, { force: true })
    },
    async syncFolder(path) {
      const folder = await open(path, 'r')
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
    async close() {
      for (const path of [...handles.keys()]) await forget(path)
    },
  }
}
