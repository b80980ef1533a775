import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { SHARED } from '../paths.ts'
import { CATALOGUE, ROWS } from './catalogue.ts'
import { createConformance } from './conformance.ts'
import { PROCEDURES } from './procedures.ts'
import type { Row } from './row.ts'
import { openSockets, type Sockets } from './sockets.ts'
import { type Result, writeTable } from './table.ts'

const sgp26 = join(SHARED, 'sgp26')
const isMissing = !existsSync(sgp26)
const WITHOUT = ' (skipped: ../shared/sgp26 is not on this machine)'
const isBlocked = ({ needs }: Row): boolean => needs === 'sgp26' && isMissing

const results = new Map<string, Result>()
for (const row of ROWS) {
  if (row.inapplicable !== undefined) results.set(row.id, 'inapplicable')
  else if (isBlocked(row)) results.set(row.id, 'blocked')
}
const ask = async (row: Row): Promise<void> => {
  results.set(row.id, 'fail')
  await PROCEDURES[row.id]!(createConformance(sockets, row))
  results.set(row.id, 'pass')
}

let sockets: Sockets
beforeAll(async () => {
  sockets = await openSockets()
})
afterAll(async () => {
  await sockets.close()
  // `npm run conformance`. Of a run that left tests out no table is made.
  if (process.env.ESIM_BENCH_CONFORMANCE === 'write' && ROWS.every(({ id }) => results.has(id))) writeTable(results)
})

/** Rows that are inapplicable have no test; that all others have one is for the catalogue's own test to say. */
const groups = CATALOGUE.filter(({ rows }) => rows.some(({ id }) => id in PROCEDURES))
describe.each(groups.map(({ name, rows }) => [name, rows] as const))('%s', (_, rows) => {
  for (const row of rows) {
    if (!(row.id in PROCEDURES)) continue
    const name = `${row.id}: ${row.title}${row.pair ? ` (${row.pair})` : ''}`
    it.skipIf(isBlocked(row))(isBlocked(row) ? name + WITHOUT : name, () => ask(row))
  }
})
