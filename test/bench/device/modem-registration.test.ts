import { describe, expect, it } from 'vitest'
import { type RunModem, registerByModem } from '../../../src/bench/device/modem-registration.ts'
import { classifyError } from '../../../src/bench/run/classify-error.ts'
import type { ModemOperator, ModemSubscriber, Signal } from '../../../src/modem/radio/at-radio.ts'
import type { RegistrationEnd } from '../../../src/modem/radio/registration-wait.ts'

const ICCID = '8949001779167887197'
const IMSI = '001011558987715'
const HOME: RegistrationEnd = { end: 'registered', kind: 'home', by: 'CEREG', last: { CEREG: { state: 'home' } } }
const NET: ModemOperator = { selection: 'automatic', name: 'Net', plmn: '00101', technology: 'E-UTRAN' }

const OLD: ModemSubscriber = { iccid: '8900000000000000000', imsi: '001010000000000' }
const ROAMING: RegistrationEnd = {
  end: 'registered',
  kind: 'roaming',
  by: 'CEREG',
  last: { CEREG: { state: 'roaming' } },
}

/** A modem with these reports. After `resets` resets it detects the card. */
const modemThat = (
  at: {
    end?: RegistrationEnd
    operator?: ModemOperator
    signal?: Signal
    staleFor?: number
    tells?: ModemSubscriber
    /** The reports for the first queries, before `tells`. */
    tellsFirst?: readonly ModemSubscriber[]
    endsFirst?: readonly RegistrationEnd[]
  } = {},
) => {
  let resets = 0
  const tellsFirst = [...(at.tellsFirst ?? [])]
  const endsFirst = [...(at.endsFirst ?? [])]
  const modem: RunModem = {
    identity: {
      imei: undefined,
      manufacturer: undefined,
      model: undefined,
      firmware: undefined,
      information: undefined,
    },
    waitForRegistration: async () => endsFirst.shift() ?? at.end ?? HOME,
    operator: async () => at.operator ?? NET,
    signal: async () => at.signal ?? { rsrp: -95 },
    subscriber: async () =>
      tellsFirst.shift() ?? (resets < (at.staleFor ?? 0) ? OLD : (at.tells ?? { iccid: ICCID, imsi: IMSI })),
  }
  const notes: string[] = []
  const registering = registerByModem({
    modem,
    resetCard: async () => resets++,
    iccid: ICCID,
    note: text => notes.push(text),
    onChange: () => {},
    signal: new AbortController().signal,
  })
  return { registering, notes, resets: () => resets }
}
const judged = async (registering: Promise<unknown>) =>
  classifyError(
    await registering.then(
      () => expect.unreachable(),
      error => error,
    ),
  )

describe('registration of a modem rig', () => {
  it('The registration contains state, cell and signal quality of the modem', async () => {
    const { registering, notes } = modemThat()
    expect(await registering).toEqual({ registration: 'home', operator: 'Net', plmn: '00101', imsi: IMSI })
    expect(notes).toEqual([
      'the modem is registered, home (CEREG); network Net (00101) over E-UTRAN; signal RSRP -95 dBm',
    ])
  })

  it.each([
    ['with a check digit', { iccid: `${ICCID}9`, imsi: IMSI }],
    ['with no ICCID', { imsi: IMSI }],
  ])('The registration of a modem that reports its card %s is accepted', async (_name, tells) => {
    const { registering, resets } = modemThat({ tells })
    expect(await registering).toMatchObject({ imsi: IMSI })
    expect(resets()).toBe(0)
  })

  it('A modem that still uses the previous profile is reset, and fails if the reset does not help', async () => {
    const late = modemThat({ staleFor: 1 })
    expect(await late.registering).toMatchObject({ registration: 'home' })
    expect(late.resets()).toBe(1)
    expect(late.notes[0]).toMatch(/still uses 8900000000000000000. The bench resets the card/)
    const never = modemThat({ staleFor: 9 })
    expect(await judged(never.registering)).toMatchObject({
      verdict: 'fail',
      cause: 'modem',
      errorCode: 'stale-profile',
      summary: expect.stringMatching(/even after a reset. Add a reset recipe/),
    })
  })

  it('A registration of the previous profile does not count', async () => {
    // After the reset the modem registers with the previous profile and then detects the new one.
    const late = modemThat({ tellsFirst: [OLD, OLD], endsFirst: [ROAMING] })
    expect(await late.registering).toMatchObject({ registration: 'home', imsi: IMSI })
    expect(late.resets()).toBe(1)
    // The first report does not contain the ICCID.
    const silent = modemThat({ tellsFirst: [{}, OLD, OLD], endsFirst: [ROAMING] })
    expect(await silent.registering).toMatchObject({ registration: 'home', imsi: IMSI })
    expect(silent.resets()).toBe(1)
    const never = modemThat({ staleFor: 9, tellsFirst: [{}] })
    expect(await judged(never.registering)).toMatchObject({ cause: 'modem', errorCode: 'stale-profile' })
    // The wait for a modem with alternating reports ends.
    const NEW = { iccid: ICCID, imsi: IMSI }
    const wavers = modemThat({ tellsFirst: [OLD, OLD, NEW, OLD, NEW, OLD, NEW, OLD, NEW] })
    expect(await judged(wavers.registering)).toMatchObject({ cause: 'modem', errorCode: 'stale-profile' })
  })

  it.each<[RegistrationEnd, string, string, RegExp]>([
    [
      { end: 'denied', rejectCause: 15, last: { CEREG: { state: 'denied', rejectCause: 15 } } },
      'network',
      'not-registered',
      /reject cause 15.*keys/,
    ],
    [
      { end: 'timed-out', last: { CEREG: { state: 'searching' } } },
      'network',
      'not-registered',
      /CEREG searching; check the antenna/,
    ],
    [{ end: 'radio-off', last: {} }, 'modem', 'radio-off', /AT\+CFUN=1 switches the radio on/],
    [
      { end: 'no-sim', sim: { sim: 'absent', text: '+CME ERROR: 10' }, last: {} },
      'modem',
      'no-sim',
      /\+CME ERROR: 10; check the position of the card/,
    ],
    [
      { end: 'no-sim', sim: { sim: 'pin-required', text: '+CPIN: SIM PIN' }, last: {} },
      'rig',
      'pin-required',
      /requires a PIN/,
    ],
    [{ end: 'port-gone', last: {} }, 'rig', 'no-port', /cable and power/],
    [{ end: 'silent', last: {} }, 'modem', 'modem-silent', /stopped answering/],
  ])('a failed registration has another cause than the card: %j', async (end, cause, errorCode, summary) => {
    const { registering, notes } = modemThat({ end, signal: {} })
    expect(await judged(registering)).toMatchObject({
      verdict: 'blocked',
      cause,
      errorCode,
      summary: expect.stringMatching(summary),
    })
    expect(notes[0]).toMatch(/signal none$/)
  })

  it('A modem without automatic network selection is reported', async () => {
    const { registering } = modemThat({ end: { end: 'timed-out', last: {} }, operator: { selection: 'deregistered' } })
    expect((await judged(registering)).summary).toMatch(/AT\+COPS=0 selects one automatically/)
  })
})
