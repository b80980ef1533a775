import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './paths.ts'
import { findViolations } from './vocabulary.ts'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter(
    path =>
      /^(src|benchmarks|dashboard\/src|test)\/.*\.tsx?$/.test(path) ||
      /^(bin\/.*\.js|docs\/.*\.md|rigs\/.*\.yaml|[A-Z]+\.md)$/.test(path),
  )
  .filter(path => !['CHANGELOG.md', 'docs/glossary.md', 'test/vocabulary.ts', 'test/vocabulary.test.ts'].includes(path))

/** Of a test file only the titles count: `describe('…')`, `it('…')`, and the rest of the title's line. */
const TITLE = /\b(?:describe|it|test)(?:\.\w+)*(?:\([^()]*\))?\(\s*(['"`])([\s\S]*?)\1/g
const getTitles = (source: string): string =>
  [...source.matchAll(TITLE)].map(match => `${'\n'.repeat(0)}${match[2]}`).join('\n')

describe('vocabulary', () => {
  it.each(files)('%s uses the words of the glossary', path => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const found = findViolations(path.startsWith('test/') ? getTitles(text) : text)
    expect(found.map(({ line, word, use }) => `${path}:${line}: "${word}": use ${use}`)).toEqual([])
  })

  it('findViolations finds a refused word inside an identifier', () => {
    expect(findViolations('const createScene = 1')).toEqual([{ line: 1, word: 'scene', use: 'fixture' }])
    expect(findViolations('const createFixture = 1')).toEqual([])
  })
})
