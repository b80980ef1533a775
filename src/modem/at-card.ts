import type { Card, Channel } from '../apdu/channel.ts'
import { ApduError, isApduError } from '../apdu/errors.ts'
import { createMutex } from '../apdu/mutex.ts'
import { respond } from '../apdu/status.ts'
import { type AtDeadlines, createAtApdu, DEADLINES, noResponse } from './at/at-apdu.ts'
import { type ApduPath, createAtChannels, type PathNews } from './at/at-channels.ts'
import { describeEnd } from './at/at-exchange.ts'
import { type After, type AtPort, type BytePort, createAtPort } from './at/at-port.ts'
import { type ModemIdentity, readEuiccCommands, readIdentity } from './at/at-urc.ts'
import { openSerialPort } from './at/serial-port.ts'
import { ModemError } from './errors.ts'
import { awaitReturn } from './modem-return.ts'
import { chooseProfile, GENERIC_PROFILE, type ModemProfile } from './profile.ts'
import {
  type ModemOperator,
  type ModemSubscriber,
  readOperator,
  readSignal,
  readSim,
  readSubscriber,
  type Signal,
  type SimReport,
} from './radio/at-radio.ts'
import { type ModemRegistration, readRegistration } from './radio/registration-report.ts'
import { type RegistrationEnd, type RegistrationWaitOptions, waitForRegistration } from './radio/registration-wait.ts'
import { returnsWithin, runRecipe } from './reset-recipe.ts'

export interface ModemCardOptions {
  /** Path of the serial port, or a port in hand. */
  readonly port: string | BytePort
  /** Opens the modem's port anew after the modem left and came back; by default at the same path. */
  readonly reopen?: (() => Promise<BytePort>) | undefined
  readonly baud?: number | undefined
  /** How APDUs travel, and no other way; `auto` finds out. */
  readonly apdu?: ApduPath | 'auto' | undefined
  /** The way that worked last time, to begin with. */
  readonly firstPath?: ApduPath | undefined
  /** What is known of modems, and the name of one of them where it is not to be found out by asking. */
  readonly profiles?: readonly ModemProfile[] | undefined
  readonly profile?: string | undefined
  readonly deadlines?: Partial<AtDeadlines> | undefined
  /** Told what is found out on the way. */
  readonly report?: ((news: PathNews) => void) | undefined
  readonly after: After
}

export interface ModemCard extends Card {
  readonly identity: ModemIdentity
  /** What is known of modems like this one. */
  readonly profile: ModemProfile
  /** The way APDUs travel; undefined until the first application was selected. */
  readonly path: ApduPath | undefined
  /** Why the modem is not asked any more; undefined while it answers. */
  readonly unusable: string | undefined
  /** Where the modem says it is registered, now. */
  registration(): Promise<ModemRegistration>
  /** Waits until a network has taken it, at most as long as its profile says; every end has a name. */
  waitForRegistration(
    options?: Pick<RegistrationWaitOptions, 'onChange' | 'signal'> & { readonly deadline?: number | undefined },
  ): Promise<RegistrationEnd>
  signal(): Promise<Signal>
  operator(): Promise<ModemOperator | undefined>
  sim(): Promise<SimReport | undefined>
  /** Whom the modem takes its card for: it may not have noticed that another profile is enabled. */
  subscriber(): Promise<ModemSubscriber>
  /** The radio alone (AT+CFUN=4, AT+CFUN=1): the card keeps its power. */
  setRadio(on: boolean): Promise<void>
  /** The commands of TS 27.007 §20 that the modem has for an LPA of its own. */
  euiccCommands(): Promise<readonly string[]>
}

/** Between looks at whether the card is back after a reset. */
const LOOK_AGAIN_MS = 500
/** Whether these are taken is the modem's matter: echo and worded errors are understood too. */
const SET_UP = ['ATE0', 'AT+CMEE=1'] as const
const [MANAGE_CHANNEL, CLOSE] = [0x70, 0x80]

/**
 * Takes the card in a modem. Rejects with a ModemError (`no-serialport`, `no-port`, `port-held`, `no-modem`) whose
 * message says what to do. From then on its channel rejects with ApduErrors: `timed-out`, `port-gone`, `card-removed`,
 * `card-mute`, `bad-response`. The ATR is empty: modems do not tell it. `reset` carries out the reset recipe of the modem's
 * profile and waits until the card answers; where the modem leaves the bus meanwhile, until it is back.
 */
export const openModemCard = async (options: ModemCardOptions): Promise<ModemCard> => {
  const { port: where, baud, after } = options
  const known = knownBy(options)
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
    return cardOf(port, identity, profile, deadlines, { ...options, reopen })
  } catch (error) {
    await port.close()
    throw error
  }
}

