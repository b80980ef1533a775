import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RecordingEntry, readRecording } from '../../../src/apdu/recording/recording.ts'
import { hideConfirmationCode } from '../../../src/evidence/hide-confirmation-code.ts'
import { collectNumbers } from '../../../src/evidence/recording/card-identifiers.ts'
import { redactRecording } from '../../../src/evidence/recording/redact-recording.ts'
import { createLinks, openRig } from '../../../src/rigs/attach.ts'
import { playRecording } from '../../../src/rigs/links/recording-link.ts'
import { recordSessions } from '../../../src/rigs/links/session-recording.ts'
import { type Rig, summarizeRig } from '../../../src/rigs/rig.ts'
import { recordEntries } from '../../apdu/recording/record-entries.ts'
import { bytes, hex } from '../../apdu/scripted-channel.ts'
import { createCliFixture, type Place } from '../../cli/runtime.ts'
import { type FarSmdp, openFarSmdp } from '../../services/smdp/remote-smdp.ts'

const writeRig = (place: Place, name: string, tape: string): void => {
  mkdirSync(join(place.folder, 'rigs'), { recursive: true })
  writeFileSync(join(place.folder, 'rigs', `${name}.yaml`), `name: ${name}\nlink:\n  tape: ${tape}\n`)
}
const tapeOf = (place: Place, file: string) => readRecording(readFileSync(join(place.folder, file), 'utf8'))

