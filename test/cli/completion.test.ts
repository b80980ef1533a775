import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCliFixture } from './runtime.ts'

const BASH = ['/bin/bash', '/usr/bin/bash'].find(existsSync)
const skipped = BASH === undefined ? ' (skipped: this computer has no bash)' : ''

describe('esim-bench completion', () => {
  const place = createCliFixture()
  const script = join(place.folder, 'completion.bash')
  beforeAll(async () => {
    writeFileSync(script, (await place.run('completion', 'bash')).out)
  })
  afterAll(() => place.remove())

  /** The completions that bash offers for the last word. */
  const complete = (...words: string[]): string[] => {
    const code = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _esim_bench; echo "\${COMPREPLY[*]}"`
    const out = execFileSync(BASH!, ['--norc', '-c', code, 'bash', script, 'esim-bench', ...words], {
      encoding: 'utf8',
    })
    return out.trim().split(' ').filter(Boolean)
  }

  it.skipIf(BASH === undefined).each<[string[], string[]]>([
    [['car'], ['card']],
    [
      ['card', 'download', '--curve', ''],
      ['nist', 'brainpool'],
    ],
    [['card', 'download', '--curve', 'b'], ['brainpool']],
    [['card', '--verbose', 'notifications', 'du'], ['dump']],
    [
      ['euicc', ''],
      ['emulate', 'list', 'remove'],
    ],
    [['smdp', 'faults', 'add', 'Can'], ['CancelSession']],
    [['card', 'list', '--j'], ['--json']],
    [['card', 'download', '--qr', ''], []],
  ])(`the bash script completes %j${skipped}`, (words, expected) => {
    expect(complete(...words)).toEqual(expected)
  })

  it('completion --rigs lists the names of the rigs', async () => {
    expect((await place.run('completion', '--rigs')).out).toBe('software\n')
  })

  it.each(['zsh', 'fish'])('completion %s prints a script with all commands', async shell => {
    const { exitCode, out } = await place.run('completion', shell)
    expect(exitCode).toBe(0)
    for (const word of ['card notifications', 'brainpool', 'emulate']) expect(out).toContain(word)
    expect(out).not.toContain('misbehave')
  })

  it('completion refuses an unknown shell with the three names', async () => {
    const ran = await place.run('completion', 'tcsh')
    expect(ran).toMatchObject({ exitCode: 2, out: '' })
    expect(ran.err).toContain('[shell] "tcsh" is invalid. ')
    expect(ran.err).toContain('The choices are: bash, zsh, fish')
  })
})
