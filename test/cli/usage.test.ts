import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../src/cli/main.ts'
import { readCiFolder } from '../../src/host/pki/ci-folder.ts'
import { openHome } from '../../src/host/state/home.ts'
import { readModemProfiles } from '../../src/rigs/links/modem-profiles.ts'
import { createCliFixture, type Place } from './runtime.ts'

let place: Place
beforeEach(() => {
  place = createCliFixture()
})
afterEach(() => place.remove())

/** One sentence, no stack. */
const sentence = (err: string): string => {
  expect(err.trimEnd().split('\n')).toHaveLength(1)
  expect(err).not.toMatch(/\n\s+at /)
  return err.replace(/^esim-bench: /, '').trimEnd()
}

describe('an invalid command line ends with exit code 2 and one sentence', () => {
  it.each<[string, string[], string | RegExp]>([
    ['no command', [], 'a command is missing. The commands of esim-bench are: start, run'],
    [
      'a group without its command',
      ['card', 'notifications'],
      'a command is missing. The commands of esim-bench card notifications are: list,',
    ],
    [
      'a word unlike each command',
      ['card', 'frobnicate'],
      "unknown command 'frobnicate'. The commands of esim-bench card are: download,",
    ],
    ['control characters', ['card', 'enable', '12', '--\u001b[2J'], "unknown option '--\\u001b[2J'"],
    [
      'an unknown command',
      ['strat'],
      /unknown command 'strat'\. Did you mean start\? The commands of esim-bench are: start, run/,
    ],
    [
      'an unknown option',
      ['run', 'activate', '--rgi', 'x'],
      /unknown option '--rgi'\. Did you mean --rig\? The options of esim-bench run are: --rig/,
    ],
    ['an unknown scenario', ['run', 'destroy'], /<scenario> "destroy" is invalid\. The choices are: activate/],
    ['no scenario', ['run'], /the argument <scenario> is missing/],
    [
      'an unknown curve',
      ['run', 'activate', '--curve', 'p521'],
      /--curve "p521" is invalid\. The choices are: nist, brainpool/,
    ],
    ['a port out of range', ['serve', '--port', '99999'], /it must be a number from 0 to 65535/],
    ['an unknown rig', ['run', 'activate', '--rig', 'softwrae'], 'There is no rig "softwrae". Did you mean software?'],
    [
      'no such profile file',
      ['run', 'activate', '--profile', 'no.der'],
      'cannot read the profile file no.der: there is no such file',
    ],
    [
      'a folder for a profile',
      ['run', 'activate', '--profile', '/'],
      'cannot read the profile file /: it is a folder, not a file',
    ],
    [
      'no such certificate folder',
      ['run', 'activate', '--certs', 'no-folder'],
      /cannot read the certificate folder no-folder/,
    ],
    [
      'no such CA file',
      ['card', 'download', '--smdp', 'a.example', '--matching-id', 'X', '--ca', 'no.pem'],
      /cannot read the CA file no\.pem/,
    ],
    ['an invalid host', ['card', 'download', '--smdp', 'https://a.example/'], /it must be a host name/],
    ['an invalid address', ['card', 'download', '--smdp', 'a.example', '--connect-to', 'here'], /it must be HOST:PORT/],
    ['an invalid SM-DS', ['card', 'discover', 'a b'], /\[smds\] "a b" is invalid: it must be a host name/],
    ['an invalid SM-DS', ['card', 'download', '--discover', 'https://a'], /it must be a host name/],
    ['no server', ['card', 'download', '--yes'], 'no activation code was given, and the card has no default SM-DP+'],
    ['no terminal for the question', ['card', 'download'], 'add --yes to consent'],
    [
      'two servers',
      ['card', 'download', '--smdp', 'a.example', '--activation-code', '1$a.example$X'],
      '--activation-code and --smdp exclude each other',
    ],
    [
      'an invalid matching ID',
      ['card', 'download', '--smdp', 'a.example', '--matching-id', 'a b'],
      /the matching ID "a b" contains a space/,
    ],
    ['an invalid ICCID', ['card', 'enable', '12'], '"12" is not an ICCID: 18 to 20 digits are expected'],
    [
      'a nickname that is too long',
      ['card', 'nickname', '8900000000000000000', 'ä'.repeat(33)],
      'the nickname is longer than 64 bytes',
    ],
    ['no downloads', ['bench', '--downloads', '0'], /it must be a number from 1/],
  ])('%s', async (_name, args, expected) => {
    const ran = await place.run(...args)
    expect(ran.exitCode).toBe(2)
    const said = sentence(ran.err)
    if (typeof expected === 'string') expect(said).toContain(expected)
    else expect(said).toMatch(expected)
  })

  it.each([
    ['format', '2$a.example$X', 'it must begin with "1$"'],
    ['address', '1$https://a$X', 'the SM-DP+ address "https://a" is not a host name'],
    ['matching id', '1$a.example', 'the matching id is missing'],
    ['OID', '1$a.example$X$1.x', 'the SM-DP+ OID "1.x"'],
    ['flag', '1$a.example$X$$2', 'the confirmation code flag must be 1, 0 or absent, not "2"'],
  ])('an activation code with an invalid %s is refused with the reason', async (_part, code, expected) => {
    const ran = await place.run('card', 'download', '--activation-code', code)
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(expected)
  })

  it.each([
    ['empty', Buffer.alloc(0), 'offset 0: nothing; expected a ProfileHeader'],
    ['a text', Buffer.from('hello'), "offset 0: tag '68'; expected a SAIP profile package"],
    ['cut off', Buffer.from('a0820100', 'hex'), /offset 0.*expected a complete element/],
  ])('a profile file that is %s is refused', async (_name, bytes, expected) => {
    writeFileSync(join(place.folder, 'p.der'), bytes)
    const ran = await place.run('run', 'activate', '--profile', join(place.folder, 'p.der'))
    expect(ran.exitCode).toBe(2)
    if (typeof expected === 'string') expect(sentence(ran.err)).toContain(expected)
    else expect(sentence(ran.err)).toMatch(expected)
  })

  it('a state folder of a newer version', async () => {
    mkdirSync(place.home)
    writeFileSync(join(place.home, 'version'), '7\n')
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toMatch(/was written by a newer esim-bench \(format 7, this one knows 1\)/)
  })

  it('a state folder in use', async () => {
    const other = openHome(place.home)
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(`in use by another esim-bench (process ${process.pid})`)
    other.close()
  })

  it('a port in use', async () => {
    const holder = createServer()
    await new Promise<void>(done => holder.listen(0, '127.0.0.1', done))
    const { port } = holder.address() as { port: number }
    const ran = await place.run('serve', '--port', `${port}`)
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(`port ${port} on 127.0.0.1 is in use`)
    await new Promise(done => holder.close(done))
  })

  it('a mistake in a rig file', async () => {
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), 'name: desk\nlink:\n  pcsc:\n    raeder: ACR39U\n')
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toMatch(
      /desk\.yaml, line 4, column 5: there is no key `raeder` here; did you mean `reader`\?/,
    )
  })
})

