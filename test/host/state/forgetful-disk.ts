import type { Disk } from '../../../src/host/state/disk.ts'

/** The power went. */
export class PowerCut extends Error {}

interface FileState {
  synced: Uint8Array
  written: Uint8Array
}

/**
 * A disk on which the power goes at the n-th operation, and which then keeps of the unsynced what `keep` says
 * (a fraction): as much of an append as reached the platter, each rename done or not.
 */
export const forgetfulDisk = (start: ReadonlyMap<string, Uint8Array>, cutAt: number, keep: () => number) => {
  const files = new Map<string, FileState>([...start].map(([path, bytes]) => [path, { synced: bytes, written: bytes }]))
  /** What the folder says after a cut where its renames and removals were not synced. */
  let synced = new Map(files)
  let operations = 0
  let isOff = false
  const step = (): void => {
    if (isOff || ++operations > cutAt) {
      isOff = true
      throw new PowerCut()
    }
  }
  const stateOf = (path: string): FileState => {
    const known = files.get(path) ?? { synced: new Uint8Array(), written: new Uint8Array() }
    files.set(path, known)
    return known
  }
  const disk: Disk = {
    async read(path) {
      step()
      return files.get(path)?.written
    },
    async append(path, bytes) {
      const file = stateOf(path)
      file.written = Buffer.concat([file.written, bytes])
      step()
    },
    async sync(path) {
      step()
      const file = stateOf(path)
      file.synced = file.written
      // As on ext4 and its kind: syncing a new file makes its name last.
      synced.set(path, file)
    },
    async truncate(path, length) {
      step()
      const file = stateOf(path)
      file.written = file.written.slice(0, length)
    },
    async rename(from, to) {
      const file = files.get(from)
      if (file) {
        files.delete(from)
        files.set(to, file)
      }
      step()
    },
    async remove(path) {
      files.delete(path)
      step()
    },
    async syncFolder() {
      step()
      synced = new Map(files)
    },
    async close() {},
  }
  /** What the next start finds. */
  const afterCut = (): Map<string, Uint8Array> => {
    const folder = keep() < 0.5 ? synced : files
    return new Map(
      [...folder].map(([path, file]) => {
        const tail = file.written.slice(file.synced.length)
        const kept = tail.slice(0, Math.floor(tail.length * keep()))
        // A sector that was allocated and not written reads as zeros.
        const zeros = keep() < 0.3 ? tail.length - kept.length : 0
        const whole = file.written.length >= file.synced.length ? file.synced : file.written
        return [path, Buffer.concat([whole, kept, new Uint8Array(zeros)])]
      }),
    )
  }
  return { disk, afterCut, operations: () => operations }
}