describe('a recorded session', () => {
  const place = createCliFixture()
  let far: FarSmdp
  let iccid: string
  beforeAll(async () => {
    far = await openFarSmdp()
    const order = await far.order('86420864')
    iccid = order.iccid
    const server = ['--smdp', far.host, '--matching-id', order.matchingId, '--connect-to', far.connectTo]
    const got = await place.run(
      ...['card', 'download', ...server, '--certs', far.certs, '--yes', '--confirmation-code', '86420864'],
      ...['--record', 'download.tape'],
    )
    expect(got).toMatchObject({ exitCode: 0 })
    const listed = await place.run('card', 'list', '--certs', far.certs, '--json', '--record', 'list.tape')
    expect(listed.json()).toMatchObject({ profiles: [{ iccid }] })
  })
  afterAll(async () => {
    await far.close()
    place.remove()
  })

  it('the recording header names the card and states that it is software', () => {
    expect(tapeOf(place, 'list.tape').header).toMatchObject({
      card: expect.stringMatching(/^software eUICC \d/),
      rig: 'software',
      bench: expect.stringMatching(/^\d+\.\d+\.\d+/),
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      atr: expect.stringMatching(/^3b9f/),
      subject: 'software',
    })
  })

  it('a rig with a recording returns the responses of the card', async () => {
    writeRig(place, 'replay', 'list.tape')
    const listed = await place.run('card', 'list', '--rig', 'replay', '--json')
    expect(listed).toMatchObject({ exitCode: 0 })
    expect(listed.json()).toMatchObject({ profiles: [{ iccid, state: 'disabled' }] })
  })

  it('the replay rejects an unexpected command with its number, the expected and the received command', async () => {
    writeRig(place, 'replay', 'list.tape')
    const refused = await place.run('card', 'nickname', iccid, 'x', '--rig', 'replay')
    expect(refused.exitCode).toBe(1)
    expect(refused.err).toMatch(/exchange \d+ of the recording: expected: [0-9a-f]{8,}; received: [0-9a-f]{8,}/)
  })

  it('a recorded download replays each exchange and contains no confirmation code', async () => {
    const text = readFileSync(join(place.folder, 'download.tape'), 'utf8')
    const tape = readRecording(text)
    const commands = tape.exchanges.flatMap(entry => ('reset' in entry ? [] : [entry]))
    expect(commands.length).toBeGreaterThan(20)
    // PrepareDownload: hashCc is there, as zeros, in the request as in the signed answer.
    const joined = (side: 'command' | 'response') => {
      const at = commands.findIndex(({ command }) => command.slice(10, 14) === 'bf21')
      const parts = commands.slice(at, at + 12)
      return parts
        .map(entry => (side === 'command' ? entry.command.slice(10) : (entry.response ?? '').slice(0, -4)))
        .join('')
    }
    expect(joined('command')).toContain(`0420${'00'.repeat(32)}`)
    expect(joined('response')).toContain(`0420${'00'.repeat(32)}`)
    const card = playRecording(tape)
    for (const entry of tape.exchanges)
      if ('reset' in entry) expect(hex(await card.reset())).toBe(entry.reset)
      else expect(hex(await card.exclusive(channel => channel.transmit(bytes(entry.command))))).toBe(entry.response)
    await expect(card.exclusive(channel => channel.transmit(bytes('00a40000')))).rejects.toMatchObject({
      code: 'recording-exhausted',
      message: expect.stringContaining('the recording ends after'),
    })
  })

  it('a run on a recording is marked as neither hardware nor the software card', async () => {
    writeRig(place, 'replay', 'list.tape')
    const ran = await place.run('run', 'activate', '--rig', 'replay', '--certs', far.certs, '--json')
    expect(ran.exitCode).toBe(1)
    expect(ran.json()).not.toMatchObject({ verdict: 'pass' })
    // Without a name it is never chosen.
    const info = await place.run('card', 'info', '--certs', far.certs)
    expect(info).toMatchObject({ exitCode: 0 })
  })

  it('--record rejects an existing file, and the second session is written to a second file', async () => {
    const again = await place.run('card', 'list', '--record', 'list.tape')
    expect(again).toMatchObject({ exitCode: 2 })
    expect(again.err).toContain('recordings are not overwritten')
    expect((await place.run('card', 'list', '--redact')).err).toContain('--redact belongs to --record')
  })

  it('the recording file is deleted if the card cannot be opened', async () => {
    const links = createLinks(place.folder, {} as never)
    const file = join(place.folder, 'nothing.tape')
    const recording = recordSessions(links, { file, redact: false, clock: () => new Date(0) })
    const rig: Rig = { name: 'gone', link: { tape: 'none.tape' } }
    await expect(openRig(recording, rig, summarizeRig(rig, 'test'))).rejects.toMatchObject({
      code: 'rig-not-attached',
    })
    expect(existsSync(file)).toBe(false)
  })

  const noFull = existsSync('/dev/full') ? '' : ' (skipped: no /dev/full, which is a matter of Linux)'
  it.skipIf(noFull)(`a full disk does not interrupt the operation on the card${noFull}`, async () => {
    const links = createLinks(place.folder, {} as never, undefined, place.folder)
    const recording = recordSessions(links, {
      file: join(place.folder, 'full.tape'),
      redact: false,
      clock: () => new Date(0),
      openFile: () => openSync('/dev/full', 'w'),
    })
    const rig: Rig = { name: 'replay', link: { tape: 'list.tape' } }
    const { card } = await openRig(recording, rig, summarizeRig(rig, 'test'))
    const [first] = tapeOf(place, 'list.tape').exchanges as { command: string; response: string }[]
    expect(hex(await card.exclusive(channel => channel.transmit(bytes(first!.command))))).toBe(first!.response)
    await expect(card.close()).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/full\.tape is incomplete: no space is left on the disk/),
    })
  })

  it.each([
    ['that does not exist', undefined, /there is no such file/],
    ['that is empty', '', /the recording is empty/],
    ['of a later version', '{"tape":2}', /version 2, but this bench reads version 1/],
    ['of something else', '{"a":1}\n', /line 1 is not the header/],
    [
      'with an error nobody knows',
      '{"tape":1,"card":"c","date":"d","rig":"r","bench":"b"}\n{"command":"00a40000","error":"bored"}',
      /line 2 of the recording is not an exchange/,
    ],
    [
      'with a line of null',
      '{"tape":1,"card":"c","date":"d","rig":"r","bench":"b"}\nnull',
      /line 2 of the recording is not a JSON object/,
    ],
  ])('a rig rejects a recording %s', async (_name, text, words) => {
    if (text !== undefined) writeFileSync(join(place.folder, 'bad.tape'), text)
    writeRig(place, 'bad', text === undefined ? 'none.tape' : 'bad.tape')
    const ran = await place.run('card', 'list', '--rig', 'bad')
    expect(ran.exitCode).toBe(1)
    expect(ran.err).toMatch(words)
  })

  it('--redact replaces EID and ICCID in all forms, consistently', async () => {
    const plain = await place.run('card', 'info', '--certs', far.certs, '--json')
    const eid = plain.json<{ eid: string }>().eid
    for (const [command, file] of [
      ['info', 'info-redacted.tape'],
      ['list', 'list-redacted.tape'],
    ] as const) {
      const ran = await place.run('card', command, '--certs', far.certs, '--record', file, '--redact')
      expect(ran).toMatchObject({ exitCode: 0 })
      const text = readFileSync(join(place.folder, file), 'utf8')
      const swap = (digits: string) => digits.replace(/(.)(.)/g, '$2$1')
      for (const number of [eid, iccid])
        for (const form of [number, swap(number), Buffer.from(number).toString('hex')]) expect(text).not.toContain(form)
      expect(readRecording(text).header.redacted).toBe(true)
    }
    writeRig(place, 'redacted', 'list-redacted.tape')
    const listed = await place.run('card', 'list', '--rig', 'redacted', '--json')
    const [profile] = listed.json<{ profiles: { iccid: string }[] }>().profiles
    expect(profile!.iccid).toHaveLength(iccid.length)
    expect(profile!.iccid.slice(0, 7)).toBe(iccid.slice(0, 7))
    expect(profile!.iccid).not.toBe(iccid)
    expect(existsSync(join(place.folder, 'list-redacted-2.tape'))).toBe(false)
  })
})

