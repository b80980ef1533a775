import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from './paths.ts'

const root = ROOT
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/tour.md',
  'docs/decisions.md',
  'docs/hardware.md',
  'docs/smdp.md',
  'docs/conformance.md',
]

describe('the documentation', () => {
  it.each(pages)('%s points only at what exists', page => {
    const text = readFileSync(join(root, page), 'utf8')
    const targets = [...text.matchAll(/\]\(([^)#]+)[^)]*\)/g)]
      .map(match => match[1]!)
      .filter(target => !/^https?:/.test(target))
    for (const target of targets)
      expect(existsSync(resolve(root, dirname(page), target)), `${page}: ${target}`).toBe(true)
  })
  it('names the two commands as package.json has them', () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const [, script] of readme.matchAll(/npm (?:run )?(start|test|bench)\b/g))
      expect(scripts).toHaveProperty(script!)
    expect(readFileSync(join(root, '.ci/run'), 'utf8')).toContain('npm test')
  })
})
