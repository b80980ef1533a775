import { describe, expect, it } from 'vitest'
import {
  askRegistration,
  describeRegistration,
  describeRejection,
  getRegistered,
  type ModemRegistration,
  parseRegistrationUrc,
  REGISTRATION_STATES,
} from '../../../src/modem/radio/registration-report.ts'
import { askScripted } from '../at/scripted-port.ts'

const PLACE = { area: '00A1', cell: '01234567', technology: 'E-UTRAN' }

describe('responses to AT+CREG?, AT+CGREG?, AT+CEREG? and AT+C5GREG? (TS 27.007 §7.2, §10.1.20, §10.1.22, §10.1.47)', () => {
  it.each([...REGISTRATION_STATES.entries()])('the state %i means %s', async (number, state) => {
    for (const command of ['CREG', 'CGREG', 'CEREG', 'C5GREG'] as const)
      expect(
        await askScripted(port => askRegistration(port, command, 1_000), [`+${command}: 0,${number}`, 'OK']),
      ).toEqual({
        state,
      })
  })

  it.each([
    ['CREG', '+CREG:2,1', { state: 'home' }],
    ['CREG', '2,5', { state: 'roaming' }],
    ['CREG', '0, 1', { state: 'home' }],
    ['CREG', '+CREG: 2,1,"00A1","01234567",7', { state: 'home', ...PLACE }],
    ['CREG', '+CREG: 2,1,00A1,01234567', { state: 'home', area: '00A1', cell: '01234567' }],
    ['CGREG', '+CGREG: 2,1,"00A1","01234567",7,"01"', { state: 'home', ...PLACE }],
    ['CGREG', '+CGREG: 3,3,"00A1","01234567",7,"01",0,11', { state: 'denied', ...PLACE, rejectCause: 11 }],
    ['CEREG', '+CEREG: 3,3,,,,0,15', { state: 'denied', rejectCause: 15 }],
    ['CEREG', '+CEREG: 4,1,"00A1","01234567",7,,,"00000000","00100100"', { state: 'home', ...PLACE }],
    ['CEREG', '+CEREG: 3,3,,,,1,15', { state: 'denied' }],
    [
      'C5GREG',
      '+C5GREG: 2,1,"00A1","0123456789",11,4,"01.000001"',
      { state: 'home', area: '00A1', cell: '0123456789', technology: 'NR to 5GCN' },
    ],
    ['CEREG', '+CEREG: 0,99', { state: 'unknown' }],
  ] as const)('%s: %s', async (command, line, report) => {
    expect(await askScripted(port => askRegistration(port, command, 1_000), [line, 'OK'])).toEqual(report)
  })

  it.each([
    ['news that came first', ['+CREG: 1', '+CREG: 0,2', 'OK'], { state: 'searching' }],
    ['news with a place that came last', ['+CREG: 0,2', '+CREG: 1,"00A1","01234567",7', 'OK'], { state: 'searching' }],
    ['the command of another network', ['+CEREG: 0,1', '+CREG: 0,2', 'OK'], { state: 'searching' }],
    ['news alone', ['+CREG: 1', 'OK'], { end: 'garbage' }],
    ['an unknown command', ['ERROR'], 'unknown-command'],
    ['a command that is not supported', ['+CME ERROR: 4'], 'unknown-command'],
    ['a SIM that is busy', ['+CME ERROR: 14'], { end: 'cme' }],
  ] as const)('the line %s is not a registration response', async (_name, lines, expected) => {
    const answer = await askScripted(port => askRegistration(port, 'CREG', 1_000), lines)
    if (typeof expected === 'string') expect(answer).toBe(expected)
    else expect(answer).toMatchObject(expected)
  })
})

describe('parseRegistrationUrc', () => {
  it.each([
    ['+CREG: 1', 'CREG', { state: 'home' }],
    ['+CGREG:5', 'CGREG', { state: 'roaming' }],
    ['+CEREG: 2,"00A1","01234567",7', 'CEREG', { state: 'searching', ...PLACE }],
    ['+CEREG: 3,,,,0,11', 'CEREG', { state: 'denied', rejectCause: 11 }],
    [
      '+C5GREG: 1,00A1,0123456789,11',
      'C5GREG',
      { state: 'home', area: '00A1', cell: '0123456789', technology: 'NR to 5GCN' },
    ],
  ] as const)('%s', (line, command, report) => {
    expect(parseRegistrationUrc(line)).toEqual({ command, report })
  })
  it.each(['+CREG: 2,1', '+CREG: ', '+CREG: home', '+CGEV: ME PDN ACT 1', '+XREG: 1', 'RING', '+CREG: 2,1,"00A1"'])(
    'the line %s is not a registration URC',
    line => expect(parseRegistrationUrc(line)).toBeUndefined(),
  )
})

describe('getRegistered', () => {
  it.each<[ModemRegistration, unknown]>([
    [
      { CREG: { state: 'home' }, CEREG: { state: 'roaming' } },
      { command: 'CEREG', kind: 'roaming' },
    ],
    [
      { CREG: { state: 'denied' }, C5GREG: { state: 'home' } },
      { command: 'C5GREG', kind: 'home' },
    ],
    [{ CEREG: { state: 'home-no-csfb' } }, { command: 'CEREG', kind: 'home' }],
    [{ CREG: { state: 'home-sms-only' }, CEREG: { state: 'searching' } }, undefined],
    // Calls without data.
    [{ CREG: { state: 'home' }, CEREG: { state: 'denied' } }, undefined],
    [{ CREG: { state: 'home' }, CGREG: { state: 'not-registered' } }, undefined],
    [{ CEREG: { state: 'emergency-only' } }, undefined],
    [{ CEREG: { state: 'rlos' } }, undefined],
    [{}, undefined],
  ])('%j', (registration, expected) => expect(getRegistered(registration)).toEqual(expected))

  it('describeRegistration returns one line', () => {
    expect(describeRegistration({})).toBe('no registration state')
    expect(
      describeRegistration({
        CREG: { state: 'searching' },
        CEREG: { state: 'denied', technology: 'E-UTRAN', rejectCause: 11 },
      }),
    ).toBe('CREG searching, CEREG denied (E-UTRAN; reject cause 11, PLMN not allowed)')
    expect(describeRejection(99)).toBe('reject cause 99')
  })
})