describe('redaction', () => {
  const header = { card: 'the reader with the card 89049032123451234512345678901235', date: 'd', rig: 'r', bench: 'b' }
  /** The EID of SGP.26, which has the check digits of SGP.29. */
  const EID = '89049032123451234512345678901235'
  /** With the check digit of ITU-T E.118. */
  const ICCID = '8988211000001234569'

  it('redactRecording replaces identifiers across segment limits, in each form, with the same length', () => {
    const swapped = `${ICCID}f`.replace(/(.)(.)/g, '$2$1')
    const request = `bf2d10a00e5a0a${swapped}`
    const cut = 20
    const block = (p1: string, p2: string, data: string) =>
      `81e2${p1}${p2}${(data.length / 2).toString(16).padStart(2, '0')}${data}`
    const exchanges: RecordingEntry[] = [
      { command: '81e2910006bf3e035c015a', response: '610f' },
      { command: '81c000000f', response: `bf3e125a10${EID.slice(0, 20)}6105` },
      { command: '81c0000005', response: `${EID.slice(20)}9000` },
      { command: block('11', '00', request.slice(0, cut)), response: '9000' },
      { command: block('91', '01', request.slice(cut)), response: `${Buffer.from(EID).toString('hex')}9000` },
      { command: '00a40000026f07', response: '9000' },
      { command: '00b0000009', response: '0829010110325476989000' },
      { reset: '3b00' },
    ]
    const { exchanges: done, header: told } = redactRecording({ header, exchanges })
    const all = JSON.stringify(done)
    for (const gone of [EID.slice(0, 20), EID.slice(20), swapped, request.slice(cut), '2901011032547698'])
      expect(all).not.toContain(gone)
    expect(told.card).not.toContain(EID)
    // One number, one replacement: in BCD and in ASCII.
    const instead = `${(done[1] as { response: string }).response.slice(10, -4)}${(done[2] as { response: string }).response.slice(0, -4)}`
    expect(instead).toMatch(/^89049032\d{24}$/)
    expect(BigInt(instead) % 97n).toBe(1n)
    expect((done[4] as { response: string }).response).toBe(`${Buffer.from(instead).toString('hex')}9000`)
    expect(told.card).toContain(instead)
    expect(done.at(-1)).toEqual({ reset: '3b00' })
    const lengths = (entries: readonly RecordingEntry[]) => entries.map(entry => JSON.stringify(entry).length)
    expect(lengths(done)).toEqual(lengths(exchanges))
  })

  it('redactRecording retains the issuer and creates valid check digits', () => {
    const swapped = bytes(`5a0a${`${ICCID}f`.replace(/(.)(.)/g, '$2$1')}`)
    const [[number, instead]] = [...collectNumbers([{ bytes: swapped }])] as unknown as [[{ digits: string }, string]]
    expect(number.digits).toBe(ICCID)
    expect(instead).toMatch(/^8988211\d{12}$/)
    expect(instead).not.toBe(ICCID)
    const isRight = (digits: string): boolean => {
      const sum = [...digits].reverse().reduce((total, digit, place) => {
        const weighed = Number(digit) * (place % 2 === 1 ? 2 : 1)
        return total + (weighed > 9 ? weighed - 9 : weighed)
      }, 0)
      return sum % 10 === 0
    }
    expect([ICCID, instead].map(isRight)).toEqual([true, true])
  })
})

