import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../paths.ts'
import { CATALOGUE, ROWS } from './catalogue.ts'
import type { Row } from './row.ts'

/** The result of a row. Only `pass` is a success. */
export type Result = 'pass' | 'fail' | 'blocked' | 'inapplicable'
export type Results = ReadonlyMap<string, Result>

export const TABLE = join(ROOT, 'docs', 'conformance.md')

const HEAD = `# Conformance of the SM-DP+ and its SM-DS

\`npm run conformance\` runs the tests of \`test/conformance\` over TLS sockets and generates this page.
Each row is one test. Ids with the prefix \`TC_\` are test sequences of SGP.23 v1.15. Ids with the prefix \`EB_\` are tests
of this project. *Clause* is the clause of SGP.22. *Pair* is the expected subject and reason code of a refusal.
*inapplicable*: the test does not apply to this server. *blocked*: the test did not run because the machine lacks a
prerequisite. Neither result is a success.

The tests use simulated cards that sign each message and can make each part invalid. A row contains "read as" where the
details of the sequence in SGP.23 were not available. Sections 4.3.13.2.5, .6, .8, .9 and 4.3.14.2.4 of SGP.23 were not
available and have no row.
`

const cell = (text: string): string => text.replaceAll('|', '\\|')

const line = (row: Row, result: Result | undefined): string => {
  const what = row.title === '' ? '' : cell(row.title)
  const reading = row.reading === undefined ? '' : `; read as: ${cell(row.reading)}`
  const why = row.inapplicable === undefined ? '' : `: ${row.inapplicable}`
  return `| ${row.id} | ${what}${reading} | ${row.clause} | ${row.pair ?? ''} | ${result ?? 'not run'}${why} |`
}

const count = (results: Results, wanted: Result): number => ROWS.filter(({ id }) => results.get(id) === wanted).length

/** Renders the complete page. */
export const renderTable = (results: Results): string => {
  const sums = (['pass', 'fail', 'blocked', 'inapplicable'] as const).map(each => `${count(results, each)} ${each}`)
  const groups = CATALOGUE.map(({ name, source, rows }) => {
    const lines = rows.map(row => line(row, results.get(row.id)))
    return [
      `## ${name}`,
      '',
      `${source}`,
      '',
      '| Id | Test | Clause | Pair | Result |',
      '|---|---|---|---|---|',
      ...lines,
    ]
  })
  return [HEAD, `${ROWS.length} rows: ${sums.join(', ')}.`, '', ...groups.map(lines => `${lines.join('\n')}\n`)].join(
    '\n',
  )
}

export const readTable = (): { readonly text: string; readonly results: Results } => {
  const text = readFileSync(TABLE, 'utf8')
  const lines = text.matchAll(/^\| ((?:TC|EB)_[^|]*?) \|.*\| (pass|fail|blocked|inapplicable)\b[^|]*\|$/gm)
  return { text, results: new Map([...lines].map(([, id, result]) => [id!, result as Result])) }
}

export const writeTable = (results: Results): void => writeFileSync(TABLE, renderTable(results))
