import { describe, expect, it } from 'vitest'
import type { ModemQuirks } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import type { RegistrationReport } from '../../../src/modem/radio/registration-report.ts'
import {
  createRegistrationWait,
  describeRegistrationEnd,
  type RegistrationChange,
} from '../../../src/modem/radio/registration-wait.ts'
import { createProfile, createStateWith, createTestCard } from '../../euicc/card.ts'
import { insert } from '../modem-fixture.ts'

type Register = NonNullable<NonNullable<Parameters<typeof insert>[2]>['register']>
const HOME = { registration: 'home', operator: 'Test', plmn: '00101' } as const

const begin = async (
  quirks: ModemQuirks,
  register: Register | undefined,
  options: Parameters<typeof insert>[2] = {},
) => {
  const { card } = await createTestCard({ state: createStateWith([createProfile(0)]) })
  const fixture = await insert(card, quirks, { ...options, register })
  const changes: string[] = []
  const onChange = ({ command, to }: RegistrationChange) => void changes.push(`${command} ${to.state}`)
  return { ...fixture, changes, onChange }
}

const refuse: Register = async () => {
  throw new Error('refused')
}

describe('waitForRegistration', () => {
  it.each([
    ['home', 0],
    ['roaming', 0],
    ['home', 100_000],
  ] as const)('the wait ends registered, %s, after %i ms', async (registration, registersAfter) => {
    const { card, time, changes, onChange } = await begin({ registersAfter }, async () => ({ ...HOME, registration }))
    const end = await time.until(card.waitForRegistration({ onChange }))
    expect(end).toMatchObject({ end: 'registered', kind: registration, by: 'C5GREG' })
    expect(changes).toContain(`C5GREG ${registration}`)
    if (registersAfter > 0) expect(changes[0]).toBe('CREG searching')
    // Not before the modem is registered, and at most one poll later than its URC.
    expect(time.now - registersAfter).toBeLessThan(100)
    expect(describeRegistrationEnd(end)).toBe(`registered, ${registration} (C5GREG)`)
  })

  it('the wait ends with denied and the reject cause after several polls', async () => {
    const { card, time, modem } = await begin({ rejectCause: 11 }, refuse)
    const end = await time.until(card.waitForRegistration())
    expect(end).toMatchObject({ end: 'denied', rejectCause: 11, last: { CEREG: { state: 'denied' } } })
    expect(describeRegistrationEnd(end)).toMatch(
      /denies registration: it reports .*CEREG denied \(reject cause 11, PLMN not allowed\)/,
    )
    expect(time.now).toBeGreaterThan(3_000)
    // URCs are disabled again.
    expect(modem.receivedLines.slice(-4)).toEqual(['AT+CREG=0', 'AT+CGREG=0', 'AT+CEREG=0', 'AT+C5GREG=0'])
  })

  it('a transient denial does not end the wait', async () => {
    let tries = 0
    const { card, time, modem } = await begin({}, async () => {
      tries++
      if (tries === 1) throw new Error('refused')
      return HOME
    })
    const waiting = card.waitForRegistration()
    // Somebody tells it to look again (AT+COPS=0).
    time.after(3_000, () => modem.receive(new TextEncoder().encode('AT+COPS=0\r')))
    expect(await time.until(waiting)).toMatchObject({ end: 'registered' })
  })

  it('the wait ends at the deadline, which the modem profile may set', async () => {
    const { card, time } = await begin({}, undefined)
    const end = await time.until(card.waitForRegistration({ deadline: 30_000 }))
    expect(end).toMatchObject({ end: 'timed-out', last: { CREG: { state: 'not-registered' } } })
    expect(time.now).toBeGreaterThanOrEqual(30_000)
    expect(time.now).toBeLessThan(33_000)
    const other = await begin({}, undefined, { deadlines: { registration: 5_000 } })
    expect(await other.time.until(other.card.waitForRegistration())).toMatchObject({ end: 'timed-out' })
    expect(other.time.now).toBeLessThan(8_000)
  })

  it('a network that becomes available later is found', async () => {
    let isOnAir = false
    const { card, time } = await begin({}, async () => (isOnAir ? HOME : undefined))
    const waiting = card.waitForRegistration()
    time.after(20_000, () => {
      isOnAir = true
    })
    expect(await time.until(waiting)).toMatchObject({ end: 'registered' })
    expect(time.now).toBeGreaterThanOrEqual(20_000)
  })

  it('the wait ends with radio-off, and a later one succeeds', async () => {
    const { card, time } = await begin({}, async () => HOME)
    await time.until(card.setRadio(false))
    expect(await time.until(card.waitForRegistration())).toMatchObject({ end: 'radio-off' })
    await time.until(card.setRadio(true))
    expect(await time.until(card.waitForRegistration())).toMatchObject({ end: 'registered' })
  })

  it.each([
    [['+CPIN: SIM PIN', 'OK'], 'pin-required'],
    [['+CME ERROR: 10'], 'absent'],
    [['+CME ERROR: 13'], 'failed'],
  ] as const)('the wait ends with the SIM state %j', async (answer, sim) => {
    const { card, time } = await begin({ faults: [{ command: 'CPIN', answer }] }, undefined)
    expect(await time.until(card.waitForRegistration())).toMatchObject({ end: 'no-sim', sim: { sim } })
  })

  it('a busy SIM does not end the wait', async () => {
    const { card, time } = await begin(
      { faults: [{ command: 'CPIN', times: 2, answer: ['+CME ERROR: 10'] }] },
      async () => HOME,
    )
    expect(await time.until(card.waitForRegistration())).toMatchObject({ end: 'registered' })
  })

  it('URCs do not end the wait', async () => {
    const { card, time } = await begin({ news: ['+CREG: 1', '+CEREG: 5,"00A1","01234567",7'] }, undefined)
    expect(await time.until(card.waitForRegistration({ deadline: 10_000 }))).toMatchObject({ end: 'timed-out' })
  })

  it('commands that the modem does not support are skipped', async () => {
    const { card, time, modem } = await begin(
      { without: ['C5GREG', 'CGREG', 'CPIN'], registersAfter: 9_000 },
      async () => HOME,
    )
    expect(await time.until(card.waitForRegistration())).toMatchObject({ end: 'registered', by: 'CEREG' })
    expect(modem.receivedLines.filter(text => text === 'AT+C5GREG?')).toHaveLength(1)
  })

  it('the wait ends with port-gone on a disconnect, and with silent if the modem stops answering', async () => {
    const pulled = await begin({}, undefined)
    const waiting = pulled.card.waitForRegistration()
    pulled.time.after(7_000, () => pulled.port.pull())
    expect(await pulled.time.until(waiting)).toMatchObject({ end: 'port-gone' })
    const dead = await begin({ diesAfter: 30 }, undefined)
    expect(await dead.time.until(dead.card.waitForRegistration())).toMatchObject({ end: 'silent' })
  })

  it('the wait ends with stopped when it is aborted', async () => {
    const { card, time } = await begin({}, undefined)
    const stop = new AbortController()
    const waiting = card.waitForRegistration({ signal: stop.signal })
    time.after(5_000, () => stop.abort())
    expect(await time.until(waiting)).toMatchObject({ end: 'stopped' })
    expect(time.now).toBeLessThan(5_100)
  })

  it('an abort ends the wait also during the subscription', async () => {
    const { card, time, modem } = await begin({ faults: [{ command: 'CREG', answer: 'silence' }] }, undefined)
    const stop = new AbortController()
    const waiting = card.waitForRegistration({ signal: stop.signal })
    time.after(1_000, () => stop.abort())
    expect(await time.until(waiting)).toMatchObject({ end: 'stopped' })
    expect(modem.receivedLines).not.toContain('AT+CGREG=3')
    expect(modem.receivedLines).not.toContain('AT+CPIN?')
  })
})

describe('createRegistrationWait', () => {
  const denied: RegistrationReport = { state: 'denied' }
  const look = { kind: 'polled', sim: { sim: 'ready', text: '' }, radio: 'full' } as const
  const say = (report: RegistrationReport, isAnswer = true) =>
    ({ kind: 'report', command: 'CEREG', report, isAnswer }) as const

  it('three equal negative polls in a row end the wait, or one positive poll', () => {
    const wait = createRegistrationWait()
    for (const report of [denied, denied, { state: 'searching' } as const, denied, denied]) {
      expect(wait.handle(say(report))).toBeUndefined()
      expect(wait.handle(look)).toBeUndefined()
    }
    expect(wait.handle(say({ state: 'home' }, false))).toBeUndefined()
    expect(wait.handle(look)).toMatchObject({ end: 'denied' })
    wait.handle(say({ state: 'home' }))
    expect(wait.handle(look)).toMatchObject({ end: 'registered', kind: 'home' })
  })
  it.each(['timed-out', 'silent', 'stopped'] as const)('ends %s', kind => {
    expect(createRegistrationWait().handle({ kind })).toEqual({ end: kind, last: {} })
  })
})
