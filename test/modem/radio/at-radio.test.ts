import { describe, expect, it } from 'vitest'
import {
  describeSignal,
  parseCesq,
  parseCops,
  parseCsq,
  readFunctionality,
  readModemSubscriber,
  readOperator,
  readSim,
} from '../../../src/modem/radio/at-radio.ts'
import { askScripted } from '../at/scripted-port.ts'

describe('signal', () => {
  // TS 27.007 §8.5: 0 is -113 dBm or less, 31 is -51 dBm or more, 99 not known.
  it.each([
    ['0,99', { rssi: -113 }],
    ['31,0', { rssi: -51 }],
    ['24,99', { rssi: -65 }],
    ['99,99', {}],
    ['116,99', { rssi: -100 }],
    ['199,99', {}],
    ['twenty', {}],
    ['32,99', {}],
  ])('AT+CSQ %s', (text, signal) => expect(parseCsq(text)).toEqual(signal))

  // TS 27.007 §8.69: RSRP 1 is from -140 to -139 dBm, 97 is -44 or more; RSRQ 1 is from -19.5 to -19 dB.
  it.each([
    ['99,99,255,255,20,46', { rsrq: -10, rsrp: -95 }],
    ['99,99,255,255,1,97', { rsrq: -19.5, rsrp: -44 }],
    ['99,99,96,49,255,255', { rscp: -25 }],
    ['99,99,255,255,255,255,65,66,70', { ssRsrq: -11, ssRsrp: -91, ssSinr: 11.5 }],
    ['99,99,255,255,255,255,255,255,255', {}],
    ['99,99,255', {}],
  ])('AT+CESQ %s', (text, signal) => expect(parseCesq(text)).toEqual(signal))

  it('describeSignal returns one line, or undefined', () => {
    expect(describeSignal({ rssi: -65, rsrp: -95, rsrq: -10 })).toBe('-65 dBm, RSRP -95 dBm, RSRQ -10 dB')
    expect(describeSignal({})).toBeUndefined()
  })
})

describe('parseCops (TS 27.007 §7.3)', () => {
  it.each([
    ['0,0,"Test Net",7', { selection: 'automatic', name: 'Test Net', technology: 'E-UTRAN' }],
    // Names that resemble numbers.
    ['0,0,"26201",7', { selection: 'automatic', name: '26201', technology: 'E-UTRAN' }],
    ['0,0,"OK",7', { selection: 'automatic', name: 'OK', technology: 'E-UTRAN' }],
    ['0,0,"A, B",7', { selection: 'automatic', name: 'A, B', technology: 'E-UTRAN' }],
    ['0,2,"00101",11', { selection: 'automatic', plmn: '00101', technology: 'NR to 5GCN' }],
    ['1,2,26201', { selection: 'manual', plmn: '26201' }],
    ['0,0,"Name, with comma",0', { selection: 'automatic', name: 'Name, with comma', technology: 'GSM' }],
    ['0', { selection: 'automatic' }],
    ['2', { selection: 'deregistered' }],
    ['0,0,"",7', { selection: 'automatic', technology: 'E-UTRAN' }],
  ])('+COPS: %s', (text, operator) => expect(parseCops(text)).toEqual(operator))

  it('readOperator reads name and PLMN', async () => {
    let format = 0
    const operator = await askScripted(
      port => readOperator(port, 1_000),
      command => {
        const asked = /^AT\+COPS=3,([02])$/.exec(command)
        if (asked) format = Number(asked[1])
        return asked ? ['OK'] : [`+COPS: 0,${format},"${format === 2 ? '26201' : 'Net'}",7`, 'OK']
      },
    )
    expect(operator).toEqual({ selection: 'automatic', name: 'Net', plmn: '26201', technology: 'E-UTRAN' })
    expect(await askScripted(port => readOperator(port, 1_000), ['ERROR'])).toBeUndefined()
  })
})

describe('readSim, readFunctionality and readModemSubscriber', () => {
  it.each([
    [['+CPIN: READY', 'OK'], 'ready'],
    [['+CPIN:SIM PIN', 'OK'], 'pin-required'],
    [['+CPIN: SIM PUK', 'OK'], 'puk-required'],
    [['+CPIN: PH-NET PIN', 'OK'], 'locked'],
    [['+CPIN: NOT INSERTED', 'OK'], 'absent'],
    [['+CME ERROR: 10'], 'absent'],
    [['+CME ERROR: SIM not inserted'], 'absent'],
    [['+CME ERROR: 11'], 'pin-required'],
    [['+CME ERROR: 12'], 'puk-required'],
    [['+CME ERROR: 13'], 'failed'],
    [['+CME ERROR: 14'], 'busy'],
  ] as const)('the response %j to AT+CPIN? means %s', async (lines, sim) => {
    expect(await askScripted(port => readSim(port, 1_000), lines)).toMatchObject({ sim })
  })
  it('readSim returns undefined if the modem rejects the command', async () => {
    expect(await askScripted(port => readSim(port, 1_000), ['ERROR'])).toBeUndefined()
  })

  it.each([
    ['+CFUN: 1', 'full'],
    ['+CFUN: 0', 'minimum'],
    ['+CFUN: 4', 'radio-off'],
    ['+CFUN: 1,0', 'full'],
    ['+CFUN: 7', 'other'],
  ])('+CFUN: %s means %s', async (line, state) => {
    expect(await askScripted(port => readFunctionality(port, 1_000), [line, 'OK'])).toBe(state)
  })

  it.each([
    ['AT+CCID', '+CCID: 8949001779167887197', '8949001779167887197'],
    ['AT+ICCID', '+ICCID: 8949001779167887197', '8949001779167887197'],
    ['AT+QCCID', '+QCCID: 8949001779167887197F', '8949001779167887197'],
    ['AT+CCID', '"89490017791678871970"', '89490017791678871970'],
  ])('readModemSubscriber reads the ICCID by %s as %s', async (name, line, iccid) => {
    const found = await askScripted(
      port => readModemSubscriber(port, 1_000),
      command => (command === 'AT+CIMI' ? ['001011558987715', 'OK'] : command === name ? [line, 'OK'] : ['ERROR']),
    )
    expect(found).toEqual({ iccid, imsi: '001011558987715' })
  })
})
