import { beforeEach, describe, expect, it } from 'vitest'
import { toHex } from '../../../src/asn1/bytes.ts'
import { createAtr } from '../../../src/euicc/commands/atr.ts'
import { ECASD_AID, ISD_R_AID } from '../../../src/rsp/isdr.ts'
import { createTestCard, exchangeHex, type TestCard } from '../card.ts'

const SELECT_ISDR = `00a4040010${toHex(ISD_R_AID)}00`
const selectOn = (channel: string) => `${channel}a4040010${toHex(ISD_R_AID)}00`

describe('framing, over T=1', () => {
  let card: TestCard
  const send = (hex: string) => exchangeHex(card, hex)
  beforeEach(async () => {
    card = await createTestCard()
  })

  it.each([
    ['an empty command', '', '6700'],
    ['less than a header', '00a404', '6700'],
    ['Lc beyond the end', '00a4040010a000', '6700'],
    ['bytes after Le', '00a4040002a0000000', '6700'],
    ['an extended length', '00a404000000020102', '6700'],
    ['the class byte FF', 'ffa40400', '6e00'],
    ['a reserved class byte', '20a40400', '6e00'],
    ['SELECT in a proprietary class', '80a40400', '6e00'],
    ['STORE DATA in the interindustry class', '00e2910003bf2e0000', '6e00'],
    ['secure messaging', '04a40400', '6882'],
    ['secure messaging on a further channel', '60a40400', '6882'],
    ['command chaining', '10a40400', '6884'],
    ['a channel that is not open', '01a40400', '6881'],
    ['a further channel that is not open', '4fa40400', '6881'],
    ['an unknown instruction', '00ee0000', '6d00'],
    ['GET RESPONSE without a pending response', '00c0000000', '6985'],
    ['FETCH without a pending command', '8012000000', '6985'],
    ['TERMINAL RESPONSE without a fetched command', '801400000c8103010104820282818301 00', '6985'],
    ['STORE DATA without a selected application', '80e2910003bf2e0000', '6d00'],
    ['SELECT of an ISD-P', '00a4040010a0000005591010ffffffff890000100000', '6a82'],
    ['SELECT of an unknown application', '00a4040007a000000087100200', '6a82'],
    ['TERMINAL PROFILE', '801000000401020304', '9000'],
    ['TERMINAL PROFILE without data', '80100000', '6700'],
    ['TERMINAL CAPABILITY', '80aa000005a903830107', '9000'],
    ['TERMINAL CAPABILITY with parameters', '80aa010005a903830107', '6a86'],
  ])('the card answers %s (%s) with SW %s', async (_name, command, status) => {
    expect(await send(command)).toMatch(new RegExp(`${status}$`))
  })

  it('SELECT by AID or partial AID returns the FCI of the ISD-R', async () => {
    const answer = await send(SELECT_ISDR)
    expect(answer).toBe(`6f1f8410${toHex(ISD_R_AID)}a5049f6501ffe00582030205009000`)
    expect(await send('00a4040007a000000559101000')).toBe(answer)
    expect(await send(`00a4040c10${toHex(ISD_R_AID)}`)).toBe('9000')
    expect(await send(`00a4044010${toHex(ISD_R_AID)}00`)).toBe('6a86')
    expect(await send('80f2000000')).toBe(answer)
    expect(await send('80f2000100')).toBe(`8410${toHex(ISD_R_AID)}9000`)
    expect(await send('80f2000c')).toBe('9000')
  })

  it('the ECASD returns the EID with GET DATA and rejects STORE DATA', async () => {
    expect(await send(`00a4040010${toHex(ECASD_AID)}00`)).toMatch(/^6f.*9000$/)
    expect(await send('00ca005a00')).toBe('5a10890490321234512345123456789012359000')
    expect(await send('00ca006600')).toBe('6a88')
    expect(await send('80e2910003bf2e0000')).toBe('6985')
  })

  describe('logical channels', () => {
    it('MANAGE CHANNEL opens channels 1 to 19 and then returns SW 6A81', async () => {
      for (let number = 1; number <= 19; number++)
        expect(await send('0070000001')).toBe(`${number.toString(16).padStart(2, '0')}9000`)
      expect(await send('0070000001')).toBe('6a81')
      expect(await send(selectOn('4f'))).toMatch(/9000$/)
      expect(await send('00708007')).toBe('9000')
      expect(await send('0070000001')).toBe('079000')
    })
    it.each([
      ['wrong Le', '0070000002', '6c01'],
      ['no Le', '00700000', '6700'],
      ['an invalid channel', '00700014', '6a86'],
      ['other parameters', '0070400000', '6a86'],
      ['closing the basic channel', '00708000', '6881'],
      ['closing a channel that is not open', '00708003', '6881'],
      ['opening a given channel', '00700005', '9000'],
    ])('MANAGE CHANNEL with %s (%s) returns SW %s', async (_name, command, status) => {
      expect(await send(command)).toBe(status)
    })
    it('a new channel selects the MF from the basic channel and the application of any other channel', async () => {
      await send(SELECT_ISDR)
      await send('0070000001')
      expect(await send('81e2910003bf2e0000')).toBe('6d00')
      await send(selectOn('01'))
      expect(await send('0170000001')).toBe('029000')
      expect(await send('82e2910003bf2e0000')).toMatch(/^bf2e.*9000$/)
    })
    it('closing a channel and a reset discard its selection and its blocks', async () => {
      await send('0070000001')
      await send(selectOn('01'))
      expect(await send('81e2110002bf2e00')).toBe('9000')
      await send('00708001')
      await send('0070000001')
      expect(await send('81e29101010000')).toBe('6d00')
      await card.card.reset()
      expect(await send(selectOn('01'))).toBe('6881')
    })
  })

  describe('STORE DATA', () => {
    beforeEach(() => send(SELECT_ISDR))
    it('STORE DATA joins the blocks in their order', async () => {
      expect(await send('80e21100 01bf 00')).toBe('9000')
      expect(await send('80e21101 012e 00')).toBe('9000')
      expect(await send('80e29102 0100 00')).toMatch(/^bf2e128010.{32}9000$/)
    })
    it('STORE DATA with block 0 starts again', async () => {
      await send('80e2110003bf220000')
      expect(await send('80e2910003bf2e0000')).toMatch(/^bf2e/)
    })
    it('STORE DATA stores the blocks of each channel separately', async () => {
      await send('0070000001')
      await send(selectOn('01'))
      await send('80e2110002bf2e00')
      await send('81e2110002bf2200')
      expect(await send('80e29101010000')).toMatch(/^bf2e/)
      expect(await send('81e29101010000')).toMatch(/^bf22/)
    })
    it.each([
      ['a block that is not the next', '80e29101010000', '6a86'],
      ['another P1', '80e2900003bf2e0000', '6a86'],
      ['no data', '80e2910000', '6700'],
      ['an unknown function', '80e2910003bf7f0000', '6a88'],
      ['a tag of one byte', '80e29100021e0000', '6a88'],
      ['a truncated TLV', '80e2910003bf2e0100', '6a80'],
      ['bytes after the TLV', '80e2910004bf2e000000', '6a80'],
      ['an indefinite length', '80e2910005bf2e80000000', '6a80'],
      ['a truncated tag', '80e2910001bf00', '6a80'],
      ['a missing mandatory field', '80e2910003bf300000', '6a80'],
      ['a segment before the start of a package', '80e291000286 0000', '6985'],
      ['a package without a session', '80e2910006bf3603bf230000', '6985'],
      ['GetEID with another tag', '80e2910006bf3e035c015b00', '6a88'],
      ['GetEID', '80e2910006bf3e035c015a00', 'bf3e125a10890490321234512345123456789012359000'],
    ])('STORE DATA with %s (%s) returns %s', async (_name, command, expected) => {
      expect(await send(command)).toBe(expected)
    })
    it('STORE DATA discards the blocks before a rejected one', async () => {
      await send('80e2110002bf2e00')
      expect(await send('80e29102010000')).toBe('6a86')
      expect(await send('80e29101010000')).toBe('6a86')
    })
    it('STORE DATA returns SW 61xx if the response is longer than Le or Le is absent', async () => {
      expect(await send('80e2910003bf2000 10')).toMatch(/^.{32}61..$/)
      expect(await send('00c0000005')).toMatch(/^.{10}61..$/)
      expect(await send('80e2910003bf2e00')).toBe('6115')
      expect(await send('00c0000016')).toBe('6c15')
      expect(await send('00c0000015')).toMatch(/^bf2e.{38}9000$/)
      expect(await send('00c0000015')).toBe('6985')
    })
    it('GET RESPONSE works on the same channel and before the next command only', async () => {
      await send('0070000001')
      await send('80e2910003bf2e00')
      expect(await send('01c0000015')).toBe('6985')
      expect(await send('80c0000015')).toMatch(/9000$/)
      await send('80e2910003bf2e00')
      await send('80f2000c')
      expect(await send('00c0000015')).toBe('6985')
    })
  })
})

describe('framing, over T=0', () => {
  it('T=0 returns SW 61xx after a command with data and SW 6Cxx for a wrong Le', async () => {
    const card = await createTestCard({ protocol: 't0' })
    const send = (hex: string) => exchangeHex(card, hex)
    expect(await send(SELECT_ISDR)).toMatch(/^61..$/)
    expect(await send('00c0000000')).toMatch(/^6f.*9000$/)
    expect(await send('80f2000100')).toBe('6c12')
    expect(await send('80f2000112')).toMatch(/9000$/)
    expect(await send('80e2910003bf2e0000')).toBe('6115')
    expect(await send('80c0000015')).toMatch(/^bf2e.*9000$/)
  })
})

describe('answer to reset', () => {
  // ISO 7816-3 §8.2.5: the exclusive-or of all bytes from T0 to TCK is zero.
  it.each(['t0', 't1'] as const)('createAtr returns a valid ATR with the eUICC indication for %s', protocol => {
    const [ts, ...rest] = createAtr(protocol)
    expect(ts).toBe(0x3b)
    expect(rest.reduce((sum, octet) => sum ^ octet, 0)).toBe(0)
    expect(rest[5]! & 0x02).toBe(0x02)
  })
})
