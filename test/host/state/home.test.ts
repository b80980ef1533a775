import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HOME_FORMAT, homePath, openHome } from '../../../src/host/state/home.ts'
import { startTimeOf } from '../../../src/host/state/lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'esim-bench-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the state folder', () => {
  it('homePath returns $ESIM_BENCH_HOME, else .esim-bench in the working folder', () => {
    expect(homePath({ ESIM_BENCH_HOME: '/var/bench' }, '/x')).toBe('/var/bench')
    expect(homePath({}, '/x')).toBe('/x/.esim-bench')
  })

  it('openHome creates a folder for its owner with a version file, and opens it again after close', () => {
    const path = join(folder, 'home')
    const home = openHome(path)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(home.cards).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(path, 'version'), 'utf8')).toBe(`${HOME_FORMAT}\n`)
    home.close()
    openHome(path).close()
  })

  it('openHome creates parent folders, and reports why it cannot create a folder', () => {
    writeFileSync(join(folder, 'file'), '')
    for (const path of [join(folder, 'file'), join(folder, 'file', 'below')])
      expect(() => openHome(path)).toThrow(
        expect.objectContaining({
          code: 'usage',
          message: expect.stringMatching(/as state folder: a .*file.*\. Set ESIM_BENCH_HOME to a folder/),
        }),
      )
    openHome(join(folder, 'a', 'b', 'c')).close()
  })

  it('openHome refuses the folder of a newer bench and releases the lock', () => {
    openHome(folder).close()
    writeFileSync(join(folder, 'version'), '2\n')
    for (let round = 0; round < 2; round++)
      expect(() => openHome(folder)).toThrow(/written by a newer esim-bench \(format 2, this one knows 1\)/)
  })

  it('openHome refuses an invalid version file', () => {
    openHome(folder).close()
    writeFileSync(join(folder, 'version'), 'two')
    expect(() => openHome(folder)).toThrow(expect.objectContaining({ code: 'home-damaged' }))
  })

  it('openHome refuses a folder in use and names the process', () => {
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    try {
      openHome(folder).close()
      writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: other.pid, started: startTimeOf(other.pid!) }))
      expect(() => openHome(folder)).toThrow(expect.objectContaining({ code: 'home-in-use', data: { pid: other.pid } }))
    } finally {
      other.kill()
    }
  })

  it('openHome replaces the lock of an ended process, of a reused process id, and a partial lock', () => {
    for (const lock of [
      JSON.stringify({ pid: process.pid, started: 'another boot/1' }),
      JSON.stringify({ pid: 2 ** 22 + 1, started: 'x' }),
      '{"pid":',
    ]) {
      writeFileSync(join(folder, 'lock'), lock)
      openHome(folder).close()
    }
  })
})
