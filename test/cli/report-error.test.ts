import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { reportError } from '../../src/cli/report-error.ts'
import { BenchError } from '../../src/host/error.ts'
import { createCliFixture } from './runtime.ts'

const systemError = (code: string, syscall: string, path?: string): Error =>
  Object.assign(new Error(`${code}: of the system, ${syscall}`), { code, syscall, ...(path && { path }) })

describe('reportError', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())

  it.each([
    ['ENOSPC', 'write', undefined, 'no space is left on the disk (write)'],
    ['EROFS', 'open', '/state/lock', 'the disk is read-only (open /state/lock)'],
    ['EACCES', 'mkdir', '/state', 'this user has no permission (mkdir /state)'],
  ])('reportError describes the disk error %s and writes no error file', (code, syscall, path, words) => {
    for (const error of [
      systemError(code, syscall, path),
      new Error('the card cannot keep it', { cause: systemError(code, syscall, path) }),
    ]) {
      const { runtime, err } = place.runtimeOf(new AbortController().signal)
      expect(reportError(error, runtime)).toBe(1)
      expect(err()).toBe(`esim-bench: ${words}: correct this, or set ESIM_BENCH_HOME to a folder on another disk\n`)
    }
    expect(readdirSync(place.folder)).toEqual([])
  })

  it('reportError writes an unexpected error to a file', () => {
    const { runtime, err } = place.runtimeOf(new AbortController().signal)
    expect(reportError(systemError('ESPIPE', 'read'), runtime)).toBe(1)
    expect(err()).toContain('an unexpected error occurred')
    expect(readdirSync(join(place.home, 'errors'))).toHaveLength(1)
  })

  it('reportError prints an error object with --json', () => {
    const { runtime, out, err } = place.runtimeOf(new AbortController().signal)
    expect(reportError(new BenchError('no-such-rig', 'there is no rig'), runtime, { json: true })).toBe(2)
    expect(JSON.parse(out())).toEqual({ error: { code: 'no-such-rig', message: 'there is no rig' } })
    expect(err()).toBe('esim-bench: there is no rig\n')
  })
})
