import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openThere, type There } from './card-fixture.ts'

interface Listed {
  readonly profiles: { iccid: string; isdpAid: string; state: string; nickname?: string }[]
}
interface Waiting {
  readonly notifications: { seqNumber: number; operation: string; iccid: string }[]
}

let there: There
/** Two profiles that are on the card from the start, disabled. */
let first: string
let second: string
beforeAll(async () => {
  there = await openThere()
  for (let each = 0; each < 2; each++) {
    const { matchingId } = await there.order()
    const ran = await there.card('download', `1$${there.smdpHost}$${matchingId}`, ...there.toServer, '--yes')
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
  }
  ;[first, second] = (await list()).map(({ iccid }) => iccid) as [string, string]
})
afterAll(() => there.close())

const list = async (): Promise<Listed['profiles']> => (await there.card('list', '--json')).json<Listed>().profiles
const stateOf = async (iccid: string): Promise<string | undefined> =>
  (await list()).find(profile => profile.iccid === iccid)?.state
const waiting = async (): Promise<string[]> =>
  (await there.card('notifications', 'list', '--json'))
    .json<Waiting>()
    .notifications.map(({ operation, iccid }) => `${operation} ${iccid}`)

describe('card commands for profiles', () => {
  it('card list prints a table and card info prints the fields of the card', async () => {
    const { out } = await there.card('list')
    expect(out.split('\n')[0]).toMatch(/^ICCID +STATE +NAME +PROVIDER +NICKNAME$/)
    const info = await there.card('info')
    expect(info.out).toMatch(/^EID +\d{32}$/m)
    expect(info.out).toMatch(/^ISD-R +A0000005591010FFFFFFFF8900000100$/m)
    expect(info.out).toMatch(/^free memory +\d+ bytes for profiles/m)
    expect(info.out).toMatch(/^UICC capabilities +usimSupport, /m)
    expect(info.out).toMatch(/the CI of the certificates in use \(test\)/)
    expect(info.out).toContain('ppr1, ppr2 for any operator, with consent')
    expect(info.out).not.toMatch(/[{}]/)
    for (const line of info.out.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
    expect((await there.card('info', '--json')).json()).toMatchObject({
      rig: 'software',
      atr: expect.stringMatching(/^3B/),
      addresses: { defaultSmdpAddress: '', rootSmdsAddress: 'lpa.ds.gsma.com' },
      euiccInfo2: { extCardResource: { freeNonVolatile: expect.any(Number) }, rspCapability: expect.any(Array) },
    })
  })

  it.each<[string, (profile: Listed['profiles'][number]) => string]>([
    ['ICCID with blanks', ({ iccid }) => iccid.replace(/(\d{4})/g, '$1 ')],
    ['ICCID with its filler', ({ iccid }) => `${iccid}F`],
    ['AID', ({ isdpAid }) => isdpAid.toLowerCase()],
  ])('card enable selects the profile by %s and notifies the server', async (_name, nameOf) => {
    const profile = (await list()).find(({ iccid }) => iccid === first)!
    const ran = await there.card('enable', nameOf(profile), ...there.toServer)
    expect(ran).toMatchObject({ exitCode: 0, err: '' })
    expect(ran.out).toContain(`${first} is enabled`)
    expect(ran.out).toMatch(/[1-9] notifications? sent/)
    expect(await stateOf(first)).toBe('enabled')
    expect(await waiting()).toEqual([])
    expect((await there.card('disable', first, '--yes', ...there.toServer)).exitCode).toBe(0)
  })

  it('card list escapes control characters of a name, and --json contains them', async () => {
    const name = 'a\u001b[2Jb\nc\u202ed'
    expect((await there.card('nickname', first, name)).out).toContain(
      `${first} has the nickname a\\u001b[2Jb\\nc\\u202ed\n`,
    )
    expect((await there.card('list')).out).toMatch(/^[^\n]*\n[^\n]* a\\u001b\[2Jb\\nc\\u202ed\n[^\n]*\n$/)
    const listed = (await there.card('list', '--json')).json<{ profiles: { nickname?: string }[] }>()
    expect(listed.profiles[0]!.nickname).toBe(name)
    await there.card('nickname', first, '')
  })

  it('a nickname selects a profile in any case, and an ambiguous nickname is refused with both profiles', async () => {
    expect((await there.card('nickname', first, 'Holiday')).out).toContain(`${first} has the nickname Holiday`)
    expect((await there.card('enable', 'holiday', '--no-notify')).exitCode).toBe(0)
    await there.card('nickname', second, 'HOLIDAY')
    const ran = await there.card('disable', 'holiday', '--yes')
    expect(ran.exitCode).toBe(2)
    expect(ran.err).toContain('2 profiles match')
    expect(ran.err).toContain(first)
    expect(ran.err).toContain(second)
    expect((await there.card('nickname', second, '')).out).toContain('has no nickname now')
    const near = await there.card('disable', 'holidy', '--yes')
    expect(near).toMatchObject({ exitCode: 1, err: expect.stringContaining('did you mean Holiday?') })
  })

  it('an ICCID without its check digit is refused with the full ICCID', async () => {
    const ran = await there.card('enable', first.slice(0, 18))
    expect(ran).toMatchObject({ exitCode: 1, err: expect.stringContaining(`did you mean ${first}?`) })
  })

  it('notifications stay pending with --no-notify and if the server is unreachable', async () => {
    expect(await waiting()).toEqual([`notificationEnable ${first}`])
    const ran = await there.card('disable', first, '--yes', '--connect-to', '127.0.0.1:1')
    expect(ran.exitCode).toBe(0)
    expect(ran.out).toContain('0 notifications sent; 2 remain on the card; to send: esim-bench card notifications send')
    expect(await waiting()).toHaveLength(2)
  })

  it('card enable --json prints the new state, and --no-refresh requests no REFRESH', async () => {
    const ran = await there.card('enable', second, '--no-refresh', '--no-notify', '--json')
    expect(ran.json()).toMatchObject({ profile: { iccid: second, state: 'enabled' } })
    const again = await there.card('enable', second)
    expect(again).toMatchObject({ exitCode: 1, err: expect.stringContaining('profileNotInDisabledState') })
    await there.card('disable', second, '--yes', '--no-notify')
  })
})

describe('notifications', () => {
  const numbers = async (): Promise<string[]> =>
    (await there.card('notifications', 'list', '--json'))
      .json<Waiting>()
      .notifications.map(({ seqNumber }) => String(seqNumber))

  it('notifications dump prints the signed notifications, and replay sends them again', async () => {
    const dump = await there.card('notifications', 'dump')
    const lines = dump.out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.map(({ seqNumber }) => String(seqNumber))).toEqual(await numbers())
    expect(lines[0]).toMatchObject({ type: 'notification', eid: expect.stringMatching(/^\d{32}$/) })
    const path = join(there.here.folder, 'dump.jsonl')
    writeFileSync(path, dump.out)
    const before = await numbers()
    const replayed = await there.card('notifications', 'replay', path, ...there.toServer, '--json')
    expect(replayed.exitCode).toBe(0)
    expect(replayed.json<{ replayed: unknown[] }>().replayed).toHaveLength(before.length)
    expect(await numbers()).toEqual(before)
    const nowhere = await there.card('notifications', 'replay', path, '--connect-to', '127.0.0.1:1')
    expect(nowhere).toMatchObject({ exitCode: 1, out: expect.stringContaining('cannot be reached') })
  })

  it.each([
    ['no lines', '', 'contains no notifications'],
    ['another text', 'hello\n', 'line 1 is not a notification of a dump'],
    ['a member missing', '{"type":"notification","seqNumber":1}\n', 'notificationAddress and pendingNotification'],
  ])('notifications replay refuses a dump with %s', async (_name, text, expected) => {
    const path = join(there.here.folder, 'bad.jsonl')
    writeFileSync(path, text)
    const ran = await there.card('notifications', 'replay', path)
    expect(ran).toMatchObject({ exitCode: 2, err: expect.stringContaining(expected) })
  })

  it('notifications remove needs numbers or --all and prints a warning', async () => {
    const [number] = (await numbers()) as [string]
    for (const args of [[], [number, '--all']])
      expect(await there.card('notifications', 'remove', ...args)).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining('give either sequence numbers or --all'),
      })
    const refused = await there.card('notifications', 'remove', number)
    expect(refused).toMatchObject({ exitCode: 2, err: expect.stringContaining('add --yes') })
    const no = await there.type({ answers: [['[y/N] ', 'n\n']] }, 'notifications', 'remove', number)
    expect(no).toMatchObject({ exitCode: 1, err: expect.stringContaining('nothing was changed') })
    const yes = await there.type({ answers: [['[y/N] ', 'y\n']] }, 'notifications', 'remove', number)
    expect(yes).toMatchObject({ exitCode: 0, out: expect.stringContaining('warning: ') })
    expect(await numbers()).not.toContain(number)
    const gone = await there.card('notifications', 'remove', number, '--yes')
    expect(gone).toMatchObject({ exitCode: 1, err: expect.stringContaining(`the card has no notification ${number}`) })
    expect(await there.card('notifications', 'send', 'x')).toMatchObject({ exitCode: 2 })
  })

  it('notifications send delivers one or all and removes the acknowledged ones', async () => {
    const [number, ...others] = (await numbers()) as [string, ...string[]]
    expect((await there.card('notifications', 'send', number, ...there.toServer)).out).toContain('1 sent, 0 kept')
    expect(await numbers()).toEqual(others)
    const nowhere = await there.card('notifications', 'send', '--connect-to', '127.0.0.1:1')
    expect(nowhere.exitCode).toBe(1)
    expect(await numbers()).toEqual(others)
    expect((await there.card('notifications', 'send', ...there.toServer)).exitCode).toBe(0)
    expect((await there.card('notifications', 'list')).out).toContain('no notifications are pending')
  })
})

