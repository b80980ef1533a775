import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/apdu/channel.ts'
import { isApduError } from '../../src/apdu/errors.ts'
import { exchange } from '../../src/apdu/exchange.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../../src/apdu/logical-channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import { ISDR_AID } from '../../src/euicc/aids.ts'
import { type ModemCard, type ModemCardOptions, openModemCard } from '../../src/modem/at-card.ts'
import { bytes, hex } from '../apdu/scripted-channel.ts'
import { createTestCard, testIdentity } from '../euicc/card.ts'
import { byteByByte, createClockwork, createFakeModem, type FakeModem, type Manners, portOf } from './fake-modem.ts'

const GET_EID = bytes('bf3e035c015a')
const EID = `bf3e125a10${hex(testIdentity().eid)}`
const OTHER_AID = bytes('a0000000871002')

const insert = async (manners: Manners = {}, options: Partial<ModemCardOptions> = {}, cut = byteByByte) => {
  const { card: euicc } = await createTestCard()
  const modem = createFakeModem(
    { transmit: command => euicc.exclusive(inside => inside.transmit(command)), reset: () => euicc.reset() },
    manners,
  )
  const port = portOf(modem, cut)
  const clockwork = createClockwork()
  const card = await openModemCard({ port, after: clockwork.after, ...options })
  return { modem, port, card, clockwork }
}

const readEid = (card: ModemCard): Promise<string> =>
  card.exclusive(async channel => {
    const number = await openLogicalChannel(channel)
    await selectByAid(channel, number, ISDR_AID)
    const eid = hex(await storeData(channel, number, GET_EID))
    await closeLogicalChannel(channel, number)
    return eid
  })

const said = ({ asked }: FakeModem, name: string): string[] => asked.filter(text => text.startsWith(`AT+${name}=`))

describe('the card in a modem', () => {
  it.each<[string, Manners, 'ccho-cgla' | 'csim']>([
    ['as TS 27.007 has it', {}, 'ccho-cgla'],
    ['with echo', { echo: true }, 'ccho-cgla'],
    ['with sessions that are no channel numbers (MC7455)', { session: () => '000000000385a7cf' }, 'ccho-cgla'],
    ['that answers AT+CCHO bare (FM350)', { bareCcho: true }, 'ccho-cgla'],
    ['that leaves the blank away (A7908E)', { noBlank: true }, 'ccho-cgla'],
    ['with news between the lines', { news: ['+CREG: 1', 'RING', '^SIMST: 1', '+CEREG: 5'] }, 'ccho-cgla'],
    ['that sends NUL bytes', { nul: true }, 'ccho-cgla'],
    ['without logical channel commands (DW5821e)', { noCcho: true }, 'csim'],
    ['that wants upper-case digits (T99W696)', { noCcho: true, upperCaseOnly: true }, 'csim'],
    ['without AT+CSIM', { noCsim: true }, 'ccho-cgla'],
  ])('%s tells the EID', async (_name, manners, path) => {
    const { card, modem } = await insert(manners)
    expect(await readEid(card)).toBe(EID)
    expect(await readEid(card)).toBe(EID)
    expect(card.path).toBe(path)
    // What was opened was closed, on the way it was opened.
    expect(said(modem, 'CCHC').length).toBe(path === 'csim' ? 0 : 2)
  })

  it('keeps to AT+CSIM where that was asked for', async () => {
    const { card, modem } = await insert({}, { apdu: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(said(modem, 'CCHO')).toEqual([])
    expect(said(modem, 'CSIM')[0]).toBe('AT+CSIM=10,"0070000001"')
  })

  it('gives the FCI, of which AT+CCHO says nothing', async () => {
    const { card } = await insert()
    const fci = await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      return selectByAid(channel, number, ISDR_AID)
    })
    expect(hex(fci)).toContain(hex(ISDR_AID))
  })

  it('says 6A82 for an application that is not there, and tries the next on the same channel', async () => {
    const { card } = await insert()
    await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await expect(selectByAid(channel, number, OTHER_AID)).rejects.toMatchObject({ code: 'refused', status: 0x6a82 })
      await selectByAid(channel, number, ISDR_AID)
      expect(hex(await storeData(channel, number, GET_EID))).toBe(EID)
      await closeLogicalChannel(channel, number)
      expect((await exchange(channel, { cla: 0x81, ins: 0xe2, p1: 0x91, p2: 0, data: GET_EID })).status).toBe(0x6881)
    })
  })

  it('forgets its sessions at a reset, and begins anew', async () => {
    const { card, modem } = await insert()
    await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISDR_AID)
    })
    expect(await card.reset()).toEqual(new Uint8Array(0))
    expect(modem.asked.slice(-3)).toEqual(['AT+CFUN=0', 'AT+CFUN=1', 'AT+CPIN?'])
    expect(await readEid(card)).toBe(EID)
  })

  it('tells who the modem is and where it is registered', async () => {
    const { card } = await insert({ echo: true, news: ['+CREG: 3', '+CEREG: 3'] })
    expect(card.identity).toEqual({
      imei: '356938035643809',
      manufacturer: undefined,
      model: 'Model 1',
      firmware: undefined,
    })
    expect(await card.registration()).toEqual({ circuit: 'home', packet: 'roaming' })
  })
})

