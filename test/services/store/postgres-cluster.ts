import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

/** Where Debian keeps `initdb` and `pg_ctl`; the newest version of them. */
const bin = ((): string | undefined => {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return undefined
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return versions.map(version => join(root, version, 'bin')).find(path => existsSync(join(path, 'initdb')))
})()

/** Why there is no PostgreSQL to test with; undefined: there is. */
export const withoutPostgres =
  bin === undefined ? 'PostgreSQL is not installed here: no /usr/lib/postgresql' : undefined

export interface Cluster {
  /** A database of its own for each test. */
  database(name: string): string
  /** The folder of its socket and its password file. */
  readonly folder: string
  stop(): void
}

/** PostgreSQL refuses to run as root: there it runs as its own user. */
const run = (program: string, args: readonly string[], folder: string): string => {
  const isRoot = process.getuid?.() === 0
  const [file, given] = isRoot
    ? ['runuser', ['-u', 'postgres', '--', join(bin!, program), ...args]]
    : [join(bin!, program), [...args]]
  return execFileSync(file, given, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** A cluster for this test alone: on a socket in a temporary folder, no port, nothing of the machine's own server. */
export const startCluster = (): Cluster => {
  const folder = mkdtempSync(join(tmpdir(), 'pg-'))
  if (process.getuid?.() === 0) {
    const [uid, gid] = ['-u', '-g'].map(of => Number(execFileSync('id', [of, 'postgres'], { encoding: 'utf8' })))
    chownSync(folder, uid!, gid!)
  }
  const data = join(folder, 'data')
  run('initdb', ['-D', data, '-U', 'tester', '--auth=trust', '--no-sync', '--locale=C', '--encoding=UTF8'], folder)
  // Only the server process is killed in these tests, never PostgreSQL: it need not sync.
  const options = `-k ${folder} -c listen_addresses='' -c fsync=off -c shared_buffers=32MB -c max_connections=60`
  run('pg_ctl', ['-D', data, '-w', '-o', options, '-l', join(folder, 'log'), 'start'], folder)
  return {
    folder,
    database(name) {
      run('createdb', ['-h', folder, '-U', 'tester', name], folder)
      return `postgres://tester@localhost/${name}?host=${encodeURIComponent(folder)}`
    },
    stop() {
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop'], folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'smdp-store-'))
  mkdirSync(folder, { recursive: true })
  return folder
}

/** A folder for SQLite files, and a cluster where there is PostgreSQL, for the tests of the file that asks. */
export const openFixtures = (): { readonly folder: string; readonly cluster: Cluster } => {
  const folder = temporaryFolder()
  let cluster: Cluster | undefined
  beforeAll(() => {
    if (withoutPostgres === undefined) cluster = startCluster()
  })
  afterAll(() => {
    cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    get cluster() {
      return cluster!
    },
  }
}
