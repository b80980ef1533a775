import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findGroups, GROUPS } from './groups.ts'
import { ROOT } from './paths.ts'

const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' }).filter(file =>
  file.endsWith('.test.ts'),
)

describe('the groups of tests', () => {
  it('contain each test file exactly once', () => {
    const counts = files.map(file => ({ file, groups: findGroups(file).map(({ name }) => name) }))
    expect(counts.filter(({ groups }) => groups.length !== 1)).toEqual([])
  })

  it('contain no path without a test file', () => {
    const used = new Set(files.flatMap(file => findGroups(file).map(({ path }) => path)))
    const paths = Object.values(GROUPS).flatMap(group => group.paths)
    expect(paths.filter(path => !used.has(path))).toEqual([])
  })

  it('findGroups returns no group for a file that no path contains', () => {
    expect(findGroups('unknown/a.test.ts')).toEqual([])
  })
})
