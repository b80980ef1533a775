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

describe('wrong use ends with 2 and one sentence', () => {
  it.each<[string, string[], string | RegExp]>([
    ['no command', [], 'which command? `esim-bench --help` lists them'],
    ['half a command', ['card', 'notifications'], 'which command? `esim-bench card notifications --help` lists them'],
    ['nothing like a command', ['card', 'frobnicate'], "unknown command 'frobnicate'; `esim-bench card --help` lists"],
    ['control characters', ['card', 'enable', '12', '--\u001b[2J'], "unknown option '--\\u001b[2J'"],
    ['an unknown command', ['strat'], /unknown command 'strat'.*start/],
    ['an unknown option', ['run', 'activate', '--rgi', 'x'], /unknown option '--rgi'.*--rig/],
    ['an unknown scenario', ['run', 'destroy'], /'destroy' is invalid.*Allowed choices are activate/],
    ['no scenario', ['run'], /missing required argument 'scenario'/],
    ['an unknown curve', ['run', 'activate', '--curve', 'p521'], /--curve.*it must be nist or brainpool/],
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
    ['a host that is none', ['card', 'download', '--smdp', 'https://a.example/'], /it must be a host name/],
    [
      'a place that is none',
      ['card', 'download', '--smdp', 'a.example', '--connect-to', 'here'],
      /it must be HOST:PORT/,
    ],
    ['an SM-DS that is none', ['card', 'discover', 'a b'], /'a b' is invalid.*it must be a host name/],
    ['an SM-DS that is none', ['card', 'download', '--discover', 'https://a'], /it must be a host name/],
    ['no server', ['card', 'download', '--yes'], 'nothing was given, and the card holds no default SM-DP+'],
    ['nobody to ask', ['card', 'download'], 'add --yes if you agree'],
    [
      'two servers',
      ['card', 'download', '--smdp', 'a.example', '--activation-code', '1$a.example$X'],
      'give one way to the profile, not 2: --activation-code and --smdp',
    ],
    [
      'a matching id that is none',
      ['card', 'download', '--smdp', 'a.example', '--matching-id', 'a b'],
      /the matching id "a b" has characters other than/,
    ],
    ['an ICCID that is none', ['card', 'enable', '12'], '"12" is not an ICCID: 18 to 20 digits are expected'],
    [
      'a nickname that is too long',
      ['card', 'nickname', '8900000000000000000', 'ä'.repeat(33)],
      'a nickname may have 64 bytes',
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
    ['flag', '1$a.example$X$$2', 'the confirmation code flag must be "1" or absent'],
  ])('an activation code with a wrong %s', async (_part, code, expected) => {
    const ran = await place.run('card', 'download', '--activation-code', code)
    expect(ran.exitCode).toBe(2)
    expect(sentence(ran.err)).toContain(expected)
  })

  it.each([
    ['empty', Buffer.alloc(0), 'offset 0: nothing where a ProfileHeader'],
    ['a text', Buffer.from('hello'), "offset 0: tag '68' where a SAIP profile package"],
    ['cut off', Buffer.from('a0820100', 'hex'), /offset 0.*expected a whole element/],
  ])('a profile file that is %s', async (_name, bytes, expected) => {
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

describe('what stands where a file should is named', () => {
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
  ])('%s that is a folder', (_name, file, read) => {
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

describe('a certificate folder with a fault is refused with the name of the file', () => {
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

describe('a run that cannot pass ends with 1', () => {
  it('on a rig that is not attached: blocked, cause rig, recorded', async () => {
    mkdirSync(join(place.folder, 'rigs'))
    writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), 'name: desk\nlink: {pcsc: {reader: ACR39U}}\n')
    const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toContain('the rig desk is not attached')
    expect(ran.json()).toMatchObject({ verdict: 'blocked', cause: 'rig', rig: 'desk', apdus: 0 })
    expect(ran.json<{ steps: unknown[] }>().steps).toHaveLength(8)
    expect((await place.run('card', 'list', '--rig', 'desk')).exitCode).toBe(1)
  })

  it('against a server that is not there', async () => {
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

  it('with a profile that the card does not have', async () => {
    const ran = await place.run('card', 'delete', '8900000000000000000')
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toContain(
      'no profile with the number 8900000000000000000 is on this card; it holds no profile',
    )
  })

  it("when the card's memory is damaged in the middle", async () => {
    await place.run('run', 'activate')
    const cards = join(place.home, 'cards')
    const memory = join(cards, readdirSync(cards)[0]!, 'memory')
    const bytes = readFileSync(memory)
    bytes[30]! ^= 1
    writeFileSync(memory, bytes)
    const ran = await place.run('card', 'list')
    expect(ran.exitCode).toBe(1)
    expect(sentence(ran.err)).toMatch(
      /memory is damaged at byte 0, .* remove the folder .* to begin with an empty card/,
    )
  })
})

it('help and version are no mistakes', async () => {
  expect(await place.run('--help')).toMatchObject({
    exitCode: 0,
    err: '',
    out: expect.stringContaining('run [options]'),
  })
  expect(await place.run('--version')).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

it('an interrupted server ends cleanly', async () => {
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

it('an interrupted command says that it was', async () => {
  const { runtime, err } = place.runtimeOf(AbortSignal.abort())
  expect(await runProgram(runtime, ['card', 'download', '1$a.example$X', '--connect-to', '127.0.0.1:1', '--yes'])).toBe(
    1,
  )
  expect(err()).toBe('esim-bench: interrupted\n')
})
