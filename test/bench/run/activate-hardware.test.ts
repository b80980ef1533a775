import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { runProgram } from '../../../src/cli/main.ts'
import { type AtModem, type AtModemOptions, createAtModem } from '../../../src/euicc/emulator/at-modem.ts'
import { MODEM_QUIRKS, type ModemQuirks } from '../../../src/euicc/emulator/at-modem-quirks.ts'
import type { SoftwareEuicc } from '../../../src/euicc/euicc.ts'
import { createMemory } from '../../../src/euicc/state/memory.ts'
import { ownCertificates } from '../../../src/host/pki/card-pki.ts'
import { openHome } from '../../../src/host/state/home.ts'
import { loadSerialPort } from '../../../src/modem/at/serial-port.ts'
import { registerOnNetwork } from '../../../src/modem/radio/registration.ts'
import { loadBinding } from '../../../src/pcsc/load-binding.ts'
import { attachThrough } from '../../../src/rigs/emulator/bench-network.ts'
import { getNetworkSocketPath } from '../../../src/rigs/emulator/network-socket.ts'
import { plugIntoPty } from '../../../src/rigs/emulator/pty-emulator.ts'
import { createSoftwareCard } from '../../../src/rigs/links/software-card.ts'
import { createCliFixture, type Place, type Ran } from '../../cli/runtime.ts'
import { whyNoTty } from '../../modem/at/tty.ts'
import { startReader, untilSeen, whyNoReader } from '../../pcsc/virtual-reader.ts'

const loads = async (work: Promise<unknown>, name: string): Promise<string | undefined> =>
  work.then(
    () => undefined,
    () => `npm ${name} is not installed or does not load`,
  )
const noReader = whyNoReader() ?? (await loads(loadBinding('smartcard'), 'smartcard'))
/** The second binding runs the second test if it is installed. */
const other = await loadBinding('pcsclite').then(
  () => 'pcsclite',
  () => 'smartcard',
)
const noModem = (await whyNoTty()) ?? (await loads(loadSerialPort(), 'serialport'))
type Register = NonNullable<AtModemOptions['register']>
const because = (reason: string | undefined) => (reason ? ` (skipped: ${reason})` : '')

const schedule = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** A card of the PKI of the bench, reachable through hardware only. */
const cardOf = (place: Place): Promise<SoftwareEuicc> => {
  const { runtimeOf } = place
  const { clock, random } = runtimeOf(new AbortController().signal).runtime
  const home = openHome(place.home)
  try {
    const pki = ownCertificates(home.pki, 'nist', { random, now: clock() })
    return createSoftwareCard({ pki, clock, random }, createMemory())
  } finally {
    home.close()
  }
}

const writeRig = (place: Place, link: string): void => {
  mkdirSync(join(place.folder, 'rigs'), { recursive: true })
  writeFileSync(join(place.folder, 'rigs', 'desk.yaml'), `name: desk\nlink:\n  ${link}\n`)
}

