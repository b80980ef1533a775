import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Card, Channel } from '../../../src/apdu/channel.ts'
import { isApduError } from '../../../src/apdu/errors.ts'
import { transceive } from '../../../src/apdu/exchange.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../../../src/apdu/logical-channel.ts'
import { respond } from '../../../src/apdu/status.ts'
import { MODEM_QUIRKS, type ModemQuirks, type QuirkName } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import { withIsdr } from '../../../src/lpa/card/isdr.ts'
import { disableProfile, enableProfile, listProfiles } from '../../../src/lpa/card/profiles.ts'
import type { ModemCard, ModemCardOptions } from '../../../src/modem/at-card.ts'
import { readModemProfiles } from '../../../src/rigs/links/modem-profiles.ts'
import { ES10c } from '../../../src/rsp/interfaces/es10c.ts'
import { ISD_R_AID } from '../../../src/rsp/isdr.ts'
import { bytes, hex } from '../../apdu/scripted-channel.ts'
import { createProfile, createStateWith, createTestCard, ICCID_DIGITS, testIdentity } from '../../euicc/card.ts'
import { ROOT } from '../../paths.ts'
import { insert } from '../modem-fixture.ts'

const profiles = readModemProfiles([join(ROOT, 'rigs', 'modems')])
const EID = hex(testIdentity().eid)

const begin = async (name: QuirkName, more: ModemQuirks = {}, options: Partial<ModemCardOptions> = {}) => {
  const { card } = await createTestCard({ state: createStateWith([createProfile(0), createProfile(1)]) })
  return { euicc: card, ...(await insert(card, { ...MODEM_QUIRKS[name].quirks, ...more }, { profiles, ...options })) }
}
type Begun = Awaited<ReturnType<typeof begin>>

const readEid = (card: Pick<Card, 'exclusive'>): Promise<string> =>
  card.exclusive(channel =>
    withIsdr(channel, {}, async isdr => hex((await isdr.call(ES10c.GetEID, { tagList: bytes('5a') })).eidValue)),
  )

/** Reads the EID twice, to detect lines that remain from the first time. */
const readTwice = async ({ card, time }: Begun): Promise<void> => {
  expect(await time.until(readEid(card))).toBe(EID)
  expect(await time.until(readEid(card))).toBe(EID)
}

