import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/main.ts'
import { openThere, runTyping, type There } from '../card/card-fixture.ts'
import type { Ran } from '../runtime.ts'

let there: There
beforeAll(async () => {
  there = await openThere()
})
afterAll(() => there.close())

const command = (args: readonly string[]): string[] => [
  ...['card', 'as-lpac', ...there.place, ...there.toServer],
  ...['--', ...args],
]
const lpac = (...args: string[]): Promise<Ran> => there.here.run(...command(args))
const progress = (message: string, data: string | null = null): string =>
  `${JSON.stringify({ type: 'progress', payload: { code: 0, message, data } })}\n`
const last = (code: 0 | -1, message: string, data: unknown): string =>
  `${JSON.stringify({ type: 'lpa', payload: { code, message, data } })}\n`
const SUCCESS = last(0, 'success', null)
const cancelled = (address: string | null): string =>
  progress('es10b_cancel_session', address) + progress('es9p_cancel_session', address)

// Each line and exit code here is what lpac 2.3.0 printed to the same card and server.
describe('as-lpac with invalid arguments', () => {
  it.each([
    [[], 'Usage: lpac <driver|chip|profile|notification|version>\n'],
    [['x'], 'Unknown command: x\nUsage: lpac <driver|chip|profile|notification|version>\n'],
    [['chip'], 'Usage: chip <info|defaultsmdp|purge>\n'],
    [['driver'], 'Usage: driver <apdu|http|list>\n'],
    [['notification'], 'Usage: notification <list|process|remove|dump|replay>\n'],
    [['profile', 'x'], 'Unknown command: x\nUsage: profile <list|enable|disable|nickname|delete|download|discovery>\n'],
    [['profile', 'enable'], 'Usage: enable [iccid/aid] [refreshflag]\n'],
    [['profile', 'delete'], 'Usage: delete [iccid/aid]\n'],
    [['chip', 'defaultsmdp'], 'Usage: defaultsmdp <smdp>\n'],
    [['chip', 'purge'], 'Usage: purge [yes|other]\n'],
    [['chip', 'purge', 'no'], 'Purge canceled\n'],
  ])('as-lpac reports invalid arguments on stdout as plain text and ends with exit code 255: %j', async (args, out) => {
    expect(await lpac(...args)).toMatchObject({ exitCode: 255, out, err: '' })
  })

  it.each([['download'], ['discovery']])('as-lpac names the option that %s does not support', async applet => {
    const ran = await lpac('profile', applet, '-x')
    expect(ran).toMatchObject({ exitCode: 255, err: `${applet}: Unknown option '-x'\n` })
    expect(ran.out).toMatch(new RegExp(`^Usage: ${applet} `))
    expect(await lpac('profile', applet, '-h')).toMatchObject({ exitCode: 255, out: ran.out, err: '' })
  })

  it('driver http list prints nothing, and a missing command is reported on stderr', async () => {
    expect(await lpac('driver', 'http', 'list')).toMatchObject({ exitCode: 255, out: '' })
    expect(await lpac('driver', 'apdu')).toMatchObject({ exitCode: 255, out: '', err: 'Usage: apdu <list>\n' })
  })

  it.each([
    ['enable', 'internal error, maybe illegal iccid/aid coding'],
    ['disable', 'internal error, maybe illegal iccid/aid coding'],
    ['delete', 'internal error, maybe illegal iccid/aid coding'],
  ])('as-lpac selects a profile only by ICCID or AID: %s', async (action, data) => {
    for (const name of ['garbage', '', '8949'])
      expect(await lpac('profile', action, name)).toMatchObject({
        exitCode: 255,
        out: last(-1, `es10c_${action}_profile`, data),
        err: '',
      })
  })

  it('profile nickname accepts only an ICCID and at most 64 bytes', async () => {
    for (const args of [
      ['garbage', 'x'],
      ['a0000005591010ffffffff8900001000', 'x'],
      ['8949001000000000009', 'x'.repeat(65)],
    ])
      expect(await lpac('profile', 'nickname', ...args)).toMatchObject({
        exitCode: 255,
        out: last(-1, 'es10c_set_nickname', 'unknown'),
      })
  })
})