/** A modem that answers one command in its own way, or not at all. */
const answering = (modem: FakeModem, command: RegExp, answer: string | undefined): Pick<FakeModem, 'hear'> =>
  // biome-ignore format: one thought
  ({ hear: text => command.test(text) ? (answer === undefined ? new Promise(() => {}) : Promise.resolve(answer)) : modem.hear(text) })

describe('a modem that does not do what it should', () => {
  const open = async (command: RegExp, answer: string | undefined) => {
    const { card: euicc } = await createTestCard()
    const channel: Channel = { transmit: sent => euicc.exclusive(inside => inside.transmit(sent)) }
    const port = portOf(answering(createFakeModem(channel), command, answer))
    const clockwork = createClockwork()
    return { port, clockwork, card: await openModemCard({ port, after: clockwork.after }) }
  }

  it.each([
    ['+CME ERROR: 10', 'card-removed'],
    ['+CME ERROR: 13', 'card-mute'],
    ['+CMS ERROR: 500', 'card-mute'],
    ['ERROR', 'card-mute'],
    ['OK', 'bad-response'],
    ['+CGLA: 6,"9000"\r\nOK', 'bad-response'],
    ['+CGLA: 3,"900"\r\nOK', 'bad-response'],
    ['+CGLA: 4,"90\xff0"\r\nOK', 'bad-response'],
  ] as const)('%j is %s', async (answer, code) => {
    const { card } = await open(/^AT\+CGLA=1,\d+,"80E2/, `\r\n${answer}\r\n`)
    await expect(readEid(card)).rejects.toSatisfy(error => isApduError(error, code))
  })

  it("and is late ends at the deadline, and its late answer is nobody's", async () => {
    const { card: euicc } = await createTestCard()
    const modem = createFakeModem({ transmit: sent => euicc.exclusive(inside => inside.transmit(sent)) })
    let late = ''
    const hear = async (text: string): Promise<string> => {
      if (/^AT\+CGLA=1,\d+,"80E2/.test(text)) {
        late = '\r\n+CGLA: 4,"6985"\r\n\r\nOK\r\n'
        return ''
      }
      const before = late
      late = ''
      return before + (await modem.hear(text))
    }
    const clockwork = createClockwork()
    const card = await openModemCard({ port: portOf({ hear }), after: clockwork.after })
    await expect(Promise.race([readEid(card), passing(clockwork)])).rejects.toSatisfy(error =>
      isApduError(error, 'timed-out'),
    )
    expect(await Promise.race([readEid(card), passing(clockwork)])).toBe(EID)
  })

  it('and leaves ends what waits and what comes', async () => {
    const { card, port } = await open(/^AT\+CGLA/, undefined)
    const waiting = readEid(card)
    while ((await Promise.race([waiting.catch(() => 'ended'), tick()])) !== 'ended') port.pull()
    await expect(waiting).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
    await expect(readEid(card)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
  })

  it('and is none is said to be none', async () => {
    const clockwork = createClockwork()
    const opening = openModemCard({ port: portOf({ hear: async () => 'login: ' }), after: clockwork.after })
    await expect(Promise.race([opening, passing(clockwork)])).rejects.toMatchObject({
      code: 'no-modem',
      fault: 'rig',
      message: expect.stringContaining('nothing before the deadline'),
    })
  })
})

const tick = () => new Promise<void>(resolve => setImmediate(resolve))
/** Lets deadline after deadline pass; what it races with ends sooner or not at all. */
const passing = async ({ pass }: { pass: () => void }): Promise<never> => {
  for (let turns = 0; turns < 10_000; turns++) {
    for (let at = 0; at < 20; at++) await tick()
    pass()
  }
  throw new Error('it hangs')
}

/** mulberry32, public domain. */
const createRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
}

describe('garbage between answers', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('seed %i: the right answer is still found', async seed => {
    const random = createRandom(seed)
    const between = (low: number, high: number) => low + Math.floor(random() * (high - low + 1))
    const rubbish = () => {
      const length = between(0, 40)
      // Lines of any bytes, none of which can be an end or an answer by chance: they begin with a byte that is no text.
      return `\r\n\xff${String.fromCharCode(...Array.from({ length }, () => between(0, 255)).filter(byte => byte !== 10 && byte !== 13))}\r\n`
    }
    const cut = (sent: Uint8Array) => {
      const dirty = Buffer.concat([Buffer.from(rubbish(), 'latin1'), sent, Buffer.from(rubbish(), 'latin1')])
      const pieces: Uint8Array[] = []
      for (let at = 0; at < dirty.length; ) {
        const length = between(1, 9)
        pieces.push(new Uint8Array(dirty.subarray(at, at + length)))
        at += length
      }
      return pieces
    }
    const { card } = await insert({ echo: random() < 0.5, noCcho: random() < 0.3 }, {}, cut)
    for (let turn = 0; turn < 5; turn++) expect(await readEid(card)).toBe(EID)
  })
})