describe('quirks of modems that can open the ISD-R', () => {
  it.each<[QuirkName, ModemCard['path'], string]>([
    ['ordinary', 'ccho-cgla', 'generic'],
    ['mc7455', 'ccho-cgla', 'sierra-mc7455-em75xx'],
    ['em7590', 'ccho-cgla', 'sierra-mc7455-em75xx'],
    ['em9191', 'csim', 'sierra-em919x'],
    ['fg132', 'ccho-cgla', 'fibocom-fg132'],
    ['em05-g', 'ccho-cgla', 'quectel-em05-g'],
    ['fm350', 'ccho-cgla', 'fibocom-fm350'],
    ['a7908e', 'ccho-cgla', 'simcom-a7908e'],
    ['t99w696', 'csim', 'foxconn-t99w696'],
    ['dw5821e', 'csim', 'dell-dw5821e'],
    ['eg25-g', 'ccho-cgla', 'quectel-eg25-g'],
    ['ec20f', 'csim', 'quectel-ec20'],
    ['l860', 'ccho-cgla', 'fibocom-l860'],
    ['eigencomm', 'ccho-cgla', 'eigencomm'],
    ['leaks', 'ccho-cgla', 'generic'],
    ['busy', 'ccho-cgla', 'generic'],
    ['slow', 'ccho-cgla', 'generic'],
    ['storm', 'ccho-cgla', 'generic'],
    ['byte-by-byte', 'ccho-cgla', 'generic'],
    ['echo-stays', 'ccho-cgla', 'generic'],
  ])('the modem with quirks %s returns the EID by %s', async (name, path, profile) => {
    const begun = await begin(name)
    await readTwice(begun)
    expect(begun.card.path).toBe(path)
    expect(begun.card.profile.name).toBe(profile)
    // Each session was closed by the path that opened it.
    if (path === 'ccho-cgla') expect(begun.sentCommands('CCHC').length).toBeGreaterThanOrEqual(2)
    // No test command is required: some modems reject them or do not answer.
    expect(begun.modem.receivedLines.filter(text => text.endsWith('=?'))).toEqual([])
  })

  it.each<QuirkName>(['em9191', 't99w696', 'dw5821e', 'eigencomm'])(
    'the modem with quirks %s returns the EID without its profile',
    async name => {
      const begun = await begin(name, {}, { profiles: [] })
      await readTwice(begun)
      expect(begun.card.profile.name).toBe('generic')
    },
  )

  it('each quirk has a source and is tested in this file', async () => {
    for (const [name, { source }] of Object.entries(MODEM_QUIRKS))
      expect([name, source]).toEqual([name, expect.stringMatching(/#\d+|TS|V\.250|USB/)])
  })
})

describe('a session identifier that is not a channel number (lpac#138)', () => {
  it('the identifier is sent back unchanged, and the class byte has the basic channel', async () => {
    const begun = await begin('mc7455')
    await readTwice(begun)
    for (const text of begun.sentCommands('CGLA'))
      expect(text).toMatch(/^AT\+CGLA=000000000385a7d[0-9a-f],\d+,"[08]0[0-9A-F]+"$/)
  })

  it('the identifier may have 16 digits (FM350, without a name)', async () => {
    const begun = await begin('fm350', { handles: 'hexadecimal' })
    await readTwice(begun)
    expect(begun.sentCommands('CCHC')[0]).toMatch(/^AT\+CCHC=[0-9a-f]{16}$/)
  })
})

describe('responses with missing parts or in other forms', () => {
  it.each<[string, ModemQuirks]>([
    ['no quotes', { noQuotes: true }],
    ['responses without their name', { bare: ['CCHO', 'CGLA'] }],
    ['neither', { bare: ['CGLA'], noQuotes: true, noBlank: true }],
    ['line by line with news', { pieces: 'lines', news: ['RING', '+CSQ: 24,99'] }],
    ['no AT+CSIM', { without: ['CSIM'] }],
    ['errors in words', { without: ['CMEE'], noApplication: '+CME ERROR: SIM failure' }],
  ])('%s', async (_name, quirks) => {
    await readTwice(await begin('ordinary', quirks))
  })
})

describe('time', () => {
  it('AT+CGLA may take 200 s and AT+CCHC 25 s (lpac#447)', async () => {
    const begun = await begin('slow')
    await readTwice(begun)
    expect(begun.time.now).toBeGreaterThan(250_000)
    const closed = begun.card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISD_R_AID)
      await closeLogicalChannel(channel, number)
    })
    await expect(begun.time.until(closed)).resolves.toBeUndefined()
  })

  it('other commands end after 10 s', async () => {
    const { card, time } = await begin('ordinary', { faults: [{ command: 'CCHO', times: 1, answer: 'silence' }] })
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
    expect(time.now).toBe(10_000)
    expect(await time.until(readEid(card))).toBe(EID)
  })

  it('the profile and the rig can set other deadlines', async () => {
    const deadlines = { apdu: 5_000 }
    const { card, time } = await begin('slow', {}, { profiles: [{ name: 'generic', deadlines }] })
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
    expect(time.now).toBeLessThan(60_000)
  })

  it('a late response is discarded, and the next command gets its own', async () => {
    const { card, time, modem } = await begin('late')
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
    await readTwice({ card, time } as Begun)
    expect(modem.receivedLines.filter(text => text === 'AT+CGSN').length).toBeGreaterThan(1)
    expect(card.unusable).toBeUndefined()
  })

  it('a modem that stops answering is unusable until it is reset', async () => {
    const { card, time, modem } = await begin('dies')
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
    await expect(time.until(readEid(card))).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringMatching(/does not answer, .*reset it/),
    })
    expect(card.unusable).toMatch(/reset it, or switch its power off and on/)
    const [asked, then] = [modem.receivedLines.length, time.now]
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
    expect([modem.receivedLines.length, time.now]).toEqual([asked, then])
    await expect(time.until(card.reset())).rejects.toSatisfy(error => isApduError(error, 'timed-out'))
    expect(modem.receivedLines.length).toBeGreaterThan(asked)
  })
})

