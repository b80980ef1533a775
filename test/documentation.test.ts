import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { createProgram } from '../src/cli/program.ts'
import { ROOT } from './paths.ts'
import { REFUSED_WORDS } from './vocabulary.ts'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]
const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8')

/** Command lines in indented blocks, and in backquotes. The changelog names commands of the past. */
const findCommandLines = (text: string): string[] => [
  ...[...text.matchAll(/^ {4}npx esim-bench (.+)$/gm)].map(match => match[1]!),
  ...[...text.matchAll(/`npx esim-bench ([^`]+)`/g)].map(match => match[1]!),
]
const commandLines = pages
  .filter(page => page !== 'CHANGELOG.md')
  .flatMap(page => findCommandLines(read(page)).map(line => [page, line] as const))

/** Names of a command line that its command does not have: a sub-command or options. */
const findUnknownNames = (program: Command, line: string): string[] => {
  const words = line
    .replace(/\s#.*$/, '')
    .split(/[\s[\]|]+/)
    .filter(word => word !== '')
  let commands: Command[] = [program]
  const unknown: string[] = []
  let isNaming = true
  // `--` ends the options of the bench: what follows belongs to lpac.
  for (const word of words.includes('--') ? words.slice(0, words.indexOf('--')) : words) {
    if (/^-\D/.test(word)) {
      isNaming = false
      const name = word.split('=')[0]!
      const isKnown = commands.some(command => command.options.some(each => each.long === name || each.short === name))
      if (!isKnown && name !== '--help' && name !== '--version') unknown.push(name)
    } else if (isNaming && commands.some(command => command.commands.length > 0)) {
      const next = commands.flatMap(command => command.commands.filter(each => each.name() === word))
      if (next.length === 0) unknown.push(word)
      commands = next
    }
  }
  return unknown
}

/** Paths of source files and folders in backquotes: `src/asn1/schema.ts`, `test/conformance`. */
const findSourcePaths = (text: string): string[] =>
  [...text.matchAll(/`((?:src|test|benchmarks)\/[\w./-]+)`/g)].map(match => match[1]!)

describe('documentation', () => {
  it.each(pages)('%s links only to files that exist', page => {
    const targets = [...read(page).matchAll(/\]\(([^)#]+)[^)]*\)/g)]
      .map(match => match[1]!)
      .filter(target => !/^https?:/.test(target))
    for (const target of targets)
      expect(existsSync(resolve(ROOT, dirname(page), target)), `${page}: ${target}`).toBe(true)
  })

  // The changelog names files of the past.
  it.each(pages.filter(page => page !== 'CHANGELOG.md'))('%s names only source paths that exist', page => {
    expect(findSourcePaths(read(page)).filter(path => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('findSourcePaths finds files and folders in backquotes', () => {
    const text = '`src/a/b.ts` and `src/a` and `test/c.test.ts`, not src/d.ts or `src/*.ts` or `a.ts`'
    expect(findSourcePaths(text)).toEqual(['src/a/b.ts', 'src/a', 'test/c.test.ts'])
  })

  it('README names scripts that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const [, script] of read('README.md').matchAll(/npm (?:run )?(start|test|bench)\b/g))
      expect(scripts).toHaveProperty(script!)
    expect(read('.ci/run')).toContain('npm test')
  })

  it.each(commandLines)('%s shows a command and options that exist: %s', (_page, line) => {
    const program = createProgram({} as never, () => {})
    expect(findUnknownNames(program, line)).toEqual([])
  })

  it('findUnknownNames finds an unknown command and an unknown option', () => {
    const program = createProgram({} as never, () => {})
    expect(findUnknownNames(program, 'card download --rig desk')).toEqual([])
    expect(findUnknownNames(program, 'card upload')).toEqual(['upload'])
    expect(findUnknownNames(program, 'card download --rigs desk')).toEqual(['--rigs'])
  })

  it('the glossary has a row for the replacement of refused words', () => {
    const glossary = read('docs/glossary.md').split('## Words that we do not use')[1]!.toLowerCase()
    const missing = REFUSED_WORDS.filter(({ pattern }) => !new RegExp(pattern.source).test(glossary))
    expect(
      missing.map(({ use }) => use).filter(use => !/spelling|catalog|license|center|judgment|ize|name the/.test(use)),
    ).toEqual([])
  })
})