describe("lpac's version and chip", () => {
  it('version names lpac and esim-bench', async () => {
    const ran = await lpac('version')
    expect(ran.exitCode).toBe(0)
    expect(ran.json<{ payload: { data: string } }>().payload.data).toMatch(/^2\.3\.0\+esim-bench\.\d+\.\d+\.\d+$/)
  })

  it('chip info omits the eUICC category', async () => {
    const ran = await lpac('chip', 'info')
    expect(ran.out).toContain('"euiccCategory":null,"ppVersion":"1.0.0"')
  })

  it('chip defaultsmdp sets the address, and chip purge clears it', async () => {
    const defaultOf = async (): Promise<unknown> =>
      (await lpac('chip', 'info')).json<{ payload: { data: { EuiccConfiguredAddresses: object } } }>().payload.data
        .EuiccConfiguredAddresses
    expect(await lpac('chip', 'defaultsmdp', 'not a host')).toMatchObject({ exitCode: 0, out: SUCCESS })
    expect(await defaultOf()).toEqual({ defaultDpAddress: 'not a host', rootDsAddress: 'lpa.ds.gsma.com' })
    expect(await lpac('chip', 'purge', 'yes')).toMatchObject({ exitCode: 0, out: SUCCESS })
    expect(await defaultOf()).toEqual({ defaultDpAddress: null, rootDsAddress: 'lpa.ds.gsma.com' })
  })

  it.each([
    ['LPAC_CUSTOM_ISD_R_AID', 'zz', 'invalid custom ISD-R applet id given'],
    ['LPAC_CUSTOM_ES10X_MSS', '5', 'invalid custom ES10x MSS given'],
  ])('as-lpac refuses an invalid %s', async (name, value, data) => {
    const { runtime, out } = there.here.runtimeOf(new AbortController().signal)
    const exitCode = await runProgram({ ...runtime, environment: { [name]: value } }, command(['chip', 'info']))
    expect([exitCode, out()]).toEqual([255, last(-1, 'euicc_init', data)])
  })

  it('as-lpac tries the AID of the environment first and applies the segment size', async () => {
    const { runtime, out } = there.here.runtimeOf(new AbortController().signal)
    const environment = { LPAC_CUSTOM_ISD_R_AID: 'A0000005591010FFFFFFFF8900000177', LPAC_CUSTOM_ES10X_MSS: '60' }
    expect(await runProgram({ ...runtime, environment }, command(['profile', 'list']))).toBe(0)
    expect(out()).toBe(last(0, 'success', []))
  })
})

describe("lpac's notifications", () => {
  it('notification commands skip arguments without digits, read leading digits and succeed without a number', async () => {
    for (const words of [[], ['abc']]) {
      expect(await lpac('notification', 'process', ...words)).toMatchObject({ exitCode: 0, out: SUCCESS })
      expect(await lpac('notification', 'remove', ...words)).toMatchObject({ exitCode: 0, out: SUCCESS })
      expect(await lpac('notification', 'dump', ...words)).toMatchObject({ exitCode: 0, out: '' })
    }
    const step = 'es10b_remove_notification_from_list'
    expect(await lpac('notification', 'remove', '7x')).toMatchObject({
      exitCode: 255,
      out: progress(step, '7') + last(-1, step, 'seqNumber not found'),
    })
  })

  it('notification process sends in the given order and stops at the first failure', async () => {
    const { iccid, matchingId } = await there.order()
    await lpac('profile', 'download', '-s', there.smdpHost, '-m', matchingId)
    const numbers = (await lpac('notification', 'list'))
      .json<{ payload: { data: { seqNumber: number }[] } }>()
      .payload.data.map(({ seqNumber }) => String(seqNumber))
    const [first, second] = numbers as [string, string]
    const steps = (number: string): string =>
      progress('es10b_retrieve_notifications_list', number) + progress('es9p_handle_notification', number)
    const missing = last(-1, 'es10b_retrieve_notifications_list', '')

    const dumped = await lpac('notification', 'dump', second, '99', first)
    expect(dumped.exitCode).toBe(255)
    expect(dumped.out.replace(/"pendingNotification":"[^"]+"/, '')).toBe(
      `{"type":"notification","eid":"${there.eid}","seqNumber":${second},"notificationAddress":"${there.smdpHost}",}\n${missing}`,
    )
    expect(await lpac('notification', 'process', second, first)).toMatchObject({
      exitCode: 0,
      out: steps(second) + steps(first) + SUCCESS,
    })
    expect(await lpac('notification', 'process', '-r', first, '99', second)).toMatchObject({
      exitCode: 255,
      out:
        steps(first) +
        progress('es10b_remove_notification_from_list', first) +
        progress('es10b_retrieve_notifications_list', '99') +
        missing,
    })
    expect(await lpac('notification', 'remove', '-a')).toMatchObject({
      exitCode: 0,
      out: progress('es10b_list_notification') + progress('es10b_remove_notification_from_list', second) + SUCCESS,
    })
    expect((await lpac('profile', 'delete', iccid)).exitCode).toBe(0)
  })
})

