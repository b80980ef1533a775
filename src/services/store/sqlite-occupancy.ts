import { closeSync, openSync } from 'node:fs'
import Libsql from 'libsql'

/** The wait of a starting server while another process clears the store. */
const WAIT_MS = 5_000

/**
 * Tracks the servers of a SQLite store: each holds a shared lock on an empty database next to it; clearing takes the
 * exclusive lock. The system releases them when a process ends. The locks of the store itself last only for a
 * statement.
 */
export const createSqliteOccupancy = (file: string) => {
  const path = `${file}.in-use`
  const open = (timeout: number): Libsql.Database => {
    closeSync(openSync(path, 'a', 0o600))
    return new Libsql(path, { timeout })
  }
  let mine: Libsql.Database | undefined
  return {
    occupy(): void {
      if (mine !== undefined) return
      const connection = open(WAIT_MS)
      try {
        connection.exec('begin')
        // SQLite takes the lock at the first read of the file.
        connection.prepare('select count(*) from sqlite_master').get()
      } catch (error) {
        connection.close()
        throw error
      }
      mine = connection
    },
    /** Returns false without running `work` if a server uses the store. */
    async alone(work: () => Promise<void>): Promise<boolean> {
      const connection = open(0)
      try {
        connection.exec('begin exclusive')
      } catch (error) {
        connection.close()
        if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return false
        throw error
      }
      try {
        await work()
        return true
      } finally {
        connection.exec('rollback')
        connection.close()
      }
    },
    leave(): void {
      // A connection that is closed inside a transaction keeps its lock until garbage collection.
      mine?.exec('rollback')
      mine?.close()
      mine = undefined
    },
  }
}
