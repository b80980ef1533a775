import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeLine, isForHistory, type ShellCommand, splitWords } from '../../../src/cli/shell/shell-words.ts'
import { openThere, runTyping, type There } from '../card/card-fixture.ts'
import { createCliFixture } from '../runtime.ts'

describe('splitWords', () => {
  it.each<[string, string, string[]]>([
    ['blanks between', '  list   --json ', ['list', '--json']],
    ['quotes', `nickname 'my trip' "a b"`, ['nickname', 'my trip', 'a b']],
    ['an empty word', `nickname x ''`, ['nickname', 'x', '']],
    ['a backslash', 'nickname a\\ b', ['nickname', 'a b']],
    ['a remark', 'list # all of them', ['list']],
    ['$ as it is', 'download LPA:1$a.example$X', ['download', 'LPA:1$a.example$X']],
  ])('splitWords handles %s', (_name, line, words) => {
    expect(splitWords(line)).toEqual(words)
  })

  it('splitWords refuses an unclosed quote', () => {
    expect(() => splitWords('nickname "a')).toThrow('is not closed')
  })

  it('the history excludes lines that contain a secret', () => {
    expect(isForHistory('download 1$a$b --confirmation-code 1234')).toBe(false)
    expect(isForHistory('  ')).toBe(false)
    expect(isForHistory('list')).toBe(true)
  })
})

describe('completion', () => {
  const command = (name: string, more: Partial<ShellCommand> = {}): ShellCommand => ({
    name,
    options: ['--json', '--yes'],
    subcommands: [],
    takesProfile: false,
    ...more,
  })
  const commands = [
    command('enable', { takesProfile: true }),
    command('list'),
    command('notifications', { subcommands: [command('list'), command('send')] }),
  ]
  const profiles = ['8949001000000000001', 'Travel', 'my trip']

  it.each<[string, string, string[]]>([
    ['commands', '', ['enable', 'list', 'notifications']],
    ['the only match', 'en', ['enable ']],
    ['subcommands', 'notifications s', ['send ']],
    ['options', 'list --', ['--json', '--yes']],
    ['profiles', 'enable ', ['8949001000000000001', 'Travel', '"my trip"']],
    ['profiles in any case', 'enable tr', ['Travel ']],
    ['nothing without a match', 'list x', []],
  ])('completeLine completes %s', (_name, line, expected) => {
    expect(completeLine(line, commands, profiles)[0]).toEqual(expected)
  })
})

describe('the shell', () => {
  let there: There
  beforeAll(async () => {
    there = await openThere()
  })
  afterAll(() => there.close())

  it('the shell runs the lines of a pipe on one card and ends with exit code 1 if one fails', async () => {
    const { iccid, matchingId } = await there.order()
    const good = await there.type(
      {
        input: [
          '# a script',
          `download 1$${there.smdpHost}$${matchingId} ${there.toServer.join(' ')} --yes`,
          `nickname ${iccid} "my trip"`,
          "enable 'my trip' --no-notify",
          'list',
        ].join('\n'),
      },
      'shell',
    )
    expect(good).toMatchObject({ exitCode: 0, err: '' })
    expect(good.out).toMatch(new RegExp(`${iccid} +enabled .*my trip`))
    const bad = await there.type({ input: 'lsit\nlist\nenable 12\ndelete "my trip"\n' }, 'shell')
    expect(bad.exitCode).toBe(1)
    expect(bad.err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/unknown command 'lsit'.*list/),
      expect.stringContaining('"12" is not an ICCID'),
      expect.stringContaining('is enabled; disable it first'),
    ])
    // The shell runs the lines after an invalid one.
    expect(bad.out).toContain(iccid)
    expect((await there.type({ input: '' }, 'shell')).exitCode).toBe(0)
  })

  it('the shell on a terminal completes words, asks, stores the history and ends with exit', async () => {
    const place = createCliFixture()
    const PROMPTED = 'card> \x1b[7G'
    const typed = await runTyping(
      place,
      {
        answers: [
          [PROMPTED, 'li'],
          ['li', '\t'],
          ['st ', '\n'],
          [PROMPTED, 'default-smdp a.example\n'],
          [PROMPTED, 'default-smdp --clear\n'],
          ['[y/N] \x1b[53G', 'y\n'],
          [PROMPTED, 'download 1$a.example$X --confirmation-code 99 --smdp b\n'],
          [PROMPTED, 'exit\n'],
        ],
      },
      ['card', 'shell'],
    )
    expect(typed).toMatchObject({ exitCode: 0, err: expect.stringContaining('exclude each other') })
    expect(typed.out).toContain('the card has no default SM-DP+ now')
    expect(typed.out).toContain('no profiles on this card')
    const history = join(place.home, 'card-history')
    expect(readFileSync(history, 'utf8')).toBe('list \ndefault-smdp a.example\ndefault-smdp --clear\nexit\n')
    expect(statSync(history).mode & 0o777).toBe(0o600)
    place.remove()
  })
})

describe('raw APDUs', () => {
  const place = createCliFixture()
  afterAll(() => place.remove())
  const apdu = (...args: string[]) => place.run('card', 'apdu', ...args)

  it('card apdu sends commands in order and prints the meaning of each status word', async () => {
    const ran = await apdu('00A40004023F00', '00 B0 00 00 00')
    expect(ran.exitCode).toBe(1)
    const lines = ran.out.trimEnd().split('\n')
    expect(lines[0]).toBe('> 00A40004023F00')
    expect(lines[1]).toMatch(/^< 62[0-9A-F]+ 9000 \(normal ending\)$/)
    expect(lines[3]).toMatch(/^< 6\w{3} \(.+\)$/)
    const json = await apdu('00A40004023F00', '--json')
    expect(json.json()).toMatchObject({
      rig: 'software',
      exchanges: [{ command: '00A40004023F00', status: '9000', meaning: 'normal ending' }],
    })
  })

  it('card apdu --raw sends no GET RESPONSE', async () => {
    const ran = await apdu('00A40004023F00', '--raw')
    expect(ran.out).toMatch(/< 61\w\w \(normal ending.*\)|< 62\w+ 9000/)
  })

  it('card apdu --isdr and --aid use a new logical channel', async () => {
    const isdr = await apdu('80E2910003BF2E00', '--isdr')
    expect(isdr).toMatchObject({ exitCode: 0, out: expect.stringMatching(/^> 81E2910003BF2E00\n< BF2E/) })
    const aid = await apdu('80E2910003BF2E00', '--aid', 'A0000005591010FFFFFFFF8900000100')
    expect(aid.exitCode).toBe(0)
    const none = await apdu('80E2910003BF2E00', '--aid', 'A00000000000')
    expect(none).toMatchObject({ exitCode: 1, err: expect.stringContaining('6A82') })
  })

  it.each([
    ['text that is not hexadecimal', ['xyz'], '"xyz" is not hexadecimal'],
    ['half a byte', ['00A'], '"00A" is not hexadecimal'],
    ['a short APDU', ['00A4'], 'not a command APDU'],
    ['a wrong length', ['00A40004033F00'], 'not a command APDU'],
    ['an invalid AID', ['00A40004023F00', '--aid', 'A0'], 'is not an AID'],
    ['--aid with --isdr', ['00A40004023F00', '--aid', 'A000000000', '--isdr'], 'give either --isdr or --aid'],
  ])('card apdu refuses %s and sends nothing', async (_name, args, expected) => {
    expect(await apdu(...args)).toMatchObject({ exitCode: 2, err: expect.stringContaining(expected) })
  })
})
