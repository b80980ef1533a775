import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../paths.ts'
import { CATALOGUE, ROWS } from './catalogue.ts'
import type { Row } from './row.ts'

/** What came of a row. Only the first is a success. */
export type Result = 'pass' | 'fail' | 'blocked' | 'inapplicable'
export type Results = ReadonlyMap<string, Result>

export const TABLE = join(ROOT, 'docs', 'conformance.md')

const HEAD = `# What the SM-DP+ and its SM-DS were asked

Generated from \`test/conformance\`: \`npm run conformance\` asks everything over TLS sockets and writes this table anew.
One row is one test. Ids that begin with \`TC_\` are those of the test sequences in SGP.23 v1.15; ids that begin with
\`EB_\` are our own, where SGP.23 has none or none that we could read. *Clause* is SGP.22's, *Pair* the subject and reason
code with which the function must fail. *inapplicable*: cannot be asked of this server; *blocked*: was not asked, because
something is missing on the machine that generated the table. Neither is a success.

The cards in these tests are the tests' own: just what an eUICC signs, with every part open to be made wrong. Where a
sequence of SGP.23 could not be read in detail, the row says how it was read. Sections 4.3.13.2.5, .6, .8, .9 and
4.3.14.2.4 of SGP.23 could not be read at all, and have no row.
`

const cell = (text: string): string => text.replaceAll('|', '\\|')

const line = (row: Row, result: Result | undefined): string => {
  const what = row.title === '' ? '' : cell(row.title)
  const reading = row.reading === undefined ? '' : `; read as: ${cell(row.reading)}`
  const why = row.inapplicable === undefined ? '' : `: ${row.inapplicable}`
  return `| ${row.id} | ${what}${reading} | ${row.clause} | ${row.pair ?? ''} | ${result ?? 'not asked'}${why} |`
}

const count = (results: Results, wanted: Result): number => ROWS.filter(({ id }) => results.get(id) === wanted).length

/** The page, whole. */
export const renderTable = (results: Results): string => {
  const sums = (['pass', 'fail', 'blocked', 'inapplicable'] as const).map(each => `${count(results, each)} ${each}`)
  const groups = CATALOGUE.map(({ name, source, rows }) => {
    const lines = rows.map(row => line(row, results.get(row.id)))
    return [
      `## ${name}`,
      '',
      `${source}`,
      '',
      '| Id | What | Clause | Pair | Result |',
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