describe('a message names the file or folder that cannot be read', () => {
  it('a rig file that is a folder', async () => {
    mkdirSync(join(place.folder, 'rigs', 'desk.yaml'), { recursive: true })
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(
      `${join(place.folder, 'rigs', 'desk.yaml')} cannot be read: it is a folder, not a file`,
    )
  })

  it.each([
    ['a modem profile', 'mx.yaml', (folder: string) => readModemProfiles([folder])],
    ['a CI certificate', 'gsma.pem', readCiFolder],
  ])('%s that is a folder is refused with its name', (_name, file, read) => {
    mkdirSync(join(place.folder, file))
    expect(() => read(place.folder)).toThrow(`${join(place.folder, file)} cannot be read: it is a folder, not a file`)
  })

  it('a file in place of the folder of rigs', async () => {
    writeFileSync(join(place.folder, 'rigs'), '')
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(
      `${join(place.folder, 'rigs')} cannot be read: a part of the path is a file, not a folder`,
    )
  })
})

describe('an invalid certificate folder is refused with the name of the file', () => {
  let made: Place
  beforeAll(async () => {
    made = createCliFixture()
    await made.run('card', 'list')
  })
  afterAll(() => made.remove())

  it.each([
    ['missing', 'DPauth/CERT_S_SM_DPauth_ECDSA_NIST.der', (path: string) => rmSync(path)],
    ['broken', 'EUM/CERT_EUM_ECDSA_NIST.der', (path: string) => writeFileSync(path, 'x')],
    ['without key', 'DPpb/SK_S_SM_DPpb_ECDSA_NIST.pem', (path: string) => writeFileSync(path, 'x')],
  ])('%s', async (_name, file, spoil) => {
    const other = createCliFixture()
    await other.run('card', 'list')
    const folder = join(other.home, 'pki', 'nist')
    spoil(join(folder, file))
    const ran = await made.run('run', 'activate', '--certs', folder)
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(file)
    other.remove()
  })
})

