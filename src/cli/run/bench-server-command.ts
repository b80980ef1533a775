import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measureServer, type ServerMeasurement } from '../../../benchmarks/measure-server.ts'
import { makeDatabase } from '../../../benchmarks/postgres-target.ts'
import type { Runtime } from '../../host/runtime.ts'
import { IN_MEMORY } from '../../services/store/open-smdp-store.ts'
import { table } from '../table.ts'
import { createTerminal, printJson } from '../terminal.ts'

export interface BenchServerOptions {
  readonly downloads: number
  readonly sessions: number
  readonly json?: boolean
}

const megabytes = (bytes: number): string => `${Math.round(bytes / (1 << 20))} MB`
const ms = (value: number): string => `${value.toFixed(2)} ms`

const toRows = (measured: readonly ServerMeasurement[]): string[][] => {
  const row = (name: string, value: (of: ServerMeasurement) => string): string[] => [name, ...measured.map(value)]
  return [
    row('store', ({ store }) => store),
    row('server processes', ({ processes }) => `${processes}`),
    row('full downloads per second', of => of.downloads.perSecond.toFixed(0)),
    row('  p50', of => ms(of.downloads.p50)),
    row('  p99', of => ms(of.downloads.p99)),
    row('  server CPU time each', of => ms(of.downloads.cpuMs)),
    row('  per second on one core', of => of.downloads.perCoreSecond.toFixed(0)),
    row('  bare crypto each', of => ms(of.bareCryptoMs)),
    row('  server CPU time / bare crypto', of => of.ratio.toFixed(2)),
    row('InitiateAuthentication per second', of => of.initiateAuthentication.perSecond.toFixed(0)),
    row('  p50', of => ms(of.initiateAuthentication.p50)),
    row('  p99', of => ms(of.initiateAuthentication.p99)),
    row('  per second on one core', of => of.initiateAuthentication.perCoreSecond.toFixed(0)),
    ...measured[0]!.memory.map(({ sessions }, at) =>
      row(`memory after ${sessions} sessions`, of => megabytes(of.memory[at]!.rss)),
    ),
  ]
}

/** Measures the SM-DP+ over TLS in separate processes: on SQLite, and on PostgreSQL if DATABASE_URL is set. */
export const benchServerCommand = async (runtime: Runtime, options: BenchServerOptions): Promise<number> => {
  const terminal = createTerminal(runtime, options.json)
  const folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
  // Each measurement has its own store key, so that none can use the stock of another.
  const environment = { ESIM_BENCH_STORE_KEY: Buffer.from(runtime.random(32)).toString('hex') }
  const postgres = runtime.environment.DATABASE_URL
  const measured: ServerMeasurement[] = []
  const measure = async (name: string, store: string, processes: number): Promise<void> => {
    const result = await measureServer(runtime, { ...options, name, store, processes, environment }, text => {
      runtime.interrupt.throwIfAborted()
      terminal.progress(`${name}, ${processes === 1 ? 'one process' : `${processes} processes`}: ${text}`)
    })
    measured.push(result)
  }
  try {
    await measure('memory', IN_MEMORY, 1)
    await measure('SQLite', join(folder, 'smdp.db'), 1)
    for (const processes of postgres ? [1, 2] : []) {
      const database = await makeDatabase(postgres!, runtime.random)
      try {
        await measure('PostgreSQL', database.url, processes)
      } finally {
        await database.drop()
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  for (const line of table(toRows(measured))) terminal.line(line)
  if (!postgres)
    terminal.line(
      'PostgreSQL was not measured. To measure it, set DATABASE_URL to a server on which you may create databases.',
    )
  if (options.json) printJson(runtime, { server: measured })
  return 0
}
