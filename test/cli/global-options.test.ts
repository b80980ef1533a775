import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/main.ts'
import { createCliFixture, type Place } from './runtime.ts'

let place: Place
beforeEach(() => {
  place = createCliFixture()
})
afterEach(() => place.remove())

const runWith = async (environment: NodeJS.ProcessEnv, ...args: string[]) => {
  const { runtime, out, err } = place.runtimeOf(new AbortController().signal)
  const exitCode = await runProgram({ ...runtime, environment }, args)
  return { exitCode, out: out(), err: err() }
}

describe('--verbose and ESIM_BENCH_LOG', () => {
  it.each([
    ['before', ['--verbose', 'card', 'list']],
    ['after', ['card', 'list', '--verbose']],
  ])('--verbose %s the command writes readable log lines to stderr', async (_place, args) => {
    const ran = await place.run(...args)
    expect(ran.exitCode).toBe(0)
    expect(ran.err).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}Using the software eUICC: .* rig="software"\n$/)
    expect(readFileSync(join(place.home, 'bench.log'), 'utf8')).toContain('"rig":"software"')
  })

  it('without --verbose, stderr contains no log lines', async () => {
    expect((await place.run('card', 'list')).err).toBe('')
  })

  it.each([
    ['debug', / debug state folder opened/],
    ['warn', /^$/],
    ['silent', /^$/],
  ])('ESIM_BENCH_LOG=%s sets the level', async (level, expected) => {
    expect((await runWith({ ESIM_BENCH_LOG: level }, 'card', 'list', '--verbose')).err).toMatch(expected)
  })

  it('an unknown level is refused with the list of levels', async () => {
    const ran = await runWith({ ESIM_BENCH_LOG: 'debgu' }, 'card', 'list')
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.err).toBe(
      'esim-bench: ESIM_BENCH_LOG "debgu" is no log level. Did you mean debug? ' +
        'The levels are: trace, debug, info, warn, error, silent\n',
    )
  })
})

describe('--json', () => {
  it.each([
    ['an invalid option value', ['card', 'list', '--curve', 'p521', '--json'], 'usage'],
    ['an unknown option', ['card', 'list', '--json', '--crv'], 'usage'],
    ['an unknown rig', ['card', 'list', '--rig', 'none-such', '--json'], 'no-such-rig'],
  ])('%s prints an error object on stdout', async (_name, args, code) => {
    const ran = await place.run(...args)
    expect(ran.exitCode).toBe(2)
    const { error } = ran.json<{ error: { code: string; message: string } }>()
    expect(error.code).toBe(code)
    expect(ran.err).toBe(`esim-bench: ${error.message}\n`)
  })
})

describe('deprecated names', () => {
  it('smdp misbehave works, prints a deprecation, and is not in the help text', async () => {
    const ran = await place.run('smdp', 'misbehave', 'list')
    expect(ran).toMatchObject({ exitCode: 0, out: 'no faults are injected\n' })
    expect(ran.err).toBe('esim-bench: smdp misbehave list is deprecated, use smdp faults list\n')
    expect((await place.run('smdp', '--help')).out).not.toContain('misbehave')
  })

  it('smdp misbehave list --json prints the former keys and no deprecation', async () => {
    await place.run('smdp', 'faults', 'add', 'CancelSession', 'reset', '--count', '2')
    const ran = await place.run('smdp', 'misbehave', 'list', '--json')
    expect(ran.err).toBe('')
    expect(ran.json()).toEqual({
      misbehave: [{ function: 'CancelSession', kind: 'reset', count: 2, struck: 0, left: 2 }],
    })
  })

  it('euicc plug and --manners print their replacements', async () => {
    const ran = await place.run('euicc', 'plug', '--pty', '--manners', 'none-such')
    expect(ran.exitCode).toBe(2)
    expect(ran.err).toContain('esim-bench: euicc plug is deprecated, use euicc emulate\n')
    expect(ran.err).toContain('esim-bench: --manners is deprecated, use --quirks\n')
    expect(ran.err).toContain('"none-such"')
  })
})

describe('messages for files and hosts', () => {
  /** One sentence, without the name of a system call or of a Node error. */
  const expectSentence = (err: string): void => {
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err).not.toMatch(/\n\s+at /)
  }

  it('a file in place of the state folder is named', async () => {
    writeFileSync(place.home, '')
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expectSentence(ran.err)
    expect(ran.err).toContain(place.home)
  })

  it('a PNG as rig file is refused in one printable line', async () => {
    await place.run('card', 'list')
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expectSentence(ran.err)
    expect(ran.err).toContain('desk.yaml')
    expect(ran.err.trimEnd()).not.toMatch(/\p{Cc}/u)
  })

  it('a broken YAML file is named with line and column', async () => {
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), 'name: [desk\nlink: software\n')
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expectSentence(ran.err)
    expect(ran.err).toMatch(/desk\.yaml, line \d+, column \d+: /)
    expect(existsSync(place.home)).toBe(false)
  })
})