describe('hideConfirmationCode', () => {
  const hash = createHash('sha256').update('anything').digest('hex')
  const smdpSigned2 = `30${'12'}8010${'a1'.repeat(16)}`
  const body = `${smdpSigned2}5f3740${'b2'.repeat(64)}0420${hash}3003040101`
  const request = `bf2181${(body.length / 2).toString(16)}${body}`

  it.each([1, 7, 30, 63, 110, 120, 255])('hideConfirmationCode hides only the hash in segments of %i bytes', size => {
    const hide = hideConfirmationCode()
    let sent = ''
    const payload = bytes(request)
    for (let at = 0, block = 0; at < payload.length; at += size, block++) {
      const data = payload.subarray(at, at + size)
      const isLast = at + size >= payload.length
      const { command } = hide({
        command: bytes(
          `81e2${isLast ? '91' : '11'}${block.toString(16).padStart(2, '0')}${data.length.toString(16).padStart(2, '0')}${hex(data)}`,
        ),
        response: bytes('9000'),
      })
      sent += hex(command.subarray(5))
    }
    expect(sent).toBe(request.replace(hash, '00'.repeat(32)))
  })

  it('hideConfirmationCode hides the hash in a response through GET RESPONSE', () => {
    const hide = hideConfirmationCode()
    const otpk = `5f4941${'c3'.repeat(65)}`
    const signed2 = `8010${'a1'.repeat(16)}${otpk}0420${hash}`
    const ok = `3081${(signed2.length / 2).toString(16)}${signed2}5f3740${'d4'.repeat(64)}`
    const answer = `bf2181${(ok.length / 2 + 3).toString(16)}a081${(ok.length / 2).toString(16)}${ok}`
    hide({ command: bytes(`81e2910003bf2100`), response: bytes('61ff') })
    const first = hide({ command: bytes('81c00000ff'), response: bytes(`${answer.slice(0, 260)}6110`) })
    const second = hide({ command: bytes('81c0000010'), response: bytes(`${answer.slice(260)}9000`) })
    const heard = `${hex(first.response!).slice(0, -4)}${hex(second.response!).slice(0, -4)}`
    expect(heard).toBe(answer.replace(hash, '00'.repeat(32)))
  })

  it('the hidden hash matches each hash during a replay', async () => {
    const entries: RecordingEntry[] = []
    const command = bytes(`81e29100${(request.length / 2).toString(16)}${request}`)
    const inner = {
      atr: bytes('3b00'),
      reset: async () => bytes('3b01'),
      close: async () => {},
      exclusive: <T>(work: (channel: { transmit(sent: Uint8Array): Promise<Uint8Array> }) => Promise<T>) =>
        work({ transmit: async sent => bytes(hex(sent) === hex(command) ? '9000' : '6f00') }),
    }
    const card = recordEntries(inner, entries)
    await card.exclusive(channel => channel.transmit(command))
    await card.reset()
    expect(JSON.stringify(entries)).not.toContain(hash)
    const header = { card: 'c', date: 'd', rig: 'r', bench: 'b' }
    const played = playRecording({ header, exchanges: entries })
    expect(hex(await played.exclusive(channel => channel.transmit(command)))).toBe('9000')
    await expect(played.exclusive(channel => channel.transmit(command))).rejects.toMatchObject({
      code: 'recording-exhausted',
      message: expect.stringContaining('expected: a reset of the card'),
    })
    expect(hex(await played.reset())).toBe('3b01')
    expect(hex(played.atr)).toBe('3b01')
  })
})