describe('a card that is temporarily not available', () => {
  it('a command is repeated while the SIM is busy (+CME ERROR: 14)', async () => {
    const begun = await begin('busy')
    await readTwice(begun)
    expect(begun.sentCommands('CCHO').length).toBe(4)
    expect(begun.time.now).toBeGreaterThanOrEqual(2_000)
  })

  it('the wake commands of the profile are sent on +CME ERROR: 3 (lpac#397)', async () => {
    const begun = await begin('eigencomm', {}, { profiles: [] })
    await readTwice(begun)
    expect(begun.modem.receivedLines.filter(text => text === 'AT+ECSIMSLEEP=0').length).toBe(1)
  })

  it('the card is mute until the modem is reset (EG25-G, lpac#173)', async () => {
    const { card, time } = await begin('eg25-g-mute')
    await time.until(readEid(card)).catch(() => {})
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => error instanceof Error)
    await time.until(card.reset())
    expect(await time.until(readEid(card))).toBe(EID)
  })

  it('channels that a crashed program left open are closed (lpac#233, openpilot#37271)', async () => {
    const begun = await begin('leaks')
    await readTwice(begun)
    expect(begun.news.map(({ text }) => text).join()).toMatch(/3 logical channel\(s\)/)
  })

  it('our own channels are closed without AT+CCHC (EM9191, lpac#187)', async () => {
    const { card, time, news } = await begin('ordinary', { without: ['CCHC'], maxSessions: 3 })
    for (let turn = 0; turn < 5; turn++) expect(await time.until(readEid(card))).toBe(EID)
    expect(news.map(({ text }) => text).join()).toMatch(/3 logical channel\(s\)/)
  })

  it('sessions with unpredictable identifiers are closed', async () => {
    const begun = await begin('leaks', { handles: 'hexadecimal' })
    await readTwice(begun)
    expect(begun.news.map(({ text }) => text).join()).toMatch(/3 logical channel\(s\)/)
  })
})

describe('a card without an accessible ISD-R', () => {
  it.each<[QuirkName, RegExp, RegExp]>([
    ['huawei', /6881 \(logical channel not supported\)/, /do not open logical channels/],
    ['sim7600', /6881/, /no known firmware of this modem/],
    ['le910c4', /6881/, /denies access/],
    ['em061k-gl', /6A82/, /only while a profile is enabled/],
  ])('the modem with quirks %s reports the reason and the hint of its profile', async (name, status, note) => {
    const { card, time, news } = await begin(name)
    await expect(time.until(readEid(card))).rejects.toMatchObject({
      code: 'no-isdr',
      message: expect.stringMatching(status),
    })
    expect(news.map(({ text }) => text).join()).toMatch(note)
  })

  it.each<ModemQuirks>([{}, { noApplication: 'ERROR' }, { without: ['CSIM'] }])(
    'a card without ISD-R is distinguished from a modem without logical channels (openpilot#37847, %j)',
    async quirks => {
      const plain: Channel = {
        transmit: async command => {
          if (command[1] === 0x70) return command[2] === 0 ? respond(0x9000, Uint8Array.of(1)) : respond(0x9000)
          return respond(0x6a82)
        },
      }
      const sim = {
        exclusive: <T>(work: (channel: Channel) => Promise<T>) => work(plain),
        reset: async () => new Uint8Array(0),
      }
      const { card, time } = await insert(sim, { ...MODEM_QUIRKS['plain-sim'].quirks, ...quirks })
      await expect(time.until(readEid(card))).rejects.toMatchObject({
        code: 'no-isdr',
        message: expect.stringMatching(/6A82/),
      })
    },
  )

  it('EM061K-GL returns the EID while a profile is enabled (lpac#242)', async () => {
    const { euicc } = await begin('ordinary')
    // The two files by which a modem detects a profile.
    const seen: Channel = {
      transmit: command => euicc.exclusive(channel => channel.transmit(command)),
    }
    const withUsim: Channel = { transmit: async command => usimAnswer(command) ?? seen.transmit(command) }
    const card = {
      exclusive: <T>(work: (channel: Channel) => Promise<T>) => work(withUsim),
      reset: () => euicc.reset(),
    }
    const begun = await insert(card, MODEM_QUIRKS['em061k-gl'].quirks, { profiles })
    expect(await begun.time.until(readEid(begun.card))).toBe(EID)
  })
})

