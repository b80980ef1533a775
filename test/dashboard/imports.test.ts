import { readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../paths.ts'

const root = ROOT
const source = resolve(root, 'dashboard/src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter(name => /\.tsx?$/.test(name))
  .map(name => resolve(source, name))
const ALLOWED = ['src/evidence/events.ts', 'src/bench/api-contract.ts']

/** The dashboard draws a run from its event list alone, so it imports types of the bench but no code. */
describe('imports of the dashboard', () => {
  it.each(files.map(path => [relative(root, path), path]))('%s imports only types from the bench', (_name, path) => {
    for (const [, type, specifier] of readFileSync(path, 'utf8').matchAll(/^import (type )?[^']*'(\.[^']+)'/gm)) {
      const target = relative(root, resolve(dirname(path), specifier!))
      if (target.startsWith('dashboard/')) continue
      expect(ALLOWED).toContain(target)
      expect(type, `${target} is imported as types only`).toBe('type ')
    }
  })
})
