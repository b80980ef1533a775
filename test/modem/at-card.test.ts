import { describe, expect, it } from 'vitest'
import { isApduError } from '../../src/apdu/errors.ts'
import { transceive } from '../../src/apdu/exchange.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../../src/apdu/logical-channel.ts'
import { storeData } from '../../src/apdu/store-data.ts'
import { ISDR_AID } from '../../src/euicc/commands/aids.ts'
import type { ModemQuirks } from '../../src/euicc/emulator/at-modem-quirks.ts'
import type { BytePort } from '../../src/modem/at/at-port.ts'
import { type ModemCard, openModemCard } from '../../src/modem/at-card.ts'
import { bytes, hex } from '../apdu/scripted-channel.ts'
import { createTestCard, testIdentity } from '../euicc/card.ts'
import { createVirtualTime, insert } from './modem-fixture.ts'

const GET_EID = bytes('bf3e035c015a')
const EID = `bf3e125a10${hex(testIdentity().eid)}`
const OTHER_AID = bytes('a0000000871002')

const readEid = (card: ModemCard): Promise<string> =>
  card.exclusive(async channel => {
    const number = await openLogicalChannel(channel)
    await selectByAid(channel, number, ISDR_AID)
    const eid = hex(await storeData(channel, number, GET_EID))
    await closeLogicalChannel(channel, number)
    return eid
  })

const begin = async (manners: ModemQuirks = {}, options: Parameters<typeof insert>[2] = {}) => {
  const { card } = await createTestCard()
  return insert(card, manners, options)
}

describe('the card in a modem', () => {
  it('keeps to AT+CSIM where that was asked for', async () => {
    const { card, said } = await begin({}, { apdu: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(said('CCHO')).toEqual([])
    // Upper-case hexadecimal, and the length counts its digits.
    expect(said('CSIM')[0]).toBe('AT+CSIM=10,"0070000001"')
    expect(said('CSIM').every(text => /^AT\+CSIM=(\d+),"([0-9A-F]+)"$/.test(text))).toBe(true)
  })

  it('begins with the way that is known to work', async () => {
    const { card, said } = await begin({}, { firstPath: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(said('CCHO')).toEqual([])
  })

  it('takes the other way where the one that worked last is gone', async () => {
    const { card, news } = await begin({ without: ['CSIM'] }, { firstPath: 'csim' })
    expect(await readEid(card)).toBe(EID)
    expect(news.at(-1)).toMatchObject({ path: 'ccho-cgla' })
    const only = await begin({ without: ['CSIM'] }, { apdu: 'csim' })
    await expect(readEid(only.card)).rejects.toSatisfy(error => isApduError(error, 'card-mute'))
  })

  it('gives the FCI, of which AT+CCHO says nothing', async () => {
    const { card } = await begin()
    const fci = await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      return selectByAid(channel, number, ISDR_AID)
    })
    expect(hex(fci)).toContain(hex(ISDR_AID))
  })

  it.each<ModemQuirks>([{}, { noApplication: '+CME ERROR: 22' }])(
    'says 6A82 for an application that is not there, and tries the next on the same channel (%j)',
    async manners => {
      const { card } = await begin(manners)
      await card.exclusive(async channel => {
        const number = await openLogicalChannel(channel)
        await expect(selectByAid(channel, number, OTHER_AID)).rejects.toMatchObject({ code: 'refused', status: 0x6a82 })
        await selectByAid(channel, number, ISDR_AID)
        expect(hex(await storeData(channel, number, GET_EID))).toBe(EID)
        await closeLogicalChannel(channel, number)
        expect((await transceive(channel, { cla: 0x81, ins: 0xe2, p1: 0x91, p2: 0, data: GET_EID })).status).toBe(
          0x6881,
        )
      })
    },
  )

  it('forgets its sessions at a reset, and begins anew', async () => {
    const { card, modem } = await begin()
    await card.exclusive(async channel => {
      const number = await openLogicalChannel(channel)
      await selectByAid(channel, number, ISDR_AID)
    })
    expect(await card.reset()).toEqual(new Uint8Array(0))
    expect(modem.heard.slice(-3)).toEqual(['AT+CFUN=0', 'AT+CFUN=1', 'AT+CPIN?'])
    expect(await readEid(card)).toBe(EID)
  })

  it('tells who the modem is, and where it is registered', async () => {
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
  ])('reports the commands of an LPA that the modem has (%j)', async (manners, expected) => {
    const { card, time } = await begin(manners)
    expect(await time.until(card.euiccCommands())).toEqual(expected)
    expect(await readEid(card)).toBe(EID)
  })
})

describe('a modem that does not do what it should', () => {
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
  ] as const)('%j is %s', async (answer, code) => {
    const { card, time } = await begin({ faults: [{ command: 'CGLA', after: 1, answer }] }, { apdu: 'ccho-cgla' })
    await expect(time.until(readEid(card))).rejects.toSatisfy(error => isApduError(error, code))
  })

  it('and leaves ends what waits and what comes', async () => {
    const { card, port, time } = await begin({ faults: [{ command: 'CGLA', answer: 'silence' }] })
    const waiting = readEid(card)
    time.after(1_000, () => port.pull())
    await expect(time.until(waiting)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
    await expect(readEid(card)).rejects.toSatisfy(error => isApduError(error, 'port-gone'))
  })

  it('is let go though it hangs, and not before what goes on had its time to end', async () => {
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

  it('and is none is said to be none', async () => {
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
      message: expect.stringContaining('nothing before the deadline'),
    })
    expect(time.now).toBeLessThan(10_000)
  })

  it('and has a profile that nobody wrote is not opened', async () => {
    await expect(begin({}, { profile: 'ec20', profiles: [{ name: 'ec20f' }] })).rejects.toMatchObject({
      code: 'no-profile',
      message: expect.stringContaining('ec20f'),
    })
  })
})