describe("lpac's downloads", () => {
  it.each([
    ['nonsense', null, 'activation_code', 'invalid'],
    ['LPA:2$HOST$X', null, 'activation_code', 'invalid'],
    ['LPA:1$', '', 'smdp', 'empty'],
    ['LPA:1$$X', '', 'smdp', 'empty'],
    ['LPA:1$HOST$A_B', 'HOST', 'matching_id', 'invalid format, contains character not alphanumeric or dash'],
    ['LPA:1$HOST$X$$1', 'HOST', 'confirmation_code', 'required'],
    ['LPA:1$HOST$X$1.3.6.1$1$more', 'HOST', 'confirmation_code', 'required'],
  ])('profile download with an invalid argument ends without a step: %s', async (code, address, message, data) => {
    const real = (text: string): string => text.replace('HOST', there.smdpHost)
    expect(await lpac('profile', 'download', '-a', real(code))).toMatchObject({
      exitCode: 255,
      out: cancelled(address === null ? null : real(address)) + last(-1, message, data),
      err: '',
    })
  })

  // lpac contacts the default SM-DP+ of the card here. A code without a server does not select that server.
  it.each(['', 'LPA:', ' '])(
    'profile download does not use the default SM-DP+ for a code without server: %j',
    async code => {
      expect(await lpac('profile', 'download', '-a', code)).toMatchObject({
        exitCode: 255,
        out: cancelled(null) + last(-1, 'smdp', 'empty'),
      })
    },
  )

  it.each([
    ['LPA:1$HOST', 'no open order is for this EID: the EID has no default order'],
    ['lpa:1$HOST$no-such-id', 'no open order has this matching id'],
    ['1$HOST$X$2.999.10$0', 'no open order has this matching id'],
  ])('profile download contacts the server for each code that lpac accepts: %s', async (code, data) => {
    const ran = await lpac('profile', 'download', '-a', code.replace('HOST', there.smdpHost))
    expect(ran).toMatchObject({
      exitCode: 255,
      out: [
        ...['es10b_get_euicc_challenge_and_info', 'es9p_initiate_authentication', 'es10b_authenticate_server'],
        ...['es9p_authenticate_client', 'es10b_cancel_session', 'es9p_cancel_session'],
      ]
        .map(message => progress(message, there.smdpHost))
        .concat(last(-1, 'es9p_authenticate_client', data))
        .join(''),
    })
  })

  it('profile download accepts an IMEI with an incorrect check digit and refuses letters', async () => {
    const ask = (imei: string) => lpac('profile', 'download', '-s', there.smdpHost, '-m', 'X', '-i', imei)
    expect((await ask('351234567890123')).json()).toMatchObject({ payload: { message: 'es9p_authenticate_client' } })
    expect((await ask('abc')).json()).toMatchObject({ payload: { message: 'es10b_authenticate_server' } })
    expect((await lpac('profile', 'discovery', '-i', 'abc')).json()).toMatchObject({
      payload: { code: -1, message: 'es10b_authenticate_server' },
    })
  })

  it('profile download reads one character as answer from an open pipe', async () => {
    const { matchingId } = await there.order()
    const { runtime, out } = there.here.runtimeOf(new AbortController().signal)
    const pipe = new PassThrough()
    pipe.write('n')
    const args = ['profile', 'download', '-p', '-s', there.smdpHost, '-m', matchingId]
    expect(await runProgram({ ...runtime, in: pipe }, command(args))).toBe(255)
    expect(out()).toContain(progress('preview', 'y/n'))
    expect(out().endsWith(cancelled(there.smdpHost) + last(-1, 'cancelled', ''))).toBe(true)
    const closed = await runTyping(there.here, { input: '' }, command(args))
    expect(closed.exitCode).toBe(255)
  })

  it.each(['before the card is opened', 'during the download'])(
    'as-lpac reports an interruption as canceled: %s',
    async when => {
      const interrupt = new AbortController()
      const stop = (): void => interrupt.abort(new Error('interrupted'))
      const { runtime, out } = there.here.runtimeOf(interrupt.signal)
      const write = (text: string): void => {
        runtime.out.write(text)
        stop()
      }
      if (when !== 'during the download') stop()
      const args = ['profile', 'download', '-s', there.smdpHost, '-m', 'X']
      expect(await runProgram({ ...runtime, out: { write } }, command(args))).toBe(255)
      const told = when === 'during the download' ? cancelled(there.smdpHost) : ''
      expect(out().endsWith(told + last(-1, 'cancelled', ''))).toBe(true)
      expect(out().split('\n').length > 2).toBe(when === 'during the download')
    },
  )
})

it('as-lpac prints errors before the card is opened in the format of lpac', async () => {
  const ran = await there.here.run('card', 'as-lpac', '--rig', 'nowhere', '--', 'profile', 'list')
  expect(ran).toMatchObject({ exitCode: 255, err: '' })
  expect(ran.json()).toMatchObject({ type: 'lpa', payload: { code: -1, message: 'euicc_init' } })
})
