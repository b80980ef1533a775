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

/** The page is a pure function of the event list: it knows the events' types and the API's, and nothing that runs in the bench. */
describe('what the dashboard imports from the bench', () => {
  it.each(files.map(path => [relative(root, path), path]))('%s', (_name, path) => {
    for (const [, type, specifier] of readFileSync(path, 'utf8').matchAll(/^import (type )?[^']*'(\.[^']+)'/gm)) {
      const target = relative(root, resolve(dirname(path), specifier!))
      if (target.startsWith('dashboard/')) continue
      expect(ALLOWED).toContain(target)
      expect(type, `${target} is imported as types only`).toBe('type ')
    }
  })
})