describe('destructive operations', () => {
  it('card disable asks before it disables the enabled profile', async () => {
    await there.card('enable', first, '--no-notify')
    expect(await there.card('disable', first)).toMatchObject({ exitCode: 2, err: expect.stringContaining('add --yes') })
    expect(await stateOf(first)).toBe('enabled')
    const ran = await there.type({ answers: [['[y/N] ', 'yes\n']] }, 'disable', first, ...there.toServer)
    expect(ran.exitCode).toBe(0)
  })

  it('card default-smdp sets, shows, replaces and clears the address', async () => {
    expect((await there.card('default-smdp')).out).toBe('the card has no default SM-DP+\n')
    expect((await there.card('default-smdp', 'a.example')).out).toBe('the default SM-DP+ is a.example\n')
    expect(await there.card('default-smdp', 'b.example')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('replace the default SM-DP+ a.example by b.example'),
    })
    expect((await there.card('default-smdp', 'b.example', '--yes', '--json')).json()).toEqual({
      defaultSmdpAddress: 'b.example',
      before: 'a.example',
    })
    expect(await there.card('default-smdp', 'a.example', '--clear')).toMatchObject({ exitCode: 2 })
    expect(await there.card('default-smdp', 'https://a')).toMatchObject({ exitCode: 2 })
    expect((await there.card('default-smdp', '--clear', '--yes')).exitCode).toBe(0)
    expect((await there.card('default-smdp', '--json')).json()).toEqual({ defaultSmdpAddress: '' })
  })

  it('destructive operations are refused on protected cards and profiles by each command, also with --yes', async () => {
    const eid = (await there.card('info', '--json')).json<{ eid: string }>().eid
    const [profile] = (await list()) as [Listed['profiles'][number]]
    const protect = (number: string): void => {
      const folder = join(there.here.folder, 'rigs')
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'software.yaml'), `name: software\nlink: software\nprotected:\n  - "${number}"\n`)
    }
    const deletion = (iccid: string): string => {
      const swapped = `${iccid}F`.replace(/(.)(.)/g, '$2$1')
      return `80E291000FBF330C5A0A${swapped}`
    }
    const ways: [string, string[]][] = [
      ['delete', ['delete', profile.iccid, '--yes']],
      ['reset', ['reset', '--operational', '--yes']],
      ['apdu', ['apdu', '--isdr', deletion(profile.iccid)]],
      [
        'apdu in two blocks',
        ['apdu', '--isdr', '80E2110002BF33', `80E291010D0C5A0A${deletion(profile.iccid).slice(-20)}`],
      ],
      ['apdu on the channel itself', ['apdu', '--isdr', '80E2910006BF3403820106', '80E2910007BF340482020640']],
    ]
    protect(profile.iccid)
    for (const [name, args] of ways) {
      const ran = await there.card(...args)
      expect(ran, name).toMatchObject({ exitCode: 2, err: expect.stringContaining('is protected by its rig') })
      expect(ran.err.trimEnd().split('\n')).toHaveLength(1)
    }
    await there.card('enable', profile.iccid, '--no-notify')
    const other = (await list()).find(({ iccid }) => iccid !== profile.iccid)!
    for (const args of [
      ['disable', profile.iccid, '--yes'],
      ['enable', other.iccid],
      ['notifications', 'remove', '--all', '--yes'],
    ])
      expect(await there.card(...args), args.join(' ')).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining(`the profile ${profile.iccid} is protected by its rig`),
      })
    const shell = await there.type(
      { input: `delete ${profile.iccid} --yes\napdu --isdr ${deletion(profile.iccid)}\n` },
      'shell',
    )
    expect(shell.exitCode).toBe(1)
    expect(shell.err.match(/is protected by its rig/g)).toHaveLength(2)
    // The one that is not on the list may still go.
    expect((await there.card('default-smdp', 'a.example', '--yes')).exitCode).toBe(0)

    protect(eid)
    for (const args of [
      ['delete', other.iccid, '--yes'],
      ['default-smdp', 'b.example', '--yes'],
      ['reset', '--default-address', '--yes'],
      ['enable', other.iccid],
      ['notifications', 'remove', '--all', '--yes'],
    ])
      expect(await there.card(...args), args.join(' ')).toMatchObject({
        exitCode: 2,
        err: expect.stringContaining(`the card ${eid} is protected by its rig`),
      })
    expect(await list()).toHaveLength(2)
    const run = await there.here.run('run', 'activate', ...there.place, '--json')
    expect(run.exitCode).toBe(1)
    expect(run.json()).toMatchObject({ verdict: 'blocked', cause: 'rig' })
    expect(await stateOf(profile.iccid)).toBe('enabled')

    protect('8988000000000000000')
    expect((await there.card('disable', profile.iccid, '--yes', '--no-notify')).exitCode).toBe(0)
    expect((await there.card('default-smdp', '--clear', '--yes')).exitCode).toBe(0)
  })

  it('card delete removes the profile and notifies the server', async () => {
    expect(await there.card('delete', first)).toMatchObject({ exitCode: 2, err: expect.stringContaining('add --yes') })
    const ran = await there.type({ answers: [['[y/N] ', 'y\n']] }, 'delete', first, ...there.toServer)
    expect(ran).toMatchObject({ exitCode: 0, out: expect.stringContaining(`${first} is deleted`) })
    expect((await list()).map(({ iccid }) => iccid)).toEqual([second])
    expect(await waiting()).toEqual([])
  })

  it('card reset removes the selected profiles and lists them', async () => {
    expect(await there.card('reset', '--yes')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining('nothing is selected'),
    })
    expect(await there.card('reset', '--operational')).toMatchObject({
      exitCode: 2,
      err: expect.stringContaining(second),
    })
    const ran = await there.card('reset', '--operational', '--yes', '--json', ...there.toServer)
    expect(ran.json()).toMatchObject({ reset: true, deleted: [second], notifications: { sent: 1, kept: 0 } })
    expect(await list()).toEqual([])
    const again = await there.card('reset', '--operational', '--test', '--yes')
    expect(again).toMatchObject({ exitCode: 0, out: 'the card had nothing to delete\n' })
  })
})