const given = (deadlines: ModemProfile['deadlines'] = {}): Partial<AtDeadlines> =>
  Object.fromEntries(Object.entries(deadlines).filter(([, ms]) => ms !== undefined))

const knownBy = ({ profile, profiles = [] }: ModemCardOptions): ModemProfile | undefined => {
  if (profile === undefined) return undefined
  const found = profiles.find(({ name }) => name === profile)
  if (found) return found
  const names = profiles.map(({ name }) => name).join(', ')
  throw new ModemError('no-profile', 'rig', `there is no modem profile ${JSON.stringify(profile)}; there are ${names}`)
}

/** The first `AT` is often lost: modems sleep, set their speed by it, or still answer an earlier program. */
const wake = async (port: AtPort, where: string): Promise<void> => {
  let end = await port.ask({ text: 'AT' }, 2_000)
  const said = describeEnd(end)
  for (let tries = 2; end.end !== 'ok'; tries--) {
    if (tries === 0 || end.end === 'port-gone' || port.unusable !== undefined)
      throw new ModemError(
        'no-modem',
        'rig',
        `no modem answers AT on ${where}: ${said}; many modems have several ports, of which one or two take commands`,
      )
    end = await port.ask({ text: 'AT' }, 2_000)
  }
  for (const text of SET_UP) await port.ask({ text }, 2_000)
}

const cardOf = (
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

  const comeBack = async (deadline: number): Promise<void> => {
    channels.forget()
    if (reopen === undefined) throw new ApduError('port-gone', "the modem's port is gone")
    const { imei } = identity
    await awaitReturn({ port, reopen, imei, setUp, ordinary, after }, deadline)
    report?.({ text: 'the modem left the bus and came back' })
  }
  /** Only a modem that is known to leave by itself is waited for; another one was pulled out. */
  const returns = reopen && returnsWithin(profile.reset)

  /** A modem that leaves does so in the middle, too: when the card asks for REFRESH. */
  const lasting: Channel = {
    transmit: async command => {
      if (port.isGone && returns !== undefined) await comeBack(returns)
      try {
        return await channels.channel.transmit(command)
      } catch (error) {
        if (!isApduError(error, 'port-gone') || returns === undefined) throw error
        await comeBack(returns)
        // What was open is not any more: no harm is done by a closing that got lost.
        if (command[1] === MANAGE_CHANNEL && command[2] === CLOSE) return respond(0x9000)
        throw new ApduError(
          'exchange-lost',
          'the modem left the bus in the middle of a command, and is back; whether the card carried it out is not known',
          { cause: error },
        )
      }
    },
  }

  const reset = async (): Promise<Uint8Array> => {
    channels.forget()
    port.revive()
    if (port.isGone && returns !== undefined) await comeBack(returns)
    await runRecipe(profile.reset ?? GENERIC_PROFILE.reset!, {
      port,
      deadline: deadlines.cardReady,
      comeBack,
      report: text => report?.({ text }),
    })
    for (let waited = 0; ; waited += LOOK_AGAIN_MS) {
      const found = await readSim(port, ordinary)
      // A card that wants a PIN is there.
      if (found && found.sim !== 'absent' && found.sim !== 'busy' && found.sim !== 'failed') return atr
      if (port.isGone) throw noResponse('AT+CPIN?', { end: 'port-gone' })
      if (waited >= deadlines.cardReady) throw stillGone(found)
      await port.settle(LOOK_AGAIN_MS)
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
                runExclusive(() => comeBack(returns)).then(
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
    subscriber: () => readSubscriber(port, ordinary),
    setRadio: on =>
      runExclusive(async () => {
        const text = on ? 'AT+CFUN=1' : 'AT+CFUN=4'
        const end = await port.ask({ text }, deadlines.cardReady)
        if (end.end !== 'ok') throw noResponse(text, end)
      }),
    euiccCommands: () => readEuiccCommands(port, { deadline: ordinary, mayTest: !profile.quirks?.noTestCommands }),
    reset: () => runExclusive(reset),
    exclusive: procedure => runExclusive(() => procedure(lasting)),
    // What goes on may end in good order, such as by closing its channel; but nobody waits for a modem that hangs.
    close: () => {
      const cancel = after(ordinary, () => void port.close())
      return runExclusive(() => port.close()).finally(cancel)
    },
  }
}

const stillGone = (found: SimReport | undefined): ApduError =>
  new ApduError(
    found?.sim === 'absent' ? 'card-removed' : 'card-mute',
    `the card did not come back after a reset: ${found?.said ?? 'AT+CPIN? tells nothing of it'}`,
  )
