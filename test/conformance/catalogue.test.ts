import { describe, expect, it } from 'vitest'
import { MESSAGE_REFUSALS } from '../../src/server/rsp-server/error.ts'
import { SMDP_REFUSALS } from '../../src/server/smdp/error.ts'
import { SMDS_REFUSALS } from '../../src/server/smds/error.ts'
import { CATALOGUE, ROWS } from './catalogue.ts'
import { PROCEDURES } from './procedures.ts'
import { readTable, renderTable } from './table.ts'

const asked = ROWS.filter(({ inapplicable }) => inapplicable === undefined).map(({ id }) => id)

describe('conformance rows', () => {
  it('Each id exists once', () => {
    const ids = ROWS.map(({ id }) => id)
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
  })

  it('Each applicable id has a test, and each test has an id', () => {
    expect(Object.keys(PROCEDURES).sort()).toEqual([...asked].sort())
  })

  it.each([
    ['smdp', SMDP_REFUSALS, /^(TC_SM-DP\+_ES9|EB_ES9|EB_ES2)/],
    ['smds', SMDS_REFUSALS, /^EB_ES1[12]/],
    ['rsp-server', MESSAGE_REFUSALS, /^(EB_ES9|EB_ES2)/],
  ])('Each refusal pair of %s has a row', (_, refusals, ids) => {
    const pairs = Object.values(refusals).map(([subject, reason]) => `${subject}/${reason}`)
    expect(pairs.length).toBeGreaterThan(8)
    const shown = new Set(ROWS.filter(({ id }) => ids.test(id)).map(({ pair }) => pair))
    expect(pairs.filter(pair => !shown.has(pair))).toEqual([])
  })
})

describe('docs/conformance.md', () => {
  const { text, results } = readTable()
  it('The page is current; otherwise run `npm run conformance`', () => {
    expect(text).toBe(renderTable(results))
  })

  it('The page has a result for each row, and no failure', () => {
    expect(ROWS.map(({ id }) => id).filter(id => !results.has(id))).toEqual([])
    expect([...results].filter(([, result]) => result === 'fail')).toEqual([])
  })

  it('A row without a test run is not a success', () => {
    for (const { id, inapplicable } of CATALOGUE.flatMap(({ rows }) => rows))
      expect(results.get(id) === 'inapplicable', id).toBe(inapplicable !== undefined)
  })
})
