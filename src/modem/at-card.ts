import type { Card, Channel } from '../apdu/channel.ts'
import { ApduError, isApduError } from '../apdu/errors.ts'
import type { After } from '../apdu/json/json-asker.ts'
import { createMutex } from '../apdu/mutex.ts'
import { respond } from '../apdu/status.ts'
import { type AtDeadlines, createAtApdu, DEADLINES, noResponse } from './at/at-apdu.ts'
import { type ApduPath, createAtChannels, type PathNews } from './at/at-channels.ts'
import { describeEnd } from './at/at-exchange.ts'
import { type AtPort, type BytePort, createAtPort } from './at/at-port.ts'
import { type ModemIdentity, readEuiccCommands, readIdentity } from './at/at-urc.ts'
import { openSerialPort } from './at/serial-port.ts'
import { ModemError } from './errors.ts'
import { awaitReturn } from './modem-return.ts'
import { chooseProfile, GENERIC_PROFILE, type ModemProfile } from './profile.ts'
import {
  type ModemOperator,
  type ModemSubscriber,
  readModemSubscriber,
  readOperator,
  readSignal,
  readSim,
  type Signal,
  type SimReport,
} from './radio/at-radio.ts'
import { type ModemRegistration, readRegistration } from './radio/registration-report.ts'
import { type RegistrationEnd, type RegistrationWaitOptions, waitForRegistration } from './radio/registration-wait.ts'
import { getReturnTimeout, runRecipe } from './reset-recipe.ts'

export interface ModemCardOptions {
  /** Path of a serial port, or an open port. */
  readonly port: string | BytePort
  /** Opens the port of the modem again after it left the bus. Default: opens the same path. */
  readonly reopen?: (() => Promise<BytePort>) | undefined
  readonly baud?: number | undefined
  /** The only path for APDUs; `auto` detects it. */
  readonly apdu?: ApduPath | 'auto' | undefined
  /** The path that worked last time; it is tried first. */
  readonly firstPath?: ApduPath | undefined
  /** Known modem families, and the name of the one to use; without a name the modem is identified. */
  readonly profiles?: readonly ModemProfile[] | undefined
  readonly profile?: string | undefined
  readonly deadlines?: Partial<AtDeadlines> | undefined
  /** Receives what the card detects about the modem. */
  readonly report?: ((news: PathNews) => void) | undefined
  readonly after: After
}

export interface ModemCard extends Card {
  readonly identity: ModemIdentity
  /** The profile of this modem family. */
  readonly profile: ModemProfile
  /** The path of APDUs; undefined until an application is selected. */
  readonly path: ApduPath | undefined
  /** Why no more commands are sent to the modem; undefined while it answers. */
  readonly unusable: string | undefined
  /** The current registration that the modem reports. */
  registration(): Promise<ModemRegistration>
  /** Waits for registration until the deadline of the modem profile. Resolves with a result for each end. */
  waitForRegistration(
    options?: Pick<RegistrationWaitOptions, 'onChange' | 'signal'> & { readonly deadline?: number | undefined },
  ): Promise<RegistrationEnd>
  signal(): Promise<Signal>
  operator(): Promise<ModemOperator | undefined>
  sim(): Promise<SimReport | undefined>
  /** ICCID and IMSI that the modem reports. It may not have noticed a profile switch. */
  subscriber(): Promise<ModemSubscriber>
  /** The radio only (AT+CFUN=4, AT+CFUN=1): the card stays powered. */
  setRadio(on: boolean): Promise<void>
  /** The commands of TS 27.007 §20 that the modem supports for its own LPA. */
  euiccCommands(): Promise<readonly string[]>
}

/** Interval for checking whether the card is ready after a reset, in milliseconds. */
const CARD_POLL_MS = 500
/** The modem may refuse these: the parser accepts echo and verbose errors. */
const SET_UP = ['ATE0', 'AT+CMEE=1'] as const
const [MANAGE_CHANNEL, CLOSE] = [0x70, 0x80]

/**
 * Opens the card in a modem. Rejects with a ModemError (`no-serialport`, `no-port`, `port-held`, `no-modem`). Later the
 * channel rejects with ApduErrors: `timed-out`, `port-gone`, `card-removed`, `card-mute`, `bad-response`. The ATR is
 * empty. `reset` runs the reset recipe of the modem profile and waits for the card, and for the modem if it leaves the
 * bus.
 */
export const openModemCard = async (options: ModemCardOptions): Promise<ModemCard> => {
  const { port: where, baud, after } = options
  const known = findProfile(options)
  const bytePort = typeof where === 'string' ? await openSerialPort({ path: where, ...(baud ? { baud } : {}) }) : where
  const port = createAtPort(bytePort, after)
  try {
    await wake(port, typeof where === 'string' ? where : 'the port')
    const identity = await readIdentity(port, (known?.deadlines ?? DEADLINES).ordinary ?? DEADLINES.ordinary)
    const profile = known ?? chooseProfile(options.profiles ?? [], identity)
    const deadlines = { ...DEADLINES, ...given(profile.deadlines), ...given(options.deadlines) }
    for (const text of profile.init ?? []) await port.ask({ text }, deadlines.ordinary)
    const reopen =
      options.reopen ??
      (typeof where === 'string' ? () => openSerialPort({ path: where, ...(baud ? { baud } : {}) }) : undefined)
    return createCard(port, identity, profile, deadlines, { ...options, reopen })
  } catch (error) {
    await port.close()
    throw error
  }
}

const given = (deadlines: ModemProfile['deadlines'] = {}): Partial<AtDeadlines> =>
  Object.fromEntries(Object.entries(deadlines).filter(([, ms]) => ms !== undefined))

