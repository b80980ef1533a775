import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { reportError } from '../../src/cli/report-error.ts'
import { createCliFixture } from './runtime.ts'

const systemError = (code: string, syscall: string, path?: string): Error =>
  Object.assign(new Error(`${code}: of the system, ${syscall}`), { code, syscall, ...(path && { path }) })

describe('trouble with the disk is no surprise', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())

  it.each([
    ['ENOSPC', 'write', undefined, 'no space is left on the disk (write)'],
    ['EROFS', 'open', '/state/lock', 'the disk is read-only (open /state/lock)'],
    ['EACCES', 'mkdir', '/state', 'this user has no permission (mkdir /state)'],
  ])('%s', (code, syscall, path, words) => {
    for (const error of [
      systemError(code, syscall, path),
      new Error('the card cannot keep it', { cause: systemError(code, syscall, path) }),
    ]) {
      const { runtime, err } = place.runtimeOf(new AbortController().signal)
      expect(reportError(error, runtime)).toBe(1)
      expect(err()).toBe(`esim-bench: ${words}: see to the disk, or set ESIM_BENCH_HOME to a folder on another one\n`)
    }
    expect(readdirSync(place.folder)).toEqual([])
  })

  it('any other is one, and is kept whole', () => {
    const { runtime, err } = place.runtimeOf(new AbortController().signal)
    expect(reportError(systemError('ESPIPE', 'read'), runtime)).toBe(1)
    expect(err()).toContain('something unexpected went wrong')
    expect(readdirSync(join(place.home, 'errors'))).toHaveLength(1)
  })
})
