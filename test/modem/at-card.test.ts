import { describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { transceive } from '../../src/apdu/exchange.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../../src/apdu/logical-channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import type { ModemQuirks } from '../../src/euicc/emulator/at-modem-quirks.ts'
import type { BytePort } from '../../src/modem/at/at-port.ts'
import { type ModemCard, openModemCard } from '../../src/modem/at-card.ts'
import { ISD_R_AID } from '../../src/rsp/isdr.ts'
import { bytes, hex } from '../apdu/scripted-channel.ts'
import { createTestCard, testIdentity } from '../euicc/card.ts'
import { createVirtualTime, insert } from './modem-fixture.ts'

const GET_EID = bytes('bf3e035c015a')
const EID = `bf3e125a10${hex(testIdentity().eid)}`
const OTHER_AID = bytes('a0000000871002')

const readEid = (card: ModemCard): Promise<string> =>
  card.exclusive(async channel => {
    const number = await openLogicalChannel(channel)
    await selectByAid(channel, number, ISD_R_AID)
    const eid = hex(await storeData(channel, number, GET_EID))
    await closeLogicalChannel(channel, number)
    return eid
  })

const begin = async (quirks: ModemQuirks = {}, options: Parameters<typeof insert>[2] = {}) => {
  const { card } = await createTestCard()
  return insert(card, quirks, options)
}

describe('openModemCard', () => {
  it('apdu: csim uses AT+CSIM only', async () => {
    const { card, sentCommands } = await begin({}, { apdu: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(sentCommands('CCHO')).toEqual([])
    // Upper-case hexadecimal; the length counts its digits.
    expect(sentCommands('CSIM')[0]).toBe('AT+CSIM=10,"0070000001"')
    expect(sentCommands('CSIM').every(text => /^AT\+CSIM=(\d+),"([0-9A-F]+)"$/.test(text))).toBe(true)
  })

  it('firstPath is tried first', async () => {
    const { card, sentCommands } = await begin({}, { firstPath: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(sentCommands('CCHO')).toEqual([])
  })

  it('AT+CGLA is the fallback if firstPath fails', async () => {
    const { card, news } = await begin({ without: ['CSIM'] }, { firstPath: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(news.at(-1)).toMatchObject({ path: 'ccho-cgla' })
    const only = await begin({ without: ['CSIM'] }, { apdu: 'csim' })
    await expect(readEid(only.card)).rejects.toSatisfy(error => isApduError(error, 'card-mute'))
  })

  it('SELECT returns the FCI, which AT+CCHO discards', async () => {
    const { card } = await begin()
    const fci = await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      return selectByAid(channel, number, ISD_R_AID)
    })
    expect(hex(fci)).toContain(hex(ISD_R_AID))
  })

  it.each<ModemQuirks>([{}, { noApplication: '+CME ERROR: 22' }])(
    'SELECT returns 6A82 for a missing application, and the next AID is selected on the same channel (%j)',
    async quirks => {
      const { card } = await begin(quirks)
      await card.exclusive(async channel => {
        const number = await openLogicalChannel(channel)
        await expect(selectByAid(channel, number, OTHER_AID)).rejects.toMatchObject({ code: 'refused', status: 0x6a82 })
        await selectByAid(channel, number, ISD_R_AID)
        expect(hex(await storeData(channel, number, GET_EID))).toBe(EID)
        await closeLogicalChannel(channel, number)
        expect((await transceive(channel, { cla: 0x81, ins: 0xe2, p1: 0x91, p2: 0, data: GET_EID })).status).toBe(
          0x6881,
        )
      })
    },
  )

  it('a reset closes all sessions, and new ones can be opened', async () => {
    const { card, modem } = await begin()
    await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISD_R_AID)
    })
    expect(await card.reset()).toEqual(new Uint8Array(0))
    expect(modem.receivedLines.slice(-3)).toEqual(['AT+CFUN=0', 'AT+CFUN=1', 'AT+CPIN?'])
    expect(await readEid(card)).toBe(EID)
  })

  it('the card has the identity and the registration of the modem', async () => {
    const { card } = await begin({ news: ['+CREG: 3', '+CEREG: 3', 'RING'], model: 'Model 1' })
    expect(card.identity).toEqual({
      imei: '356938035643809',
      manufacturer: 'Emulated',
      model: 'Model 1',
      firmware: 'R1',
      information: 'Emulated Model 1 Revision: R1',
    })
    expect(await card.registration()).toEqual(
      Object.fromEntries(['CREG', 'CGREG', 'CEREG', 'C5GREG'].map(name => [name, { state: 'not-registered' }])),
    )
  })

  it.each<[ModemQuirks, string[]]>([
    [{ listed: ['+CGEUICCID', '+CEUICCPM', '+CSQ'] }, ['CEUICCPM', 'CGEUICCID']],
    [{}, []],
    [{ testCommands: 'silent' }, []],
  ])('euiccCommands lists the LPA commands of the modem (%j)', async (quirks, expected) => {
    const { card, time } = await begin(quirks)
    expect(await time.until(card.euiccCommands())).toEqual(expected)
    expect(await readEid(card)).toBe(EID)
  })
})

describe('a modem that violates the specification', () => {
  it.each([
    [['+CME ERROR: 10'], 'card-removed'],
    [['+CME ERROR: 13'], 'card-mute'],
    [['+CMS ERROR: 500'], 'card-mute'],
    [['ERROR'], 'card-mute'],
    [['OK'], 'bad-response'],
    [['+CGLA: 6,"9000"', 'OK'], 'bad-response'],
    [['+CGLA: 3,"900"', 'OK'], 'bad-response'],
    [['+CGLA: 2,"90"', 'OK'], 'bad-response'],
    [['+CGLA: 4,"90\xff0"', 'OK'], 'bad-response'],
    [['+CGLA: 4,"9000"', '+CGLA: 4,"6985"', 'OK'], 'bad-response'],
    [['+CSIM: 4,"9000"', 'OK'], 'bad-response'],
  ] as const)('the fault %j results in %s', async (answer, code) => {
    const { card, time } = await begin({ faults: [{ command: 'CGLA', after: 1, answer }] }, { apdu: 'ccho-cgla' })
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, code))
  })

  it('a modem that leaves the bus ends pending and later commands with port-gone', async () => {
    const { card, port, time } = await begin({ faults: [{ command: 'CGLA', answer: 'silence' }] })
    const waiting = readEid(card)
    time.after(1_000, () => port.pull())
    await expect(time.until(waiting)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
    await expect(readEid(card)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
  })

  it('closing waits for the current procedure, but not for a modem that does not answer', async () => {
    const hung = await begin({ faults: [{ command: 'CGLA', answer: 'silence' }] })
    const waiting = readEid(hung.card)
    waiting.catch(() => undefined)
    hung.time.after(1_000, () => void hung.card.close())
    await expect(hung.time.until(waiting)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
    expect(hung.time.now).toBeLessThan(20_000)
    const well = await begin()
    const reading = readEid(well.card)
    const closing = well.card.close()
    expect(await well.time.until(reading)).toBe(EID)
    await well.time.until(closing)
    await expect(readEid(well.card)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
  })

  it('a port without a modem is rejected with no-modem', async () => {
    const time = createVirtualTime()
    let say: (bytes: Uint8Array) => void = () => {}
    const port: BytePort = {
      listen: ({ data }) => {
        say = data
      },
      write: async () => say(new TextEncoder().encode('login: ')),
      close: async () => {},
    }
    await expect(time.until(openModemCard({ port, after: time.after }))).rejects.toMatchObject({
      code: 'no-modem',
      fault: 'rig',
      message: expect.stringContaining('no result before the deadline'),
    })
    expect(time.now).toBeLessThan(10_000)
  })

  it('an unknown profile name is rejected with no-profile', async () => {
    await expect(begin({}, { profile: 'ec20', profiles: [{ name: 'ec20f' }] })).rejects.toMatchObject({
      code: 'no-profile',
      message: expect.stringContaining('ec20f'),
    })
  })
})