const findProfile = ({ profile, profiles = [] }: ModemCardOptions): ModemProfile | undefined => {
  if (profile === undefined) return undefined
  const found = profiles.find(({ name }) => name === profile)
  if (found) return found
  const names = profiles.map(({ name }) => name).join(', ')
  throw new ModemError(
    'no-profile',
    'rig',
    `there is no modem profile ${JSON.stringify(profile)}; choose one of ${names}`,
  )
}

/** The first `AT` is often lost: modems wake up, detect the bit rate, or still answer an earlier program. */
const wake = async (port: AtPort, where: string): Promise<void> => {
  let end = await port.ask({ text: 'AT' }, 2_000)
  const result = describeEnd(end)
  for (let tries = 2; end.end !== 'ok'; tries--) {
    if (tries === 0 || end.end === 'port-gone' || port.unusable !== undefined)
      throw new ModemError(
        'no-modem',
        'rig',
        `no modem answers AT on ${where}: ${result}. Many modems have several ports, and only one or two accept commands: try another port`,
      )
    end = await port.ask({ text: 'AT' }, 2_000)
  }
  for (const text of SET_UP) await port.ask({ text }, 2_000)
}

const createCard = (
  port: AtPort,
  identity: ModemIdentity,
  profile: ModemProfile,
  deadlines: AtDeadlines,
  { apdu = 'auto', firstPath, report, reopen, after }: ModemCardOptions,
): ModemCard => {
  const runExclusive = createMutex()
  const channels = createAtChannels(createAtApdu(port, deadlines, profile.wake), {
    only: apdu === 'auto' ? undefined : apdu,
    first: firstPath ?? profile.apdu,
    report,
    note: profile.note,
  })
  const atr = new Uint8Array(0)
  const { ordinary } = deadlines
  const setUp = [...SET_UP, ...(profile.init ?? [])]

  const awaitModem = async (deadline: number): Promise<void> => {
    channels.forget()
    if (reopen === undefined) throw new ApduError('port-gone', "the modem's port is closed")
    const { imei } = identity
    await awaitReturn({ port, reopen, imei, setUp, ordinary, after }, deadline)
    report?.({ text: 'the modem left the bus and came back' })
  }
  /** Wait only for a modem whose profile contains that it leaves the bus during a reset. */
  const returns = reopen && getReturnTimeout(profile.reset)

  /** Such a modem may also leave during a command, when the card sends REFRESH. */
  const lastingChannel: Channel = {
    transmit: async command => {
      if (port.isGone && returns !== undefined) await awaitModem(returns)
      try {
        return await channels.channel.transmit(command)
      } catch (error) {
        if (!isApduError(error, 'port-gone') || returns === undefined) throw error
        await awaitModem(returns)
        // The logical channel is closed already: the lost MANAGE CHANNEL needs no retry.
        if (command[1] === MANAGE_CHANNEL && command[2] === CLOSE) return respond(0x9000)
        throw new ApduError(
          'exchange-lost',
          'the modem left the bus during a command and came back; it is unknown whether the card executed the command',
          { cause: error },
        )
      }
    },
  }

  const reset = async (): Promise<Uint8Array> => {
    channels.forget()
    port.revive()
    if (port.isGone && returns !== undefined) await awaitModem(returns)
    await runRecipe(profile.reset ?? GENERIC_PROFILE.reset!, {
      port,
      deadline: deadlines.cardReady,
      comeBack: awaitModem,
      report: text => report?.({ text }),
    })
    for (let waited = 0; ; waited += CARD_POLL_MS) {
      const found = await readSim(port, ordinary)
      // A card that requires a PIN is ready.
      if (found && found.sim !== 'absent' && found.sim !== 'busy' && found.sim !== 'failed') return atr
      if (port.isGone) throw noResponse('AT+CPIN?', { end: 'port-gone' })
      if (waited >= deadlines.cardReady) throw noCardAfterReset(found)
      await port.settle(CARD_POLL_MS)
    }
  }

  return {
    identity,
    profile,
    atr,
    get unusable() {
      return port.unusable
    },
    get path() {
      return channels.path
    },
    registration: () => readRegistration(port, ordinary),
    waitForRegistration: ({ deadline = deadlines.registration, onChange, signal } = {}) =>
      waitForRegistration(port, {
        deadline,
        ordinary,
        after,
        onChange,
        signal,
        comeBack:
          returns === undefined
            ? undefined
            : () =>
                runExclusive(() => awaitModem(returns)).then(
                  () => true,
                  error => {
                    if (!isApduError(error, 'port-gone')) throw error
                    return false
                  },
                ),
      }),
    signal: () => readSignal(port, ordinary),
    operator: () => readOperator(port, ordinary),
    sim: () => readSim(port, ordinary),
    subscriber: () => readModemSubscriber(port, ordinary),
    setRadio: on =>
      runExclusive(async () => {
        const text = on ? 'AT+CFUN=1' : 'AT+CFUN=4'
        const end = await port.ask({ text }, deadlines.cardReady)
        if (end.end !== 'ok') throw noResponse(text, end)
      }),
    euiccCommands: () => readEuiccCommands(port, { deadline: ordinary, mayTest: !profile.quirks?.noTestCommands }),
    reset: () => runExclusive(reset),
    exclusive: procedure => runExclusive(() => procedure(lastingChannel)),
    // Let the current procedure finish, for example close its channel, but do not wait for a modem that does not
    // answer.
    close: () => {
      const cancel = after(ordinary, () => void port.close())
      return runExclusive(() => port.close()).finally(cancel)
    },
  }
}

const noCardAfterReset = (found: SimReport | undefined): ApduError =>
  new ApduError(
    found?.sim === 'absent' ? 'card-removed' : 'card-mute',
    `the card did not come back after a reset: ${found?.text ?? 'AT+CPIN? gave no information'}`,
  )