// pcscd polls its readers every 400 ms, and vpcd adds about 40 ms to each APDU.
describe('run activate on hardware', { timeout: 60_000 }, () => {
  const undo: (() => unknown)[] = []
  const newCliFixture = (): Place => {
    const place = createCliFixture()
    undo.push(() => place.remove())
    return place
  }
  afterEach(async () => {
    for (const step of undo.splice(0).reverse()) await step()
  })

  const EIGHT = Array.from({ length: 8 }, (_, i) => expect.objectContaining({ step: i + 1, verdict: 'pass' }))

  it.skipIf(noReader)(
    `The activation passes through pcscd with the first attached rig${because(noReader)}`,
    async () => {
      const place = newCliFixture()
      const reader = await startReader()
      undo.push(() => reader.stop())
      process.env.PCSCLITE_CSOCK_NAME = reader.socket
      writeRig(place, 'pcsc: { reader: Virtual Test Reader }')
      await reader.insert(await cardOf(place))
      await untilSeen('smartcard', true)
      const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
      expect(ran).toMatchObject({ exitCode: 0, err: '' })
      expect(ran.json()).toMatchObject({ verdict: 'pass', rig: 'desk', steps: EIGHT })
      const { evidence } = ran.json<{ evidence: string }>()
      const notes = readFileSync(evidence, 'utf8')
      expect(notes).toMatch(/reader Virtual Test Reader 00 00, T=1, through npm smartcard/)
      expect(notes).toMatch(/"ATR 3B9F[0-9A-F]+"/)
      expect(notes).toMatch(/the ISD-R has the AID A0000005591010FFFFFFFF8900000100/)
      // Without a named rig, the attached rig has priority over the software eUICC.
      writeRig(place, `pcsc: { reader: Virtual*Reader, binding: ${other} }`)
      const again = await place.run('run', 'activate', '--json')
      expect(again.json()).toMatchObject({ verdict: 'pass', rig: 'desk' })
      const { evidence: next } = again.json<{ evidence: string }>()
      expect(readFileSync(next, 'utf8')).toContain(`through npm ${other}`)
    },
  )

  /** The modem uses the network of the running bench, like a modem of another process. */
  const plugModem = async (
    place: Place,
    apdu: string,
    quirks: ModemQuirks,
    {
      hears = true,
      pullAt,
      register: own,
      mayHear = () => true,
    }: { hears?: boolean; pullAt?: RegExp; register?: Register; mayHear?: (text: string) => boolean } = {},
  ) => {
    const card = await cardOf(place)
    const link = join(place.folder, 'modem')
    const register = own ?? (hears ? attachThrough(getNetworkSocketPath(place.home)) : undefined)
    let modem: AtModem | undefined
    let presence: (isPresent: boolean) => void = () => {}
    let isPlugged = true
    const plug = await plugIntoPty(
      {
        link,
        makeModem: ({ send, after }) => {
          modem = createAtModem({ card, quirks, schedule: after, register })
          modem.onSend(bytes => isPlugged && send(bytes))
          const { receive } = modem
          return {
            receive: bytes => {
              if (!mayHear(Buffer.from(bytes).toString('latin1'))) return
              receive(bytes)
              if (pullAt && isPlugged && pullAt.test(Buffer.from(bytes).toString('latin1'))) {
                isPlugged = false
                presence(false)
              }
            },
            onPresence: listener => {
              presence = listener
              modem!.onPresence(listener)
            },
          }
        },
      },
      { card, after: schedule, print: () => {}, report: error => expect.unreachable(String(error)) },
    )
    undo.push(() => plug.pull())
    writeRig(place, `modem: { port: ${link}, apdu: ${apdu} }`)
    /** Removes the card once. */
    const plugAgain = (): void => {
      pullAt = undefined
      isPlugged = true
      presence(true)
    }
    return { modem: modem!, plugAgain }
  }
  /** A modem profile of the user. It replaces the matching profile of the package. */
  const writeModemProfile = (place: Place, lines: readonly string[]): void => {
    mkdirSync(join(place.folder, 'rigs', 'modems'), { recursive: true })
    writeFileSync(
      join(place.folder, 'rigs', 'modems', 'mine.yaml'),
      ['name: mine', 'match:', '  model: .', ...lines].join('\n'),
    )
  }
  interface Told {
    readonly kind: string
    readonly step?: number
    readonly text?: string
    readonly verdict?: string
    readonly cause?: string
    readonly summary?: string
  }
  const eventsOf = (ran: Ran): Told[] =>
    readFileSync(ran.json<{ evidence: string }>().evidence, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Told)
  const notesOf = (ran: Ran): string =>
    eventsOf(ran)
      .flatMap(({ kind, text }) => (kind === 'note' ? [text] : []))
      .join('\n')
  const stepSix = (ran: Ran): Told | undefined =>
    eventsOf(ran).find(({ kind, step }) => kind === 'step-ended' && step === 6)

  it.skipIf(noModem).each([
    ['ccho-cgla', { registersAfter: 300 }],
    ['csim', { news: ['+CREG: 1'], pieces: 'bytes' }],
    ['ccho-cgla', { ...MODEM_QUIRKS['eg25-g'].quirks, model: 'EG25-G' }],
  ] as const)(
    `The activation passes with a modem on a tty over %s with %j${because(noModem)}`,
    async (apdu, quirks) => {
      const place = newCliFixture()
      const { modem } = await plugModem(place, apdu, quirks)
      const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
      expect(ran).toMatchObject({ exitCode: 0, err: '' })
      expect(ran.json()).toMatchObject({ verdict: 'pass', rig: 'desk', steps: EIGHT })
      expect(stepSix(ran)!.summary).toMatch(/registered on Bench Mobile \(00101\), home, reported by the modem$/)
      const notes = notesOf(ran)
      expect(notes).toMatch(/IMEI 356938035643809, profile/)
      expect(notes).toMatch(/AT\+CEREG: (\S+ -> )?home/)
      expect(notes).toMatch(
        /the modem is registered, home .*network Bench Mobile \(00101\) over E-UTRAN; signal -65 dBm, RSRP -95 dBm/,
      )
      expect(modem.receivedLines).toContain('AT+CEREG?')
      // A simulated modem that holds the software eUICC.
      expect(eventsOf(ran)[0]).toMatchObject({ kind: 'run-started', rig: { link: 'modem', subject: 'software' } })
      // DeviceInfo contains the modem (SGP.22 §4.2).
      expect(readFileSync(ran.json<{ evidence: string }>().evidence, 'utf8').includes('53968330')).toBe(true)
    },
  )

  it.skipIf(noModem)(
    `The activation passes with a modem that leaves the bus at REFRESH and at its reset${because(noModem)}`,
    async () => {
      const place = newCliFixture()
      writeModemProfile(place, ['refreshFlag: true', "reset: [{ at: 'AT+CFUN=1,1' }, { reenumerates: 20000 }]"])
      const { modem } = await plugModem(place, 'auto', MODEM_QUIRKS['eg25-g'].quirks)
      const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
      expect(ran.json()).toMatchObject({ verdict: 'pass', steps: EIGHT })
      expect(notesOf(ran)).toContain('the modem left the bus and came back')
      // One reset by REFRESH, one by the recipe. Each is followed by an identification.
      expect(modem.receivedLines.filter(text => text === 'AT+CFUN=1,1')).toHaveLength(1)
      expect(modem.receivedLines.filter(text => text === 'AT+CGSN').length).toBeGreaterThanOrEqual(3)
    },
  )

  it.skipIf(noModem)(`A missing network blocks the run with the cause network${because(noModem)}`, async () => {
    const place = newCliFixture()
    await plugModem(place, 'auto', {}, { hears: false })
    writeModemProfile(place, ['deadlines: { registration: 1000 }'])
    const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
    expect(ran.exitCode).toBe(1)
    expect(ran.json()).toMatchObject({ verdict: 'blocked', cause: 'network' })
    const six = stepSix(ran)
    expect(six).toMatchObject({ verdict: 'blocked', cause: 'network' })
    expect(six!.summary).toMatch(
      /found no network before the deadline: it reports CREG not-registered, .*antenna.* accepts IMSI \d{15}/,
    )
  })

  // The first segments of the package (SGP.22 §5.7.6), EnableProfile (§5.7.16), and the following AT commands.
  it.skipIf(noModem).each([
    ['while the profile is installed', /BF36/, 6],
    ['while the profile is enabled', /BF31/, 6],
    ['while it is reset', /AT\+CFUN=1/, 6],
    ['while it looks for a network', /AT\+CEREG\?/, 6],
  ] as const)(
    `is blocked by a modem that is pulled out %s, and serves again when it is plugged in${because(noModem)}`,
    async (_when, pullAt, step) => {
      const place = newCliFixture()
      const { plugAgain } = await plugModem(place, 'auto', {}, { pullAt })
      const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
      expect(ran.exitCode).toBe(1)
      expect(ran.json()).toMatchObject({ verdict: 'blocked', cause: 'rig' })
      const ended = eventsOf(ran).find(({ kind, verdict }) => kind === 'step-ended' && verdict === 'blocked')
      expect(ended).toMatchObject({ step, cause: 'rig', summary: expect.stringMatching(/port is closed|left the bus/) })
      const without = await place.run('run', 'activate', '--rig', 'desk', '--json')
      expect(without.err).toMatch(/the rig desk is not attached: there is no port/)
      plugAgain()
      const again = await place.run('run', 'activate', '--rig', 'desk', '--json')
      expect(again.json()).toMatchObject({ verdict: 'pass', steps: EIGHT })
    },
  )

  // The modem does not respond, pauses for an hour by its recipe, or waits for a network for an hour.
  it.skipIf(noModem).each([
    ['the modem hangs', /BF36/, false, []],
    ['it is reset', /AT\+CFUN=4/, true, ["reset: [{ at: 'AT+CFUN=4' }, { wait: 3600000 }, { at: 'AT+CFUN=1' }]"]],
    ['it looks for a network', /AT\+CEREG\?/, true, []],
  ] as const)(
    `ends soon after an interrupt while %s${because(noModem)}`,
    async (_when, at, isHeard, lines) => {
      const place = newCliFixture()
      const interrupt = new AbortController()
      const mayHear = (text: string): boolean => {
        if (!at.test(text)) return true
        interrupt.abort()
        return isHeard
      }
      writeModemProfile(place, ['deadlines: { ordinary: 1500, registration: 3600000 }', ...lines])
      await plugModem(place, 'auto', {}, { hears: false, mayHear })
      const { runtime, out } = place.runtimeOf(interrupt.signal)
      expect(await runProgram(runtime, ['run', 'activate', '--rig', 'desk', '--json'])).toBe(1)
      expect(interrupt.signal.aborted).toBe(true)
      expect(JSON.parse(out())).toMatchObject({ verdict: 'blocked', cause: 'bench' })
    },
    20_000,
  )

  it.skipIf(noModem).each([
    ['+CPIN: SIM PIN', 'rig', /reports a card error: \+CPIN: SIM PIN; the profile requires a PIN/],
    ['+CPIN: NOT INSERTED', 'rig', /SIM not inserted|NOT INSERTED/],
  ] as const)(`says so where the modem says %s${because(noModem)}`, async (said, cause, sentence) => {
    const place = newCliFixture()
    writeModemProfile(place, ['deadlines: { cardReady: 1000 }'])
    await plugModem(place, 'auto', { faults: [{ command: 'CPIN', answer: [said, 'OK'] }] }, { hears: false })
    const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
    expect(ran.json()).toMatchObject({ verdict: 'blocked', cause })
    expect(eventsOf(ran).find(({ kind, verdict }) => kind === 'step-ended' && verdict === 'blocked')!.summary).toMatch(
      sentence,
    )
  })

  it.skipIf(noModem)(`A network that denies the profile is the cause${because(noModem)}`, async () => {
    const place = newCliFixture()
    // A network without subscribers.
    const nobody = {
      challenge: async () => ({ refused: 'unknown-subscriber' }),
      answer: async () => ({ refused: 'no-challenge' }),
    }
    const register: Register = channel =>
      registerOnNetwork(channel, nobody).then(({ registration, operator, plmn }) => ({ registration, operator, plmn }))
    await plugModem(place, 'auto', { rejectCause: 3 }, { register })
    const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
    expect(ran.json()).toMatchObject({ verdict: 'blocked', cause: 'network' })
    expect(stepSix(ran)!.summary).toMatch(
      /denies registration: .*reject cause 3, illegal UE.*no network accepts IMSI \d{15}\. Add it with its keys to the core network/,
    )
  })

  it('A named rig that is not attached blocks the run', async () => {
    const place = newCliFixture()
    writeRig(place, 'modem: { port: /dev/ttyNoSuchModem }')
    const ran = await place.run('run', 'activate', '--rig', 'desk', '--json')
    expect(ran.exitCode).toBe(1)
    expect(ran.json()).toMatchObject({ verdict: 'blocked', rig: 'desk' })
    expect(ran.err).toMatch(/the rig desk is not attached: .*(ttyNoSuchModem|serialport)/)
  })
})
