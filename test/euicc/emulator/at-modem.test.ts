import { describe, expect, it } from 'vitest'
import { createAtModem } from '../../../src/euicc/emulator/at-modem.ts'
import type { SimulatedRegistration } from '../../../src/euicc/emulator/at-modem-network.ts'
import type { ModemQuirks } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import { createVirtualTime } from '../../modem/modem-fixture.ts'
import { createTestCard } from '../card.ts'

const ISDR = 'A0000005591010FFFFFFFF8900000100'
const HOME: SimulatedRegistration = { registration: 'home', operator: 'Test', plmn: '00101' }

const begin = async (quirks: ModemQuirks = {}, register?: () => Promise<SimulatedRegistration>) => {
  const { card } = await createTestCard()
  const time = createVirtualTime()
  const modem = createAtModem({ card, quirks: { echo: false, ...quirks }, schedule: time.after, register })
  let output = ''
  modem.onSend(bytes => {
    output += Buffer.from(bytes).toString('latin1')
  })
  /** Returns the received lines, including earlier URCs. */
  const ask = async (...texts: string[]): Promise<string[]> => {
    for (const text of texts) modem.receive(Buffer.from(`${text}\r`, 'latin1'))
    await time.until(modem.idle())
    const lines = output.split(/\r\n|\r/).filter(line => line !== '')
    output = ''
    return lines
  }
  return { card, modem, time, ask, getOutput: () => output }
}
/** Advances the virtual time. */
const advance = (time: ReturnType<typeof createVirtualTime>, ms: number) =>
  time.until(new Promise<void>(resolve => void time.after(ms, resolve)))

describe('the emulated modem', () => {
  it('the modem returns its identity for one or several commands in a line, in any case', async () => {
    const { ask } = await begin({ manufacturer: 'Maker', model: 'M1', firmware: 'F2' })
    expect(await ask('at+cgmi;+cgmm;+cgmr')).toEqual(['Maker', 'M1', 'F2', 'OK'])
    expect(await ask('ATI')).toEqual(['Maker', 'M1', 'Revision: F2', 'OK'])
    expect(await ask('AT+CGSN')).toEqual(['356938035643809', 'OK'])
    expect(await ask('AT+NOSUCH')).toEqual(['ERROR'])
    expect(await ask('hello')).toEqual([])
  })

  it('the modem echoes commands until ATE0', async () => {
    const { ask } = await begin({ echo: true })
    expect(await ask('ATE0V1', 'AT')).toEqual(['ATE0V1', 'OK', 'OK'])
    expect(await ask('ATE1', 'AT')).toEqual(['OK', 'AT', 'OK'])
  })

  it('AT+CMEE sets the format of errors', async () => {
    const { ask } = await begin()
    expect(await ask('AT+CIMI')).toEqual(['ERROR'])
    expect(await ask('AT+CMEE=1', 'AT+CIMI')).toEqual(['OK', '+CME ERROR: 13'])
    expect(await ask('AT+CMEE=2', 'AT+CIMI')).toEqual(['OK', '+CME ERROR: SIM failure'])
  })

  it('AT+CGLA sets the channel of the session and rejects a wrong length', async () => {
    const { ask } = await begin()
    expect(await ask(`AT+CMEE=1;+CCHO="${ISDR}"`)).toEqual(['+CCHO: 1', 'OK'])
    expect(await ask('AT+CGLA=1,24,"80E2910006BF3E035C015A00"')).toEqual([
      expect.stringMatching(/^\+CGLA: 46,"BF3E/),
      'OK',
    ])
    // The channel of the session replaces the one in the class byte, which lpac sets.
    expect((await ask('AT+CGLA=1,24,"82E2910006BF3E035C015A00"')).at(-1)).toBe('OK')
    expect(await ask('AT+CGLA=1,22,"80E2910006BF3E035C015A00"')).toEqual(['+CME ERROR: 50'])
    expect(await ask('AT+CGLA=2,24,"80E2910006BF3E035C015A00"')).toEqual(['+CME ERROR: 50'])
    expect(await ask('AT+CCHC=1', 'AT+CCHC=1')).toEqual(['OK', 'ERROR'])
  })

  it('AT+CFUN=0 closes the sessions', async () => {
    const { ask } = await begin()
    await ask(`AT+CMEE=1;+CCHO="${ISDR}"`)
    expect(await ask('AT+CFUN=0', 'AT+CFUN?', 'AT+CFUN=1', 'AT+CPIN?')).toEqual([
      'OK',
      '+CFUN: 0',
      'OK',
      'OK',
      '+CPIN: READY',
      'OK',
    ])
    expect(await ask('AT+CGLA=1,10,"8012000000"')).toEqual(['+CME ERROR: 50'])
  })

  it('the modem registers on a network that accepts the card and sends the requested URCs', async () => {
    const { ask, time, getOutput } = await begin({ registersAfter: 3_000 }, async () => HOME)
    expect(await ask('AT+CREG=1;+CEREG=2;+C5GREG?', 'AT+CSQ')).toEqual(['+C5GREG: 0,2', 'OK', '+CSQ: 99,99', 'OK'])
    await advance(time, 3_001)
    expect(getOutput()).toBe('\r\n+CREG: 1\r\n\r\n+CEREG: 1,"00A1","01234567",7\r\n')
    expect((await ask('AT+CGREG?;+COPS?;+COPS=3,2;+COPS?;+CSQ')).slice(2)).toEqual([
      '+CGREG: 0,1',
      '+COPS: 0,0,"Test",7',
      '+COPS: 0,2,"00101",7',
      '+CSQ: 24,99',
      'OK',
    ])
    // Radio off and on: the modem registers again.
    expect(await ask('AT+CFUN=4', 'AT+CREG?')).toEqual(['+CREG: 0', '+CEREG: 0', 'OK', '+CREG: 1,0', 'OK'])
    expect(await ask('AT+CFUN=1')).toEqual(['+CREG: 2', '+CEREG: 2', 'OK'])
    await advance(time, 3_001)
    expect((await ask('AT+CREG?')).at(-2)).toBe('+CREG: 1,1')
  })

  it('the modem reports a denied registration, and idle without a network', async () => {
    const denied = await begin({}, async () => {
      throw new Error('no')
    })
    await advance(denied.time, 1)
    expect(await denied.ask('AT+CEREG?')).toEqual(['+CEREG: 0,3', 'OK'])
    const without = await begin()
    await advance(without.time, 1)
    expect(await without.ask('AT+CEREG?')).toEqual(['+CEREG: 0,0', 'OK'])
  })

  it('AT+CFUN=1,1 removes the USB device, which returns with default settings', async () => {
    const { modem, ask, time } = await begin({ echo: true })
    const presence: boolean[] = []
    modem.onPresence(isPresent => presence.push(isPresent))
    await ask('ATE0', `AT+CCHO="${ISDR}"`)
    expect(await ask('AT+CFUN=1,1')).toEqual(['OK'])
    expect(presence).toEqual([false])
    expect(await ask('AT')).toEqual([])
    await advance(time, 2_001)
    expect(presence).toEqual([false, true])
    expect(await ask('AT')).toEqual(['AT', 'OK'])
    expect((await ask('AT+CGLA=1,10,"8012000000"')).at(-1)).toBe('ERROR')
  })
})
