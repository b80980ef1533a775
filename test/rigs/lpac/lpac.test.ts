import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/main.ts'
import { writeFakeLpac } from '../../cli/lpac/fake-lpac.ts'
import { createCliFixture } from '../../cli/runtime.ts'
import { type FarSmdp, openFarSmdp } from '../../services/smdp/remote-smdp.ts'

describe('card lpac', () => {
  const place = createCliFixture()
  let far: FarSmdp
  beforeAll(async () => {
    far = await openFarSmdp()
    writeFakeLpac(place.folder)
  })
  afterAll(async () => {
    await far.close()
    place.remove()
  })
  const lpac = (environment: NodeJS.ProcessEnv, ...args: string[]) => typing(undefined, environment, ...args)
  const typing = async (input: string | undefined, environment: NodeJS.ProcessEnv, ...args: string[]) => {
    const { runtime, out, err } = place.runtimeOf(new AbortController().signal)
    const stdin = input === undefined ? {} : { in: new PassThrough().end(input) }
    const exitCode = await runProgram({ ...runtime, ...stdin, environment }, ['lpac', ...args])
    const path = /Evidence: (\S+)\n$/.exec(err())?.[1]
    const events = path
      ? readFileSync(path, 'utf8')
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line))
      : []
    return { exitCode, out: out(), err: err(), events }
  }
  const ON_PATH = { PATH: place.folder }

  it('card lpac prints the lines of lpac unchanged and records decoded exchanges', async () => {
    const ran = await lpac(ON_PATH, '--', 'eid', '-c', '86420864')
    expect(ran).toMatchObject({ exitCode: 0 })
    const lines = ran.out.trimEnd().split('\n')
    expect(lines[0]).toBe('{"type":"progress","payload":{"code":0,"message":"es10c_get_eid","data":null}}')
    const eid = JSON.parse(lines[1]!).payload.data
    expect(eid).toMatch(/^89\d{30}$/)
    expect(lines).toHaveLength(2)
    expect(ran.events.map(({ kind, label }) => label ?? kind)).toEqual(
      expect.arrayContaining([
        'run-started',
        'SELECT ISD-R [1]',
        'ES10c.GetEID [1]',
        'MANAGE CHANNEL close 1',
        'run-ended',
      ]),
    )
    expect(ran.events.at(-1)).toMatchObject({ verdict: 'pass' })
    expect(ran.events[0].steps).toMatchObject([{ name: 'lpac eid' }])
    expect(JSON.stringify(ran.events)).not.toContain('86420864')
  })

  it('card lpac exits with the exit code of lpac', async () => {
    const usage = await lpac({ LPAC: 'lpac' }, '--', 'usage')
    expect(usage).toMatchObject({ exitCode: 255, out: 'Usage: lpac <chip|profile>\n' })
    expect(usage.err).toContain('complaint\n')
    expect(usage.events.at(-1)).toMatchObject({ verdict: 'blocked', cause: 'bench' })
    const died = await lpac(ON_PATH, '--', 'die')
    expect(died).toMatchObject({ exitCode: 7 })
    // The channel that it left open is closed.
    expect(died.events.filter(({ label }) => label === 'MANAGE CHANNEL close 1')).toHaveLength(1)
  })

  it('card lpac reports no card error for an optional application', async () => {
    const probed = await lpac(ON_PATH, '--', 'probe')
    expect(probed.events.filter(({ label }) => /^SELECT/.test(label))).toHaveLength(2)
    expect(probed.events.at(-1)).toMatchObject({ verdict: 'blocked', cause: 'bench' })
  })

  it.each([
    ['y\n', 'y'],
    ['no\n', 'n'],
    [undefined, 'n'],
  ])('lpac receives the answer of the user about the profile: %j', async (input, heard) => {
    const ran = await typing(input, ON_PATH, '--', 'preview')
    const [shown, result] = ran.out.trimEnd().split('\n')
    expect(shown).toBe('{"type":"progress","payload":{"code":0,"message":"preview","data":"y/n"}}')
    // The one character, and behind it nothing but the card's next answer.
    expect(JSON.parse(result!).payload.data).toEqual([heard, expect.stringMatching(/^\{"type":"apdu",.*\}$/)])
  })

  it('card lpac ends lpac and its child processes after an overlong line', async () => {
    const endless = await lpac({ ...ON_PATH, PATH: `${place.folder}:${process.env.PATH}` }, '--', 'endless')
    expect(endless.exitCode).toBe(1)
  })

  it('card lpac sends the HTTP requests of lpac with the CI certificates of the card', async () => {
    const url = `https://${far.host}/gsma/rsp2/es9plus/initiateAuthentication`
    const carried = await lpac(
      ON_PATH,
      ...['--http', '--connect-to', far.connectTo, '--certs', far.certs],
      ...['--', 'post', url],
    )
    expect(carried).toMatchObject({ exitCode: 0 })
    expect(JSON.parse(carried.out).payload.message).toMatch(/^answered (200|400)$/)
    expect(carried.events.map(({ label }) => label)).toContain('ES9+.InitiateAuthentication')
    // A card of another CI does not let a byte of the request leave.
    const foreign = await lpac(ON_PATH, '--http', '--connect-to', far.connectTo, '--', 'post', url)
    expect(foreign).toMatchObject({ exitCode: 255 })
    expect(foreign.events.at(-1)).toMatchObject({ verdict: 'fail', cause: 'server' })
  })

  it.each([
    [{ PATH: join(place.folder, 'nowhere') }, [], /no lpac is installed: .* or set LPAC/],
    [{ LPAC: 'nothing-here' }, [], /LPAC names nothing-here, which is not a program/],
    [ON_PATH, ['--connect-to', '127.0.0.1:1'], /need --http/],
  ])('is refused with a sentence (%o %j)', async (environment, args, words) => {
    const ran = await lpac(environment, ...args, '--', 'eid')
    expect(ran.exitCode).toBe(2)
    expect(ran.err).toMatch(words)
  })
})