/** A USIM on the basic channel: every file exists, and EF.DIR lists one application. */
const usimAnswer = (command: Uint8Array): Uint8Array | undefined => {
  const [cla, ins, , , le] = command
  if (cla !== 0) return undefined
  if (ins === 0xa4) return respond(0x9000, bytes('620f8205422100100183022f0080020010'))
  if (ins === 0xb0) return respond(0x9000, bytes('08294305000000000010').subarray(0, le))
  if (ins === 0xb2) return respond(0x9000, bytes('61094f07a00000008710020000000000'))
  return undefined
}

describe('AT+CSIM', () => {
  it('STATUS on a logical channel is answered with 6D00 if the modem reserves it (EG25)', async () => {
    const { card, time } = await begin('eg25-g', {}, { apdu: 'csim' })
    await time.until(
      card.exclusive(async channel => {
        const number = await openLogicalChannel(channel)
        await selectByAid(channel, number, ISD_R_AID)
        expect((await transceive(channel, { cla: 0x80 | number, ins: 0xf2, p1: 0, p2: 0, le: 256 })).status).toBe(
          0x6d00,
        )
        await closeLogicalChannel(channel, number)
      }),
    )
    expect(await time.until(readEid(card))).toBe(EID)
  })

  it('toolkit commands are left to a modem that rejects them', async () => {
    const { card, time } = await begin('ordinary', { without: ['CSIM'] })
    const fetched = card.exclusive(channel => transceive(channel, { cla: 0x80, ins: 0x12, p1: 0, p2: 0, le: 11 }))
    expect((await time.until(fetched)).status).toBe(0x6d00)
  })
})

describe('a command without Le (L860, lpac#118)', () => {
  it('Le is present whenever a response is expected', async () => {
    for (const apdu of ['ccho-cgla', 'csim'] as const) {
      const begun = await begin('l860', {}, { apdu })
      await readTwice(begun)
    }
  })
})

describe('REFRESH', () => {
  const enable = (card: ModemCard, refreshFlag?: boolean) =>
    enableProfile({ card, profile: { iccid: ICCID_DIGITS[0] }, ...(refreshFlag === undefined ? {} : { refreshFlag }) })
  const enabledOf = (card: Pick<Card, 'exclusive'>) =>
    card.exclusive(channel =>
      withIsdr(channel, {}, async isdr => (await listProfiles(isdr)).map(({ profileState }) => profileState)),
    )

  it('a reset of EG25 waits until the USB device is back (agnos-builder#556)', async () => {
    const { card, time, euicc, news } = await begin('eg25-g')
    expect(card.profile.refreshFlag).toBe(false)
    await time.until(enable(card))
    expect(await enabledOf(euicc)).toEqual(['enabled', 'disabled'])
    expect(news.map(({ text }) => text)).toContain('the modem left the bus and came back')
    expect(await time.until(readEid(card))).toBe(EID)
  })

  it('a REFRESH that the modem handles closes all sessions, and the state is read again', async () => {
    const { card, time } = await begin('ordinary', { toolkit: 'modem' })
    await time.until(enable(card))
    expect(await time.until(enabledOf(card))).toEqual(['enabled', 'disabled'])
  })

  it.each(['ccho-cgla', 'csim'] as const)(
    'a REFRESH that is left to us is fetched by %s, and the card is reset',
    async apdu => {
      const { card, time, modem } = await begin('ordinary', {}, { apdu })
      await time.until(enable(card))
      expect(await time.until(enabledOf(card))).toEqual(['enabled', 'disabled'])
      expect(modem.receivedLines).toContain('AT+CFUN=0')
    },
  )
})

