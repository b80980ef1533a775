import { closeSync, openSync } from 'node:fs'
import Libsql from 'libsql'

/** Who empties a store has it for this long, so a server that starts just then waits. */
const WAIT_MS = 5_000

/**
 * Who stands on a SQLite store: each server holds a shared lock on an empty database beside it, and whoever wants the
 * store for itself alone takes the exclusive one. The locks are the operating system's: they go with their process,
 * however it ends. (The store's own file cannot tell: its locks come and go with each statement.)
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
        // The lock is taken with the first look into the file, whatever is found there.
        connection.prepare('select count(*) from sqlite_master').get()
      } catch (error) {
        connection.close()
        throw error
      }
      mine = connection
    },
    /** False, and `work` is not done: somebody stands on the store. */
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
      // A connection that is closed within a transaction keeps its lock until it is collected.
      mine?.exec('rollback')
      mine?.close()
      mine = undefined
    },
  }
}
