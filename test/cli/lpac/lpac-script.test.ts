import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { writeLpacScript } from '../../../src/cli/lpac/lpac-script.ts'
import { createCliFixture } from '../runtime.ts'

describe('the script that replaces lpac', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())

  it('the script sets folder, state and program without an environment and passes arguments unchanged', () => {
    const folder = join(place.folder, "a b's")
    mkdirSync(folder)
    const program = join(folder, 'say.cjs')
    writeFileSync(
      program,
      'console.log(JSON.stringify([process.cwd(), process.env.ESIM_BENCH_HOME, ...process.argv.slice(2)]))',
    )
    const lpac = join(place.folder, 'lpac')
    const script = writeLpacScript(
      { environment: {}, workingFolder: folder },
      {
        ...{ rig: "desk's 'one'", certs: 'pki', curve: 'brainpool', ca: '/ca.pem' },
        connectTo: { host: '127.0.0.1', port: 8443 },
      },
      [process.execPath, program],
    )
    writeFileSync(lpac, script)
    chmodSync(lpac, 0o755)
    const words = ['profile', 'nickname', '8949', '$HOME "x" \'y\' `z` \\ *', '', '-p', '--']
    const ran = spawnSync(lpac, words, { env: {}, cwd: '/', encoding: 'utf8' })
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(ran.stdout)).toEqual([
      ...[folder, join(folder, '.esim-bench'), 'card', 'as-lpac', '--rig', "desk's 'one'"],
      ...['--certs', join(folder, 'pki'), '--curve', 'brainpool', '--connect-to', '127.0.0.1:8443', '--ca', '/ca.pem'],
      ...['--', ...words],
    ])
  })

  it('card as-lpac --script prints a script with the given options and refuses arguments', async () => {
    const ran = await place.run('card', 'as-lpac', '--rig', 'software', '--script')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).toMatch(/^#!\/bin\/sh\n# lpac, replaced by esim-bench on the rig software\n/)
    expect(ran.out).toMatch(/\nexec '.*' '.*esim-bench\.js' 'card' 'as-lpac' '--rig' 'software' -- "\$@"\n$/)
    expect(await place.run('card', 'as-lpac', '--script', '--', 'version')).toMatchObject({ exitCode: 2, out: '' })
  })
})