describe('a run that cannot pass ends with exit code 1', () => {
  it('a run on a rig that is not attached is blocked with the cause rig, and recorded', async () => {
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), 'name: desk\nlink: {pcsc: {reader: ACR39U}}\n')
    const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toContain('the rig desk is not attached')
    expect(ran.json()).toMatchObject({ verdict: 'blocked', cause: 'rig', rig: 'desk', apdus: 0 })
    expect(ran.json<{ steps: unknown[] }>().steps).toHaveLength(8)
    expect((await place.run('card', 'list', '--rig', 'desk')).exitCode).toBe(1)
  })

  it('a download from an unreachable server ends with exit code 1', async () => {
    const ran = await place.run(
      'card',
      'download',
      '--smdp',
      'smdp.example',
      '--matching-id',
      'X',
      '--connect-to',
      '127.0.0.1:1',
      '--yes',
    )
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toMatch(/smdp\.example cannot be reached/)
  })

  it('an unknown profile ends with exit code 1', async () => {
    const ran = await place.run('card', 'delete', '8900000000000000000')
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toContain(
      'the card has no profile with the ICCID 8900000000000000000; it contains no profile',
    )
  })

  it('a damaged card memory ends with exit code 1', async () => {
    await place.run('run', 'activate')
    const cards = join(place.home, 'cards')
    const memory = join(cards, readdirSync(cards)[0]!, 'memory')
    const bytes = readFileSync(memory)
    bytes[30]! ^= 1
    writeFileSync(memory, bytes)
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toMatch(
      /memory is damaged at byte 0, .* Remove the folder .* to begin with an empty card/,
    )
  })
})

it('--help and --version end with exit code 0', async () => {
  expect(await place.run('--help')).toMatchObject({
    exitCode: 0,
    err: '',
    out: expect.stringContaining('run [options]'),
  })
  expect(await place.run('--version')).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

it('an interrupted server releases the state folder', async () => {
  const interrupt = new AbortController()
  const { runtime, out } = place.runtimeOf(interrupt.signal)
  const { runProgram } = await import('../../src/cli/main.ts')
  const quiet = {
    ...runtime,
    out: {
      write(text: string) {
        runtime.out.write(text)
        if (text.includes('Ctrl-C')) interrupt.abort()
      },
    },
  }
  expect(await runProgram(quiet, ['serve', '--port', '0'])).toBe(0)
  expect(out()).toMatch(/dashboard: http:\/\/127\.0\.0\.1:\d+\//)
  openHome(place.home).close()
})

it('an interrupted command reports the interruption', async () => {
  const { runtime, err } = place.runtimeOf(AbortSignal.abort())
  expect(await runProgram(runtime, ['card', 'download', '1$a.example$X', '--connect-to', '127.0.0.1:1', '--yes'])).toBe(
    1,
  )
  expect(err()).toBe('esim-bench: interrupted\n')
})