describe('cards behind a modem', () => {
  /** The card and the layer between card and modem. */
  const behind = (
    euicc: Card,
    wrap: (channel: Channel) => Channel,
    afterReset: () => Promise<unknown> = async () => {},
  ) => ({
    exclusive: <T>(work: (channel: Channel) => Promise<T>) => euicc.exclusive(channel => work(wrap(channel))),
    reset: async () => {
      const atr = await euicc.reset()
      await afterReset()
      return atr
    },
  })
  const oneProfile = () => createTestCard({ state: createStateWith([createProfile(0), createProfile(1)]) })

  it.each(['ccho-cgla', 'csim'] as const)('an ISD-R with another AID is found by the AID list over %s', async apdu => {
    const other = bytes('A0000005591010FFFFFFFF8900050500')
    const { card: euicc } = await oneProfile()
    const renamed = behind(euicc, channel => ({
      transmit: async command => {
        if (command[1] !== 0xa4 || command[2] !== 4) return channel.transmit(command)
        const aid = hex(command.subarray(5, 21))
        if (aid !== hex(other)) return respond(0x6a82)
        return channel.transmit(Uint8Array.from([...command.subarray(0, 5), ...ISD_R_AID, ...command.subarray(21)]))
      },
    }))
    const { card, time } = await insert(renamed, {}, { apdu })
    const found = card.exclusive(channel =>
      withIsdr(channel, { aids: [ISD_R_AID, bytes('A0000005591010000000008900000300'), other] }, async isdr =>
        hex(isdr.aid),
      ),
    )
    expect(await time.until(found)).toBe(hex(other))
  })

  it.each(['ccho-cgla', 'csim'] as const)('61xx and 6Cxx are handled on the correct channel over %s', async apdu => {
    const { card: euicc } = await createTestCard({ protocol: 't0' })
    const { card, time, sentCommands } = await insert(euicc, {}, { apdu })
    expect(await time.until(readEid(card))).toBe(EID)
    const name = apdu === 'csim' ? 'CSIM' : 'CGLA'
    expect(sentCommands(name).some(text => /"(8|0)[01]C0000015"/.test(text))).toBe(true)
  })

  it('catBusy ends after a reset if the toolkit command cannot be fetched', async () => {
    const { card: euicc } = await oneProfile()
    const { card, time } = await insert(euicc, { without: ['CSIM'] })
    for (const iccid of [ICCID_DIGITS[0], ICCID_DIGITS[1]])
      await time.until(enableProfile({ card, profile: { iccid } }))
    const listed = await euicc.exclusive(channel => withIsdr(channel, {}, listProfiles))
    expect(listed.map(({ profileState }) => profileState)).toEqual(['disabled', 'enabled'])
  })

  it('a profile that another program disables is not reported as enabled (openpilot#34924)', async () => {
    const { card: euicc } = await oneProfile()
    let isTakenBack = false
    const profile = { iccid: ICCID_DIGITS[0] }
    const reverting = behind(
      euicc,
      channel => channel,
      async () => {
        if (isTakenBack) return
        isTakenBack = true
        await disableProfile({ card: euicc, profile })
      },
    )
    const { card, time } = await insert(reverting)
    await expect(time.until(enableProfile({ card, profile }))).rejects.toMatchObject({ code: 'state-not-changed' })
    expect(isTakenBack).toBe(true)
  })

  it('a short command that was rejected once is repeated on the other path (EC20F, lpac#186)', async () => {
    const { card: euicc } = await createTestCard()
    const { card, time, news } = await insert(euicc, { faults: [{ command: 'CGLA', after: 1, answer: ['ERROR'] }] })
    expect(await time.until(readEid(card))).toBe(EID)
    expect(news.at(-1)).toMatchObject({ path: 'csim' })
  })
})
