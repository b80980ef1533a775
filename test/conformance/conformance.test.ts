import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { CATALOGUE } from './catalogue.ts'
import { createConformance } from './conformance.ts'
import { PROCEDURES } from './procedures.ts'
import { openSockets, type Sockets } from './sockets.ts'

const sgp26 = resolve(import.meta.dirname, '../../../shared/sgp26')
const WITHOUT = existsSync(sgp26) ? '' : ' (skipped: ../shared/sgp26 is not on this machine)'

let sockets: Sockets
beforeAll(async () => {
  sockets = await openSockets()
})
afterAll(() => sockets.close())

/** Rows that are inapplicable have no test; that all others have one is for the catalogue's own test to say. */
const groups = CATALOGUE.filter(({ rows }) => rows.some(({ id }) => id in PROCEDURES))
describe.each(groups.map(({ name, rows }) => [name, rows] as const))('%s', (_, rows) => {
  for (const row of rows) {
    const procedure = PROCEDURES[row.id]
    if (procedure === undefined) continue
    const isBlocked = row.needs === 'sgp26' && WITHOUT !== ''
    const name = `${row.id}: ${row.title}${row.pair ? ` (${row.pair})` : ''}`
    it.skipIf(isBlocked)(`${name}${isBlocked ? WITHOUT : ''}`, () => procedure(createConformance(sockets, row)))
  }
})
