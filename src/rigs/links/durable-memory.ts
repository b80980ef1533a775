import { createHash } from 'node:crypto'
import { dirname } from 'node:path'
import type { NonVolatileMemory } from '../../euicc/state/memory.ts'
import { BenchError } from '../../host/error.ts'
import type { Disk } from '../../host/state/disk.ts'

/*
 * The non-volatile memory of the software eUICC on disk: named values. A commit changes all its values or none.
 *
 * The file is a journal. A commit appends one record and syncs it. A record is valid if its digest matches, so a power
 * cut during the commit leaves the state before it. A journal of twice the size of its contents is compacted: the
 * contents are written to a second file, which is synced and renamed over the first.
 *
 *     record = length of body (4 bytes, big-endian) | SHA-256 of body, first 16 bytes | body
 *     body   = { length of name (2) | name | length of value + 1 (4), 0 = removed | value } …
 */

const HEADER = 20
const COMPACT_FROM = 1 << 20

const computeDigest = (body: Uint8Array): Buffer => createHash('sha256').update(body).digest().subarray(0, 16)

const encodeRecord = (changes: ReadonlyMap<string, Uint8Array | null>): Uint8Array => {
  const names = [...changes].map(([name, value]) => [Buffer.from(name, 'utf8'), value] as const)
  const length = names.reduce((sum, [name, value]) => sum + 6 + name.length + (value?.length ?? 0), 0)
  const record = Buffer.alloc(HEADER + length)
  let at = HEADER
  for (const [name, value] of names) {
    at = record.writeUInt16BE(name.length, at)
    at += name.copy(record, at)
    at = record.writeUInt32BE(value === null ? 0 : value.length + 1, at)
    if (value) record.set(value, at)
    at += value?.length ?? 0
  }
  record.writeUInt32BE(length, 0)
  record.set(computeDigest(record.subarray(HEADER)), 4)
  return record
}

const applyBody = (body: Buffer, values: Map<string, Uint8Array>): void => {
  let at = 0
  while (at < body.length) {
    const nameLength = body.readUInt16BE(at)
    const name = body.toString('utf8', at + 2, at + 2 + nameLength)
    at += 2 + nameLength
    const mark = body.readUInt32BE(at)
    at += 4
    if (mark === 0) values.delete(name)
    else {
      values.set(name, Uint8Array.from(body.subarray(at, at + mark - 1)))
      at += mark - 1
    }
  }
}

/** Applies the complete records. Returns their total length in bytes. */
const replay = (bytes: Uint8Array, values: Map<string, Uint8Array>, path: string): number => {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (file.length - at >= HEADER) {
    const length = file.readUInt32BE(at)
    const end = at + HEADER + length
    if (length === 0 || end > file.length) break
    const body = file.subarray(at + HEADER, end)
    if (!computeDigest(body).equals(file.subarray(at + 4, at + HEADER))) {
      // A power cut can damage only the last record.
      if (end < file.length && file.subarray(end).some(byte => byte !== 0))
        throw new BenchError(
          'home-damaged',
          `${path} is damaged at byte ${at}, and a power cut is not the cause. Remove the folder ${dirname(path)} ` +
            'to begin with an empty card.',
          { data: { offset: at } },
        )
      break
    }
    applyBody(body, values)
    at = end
  }
  return at
}

/** Opens the journal at `path`. Discards an incomplete last record. Throws `home-damaged` for damage before it. */
export const openDurableMemory = async (path: string, disk: Disk): Promise<NonVolatileMemory> => {
  const values = new Map<string, Uint8Array>()
  const fresh = `${path}.new`
  const folder = dirname(path)
  await disk.remove(fresh)
  const found = await disk.read(path)
  let length = found ? replay(found, values, path) : 0
  if (found && length < found.length) {
    await disk.truncate(path, length)
    await disk.sync(path)
  }
  let isFolderSynced = found !== undefined
  let broken: unknown
  let queue: Promise<void> = Promise.resolve()

  const compact = async (): Promise<void> => {
    const record = encodeRecord(values)
    await disk.append(fresh, record)
    await disk.sync(fresh)
    await disk.rename(fresh, path)
    await disk.syncFolder(folder)
    length = record.length
  }
  const contents = (): number =>
    [...values].reduce((sum, [name, value]) => sum + 6 + name.length + value.length, HEADER)

  const commitNow = async (changes: ReadonlyMap<string, Uint8Array | null>): Promise<void> => {
    if (broken) throw broken
    if (changes.size === 0) return
    const record = encodeRecord(changes)
    try {
      await disk.append(path, record)
      await disk.sync(path)
      if (!isFolderSynced) await disk.syncFolder(folder)
    } catch (error) {
      // It is unknown whether the record is on disk until the journal is read again, so no record may follow it.
      broken = error
      throw error
    }
    isFolderSynced = true
    length += record.length
    for (const [name, value] of changes)
      if (value === null) values.delete(name)
      else values.set(name, Uint8Array.from(value))
    if (length > COMPACT_FROM && length > 2 * contents())
      await compact().catch(error => {
        broken = error
      })
  }

  return {
    read: async name => {
      const value = values.get(name)
      return value && Uint8Array.from(value)
    },
    names: () => [...values.keys()].sort(),
    commit(changes) {
      const done = queue.then(() => commitNow(changes))
      queue = done.catch(() => undefined)
      return done
    },
  }
}
