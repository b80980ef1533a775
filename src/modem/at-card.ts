import type { Card } from '../apdu/channel.ts'
import { ApduError } from '../apdu/errors.ts'
import { takeTurns } from '../apdu/turns.ts'
import { type AtDeadlines, createAtApdu, DEADLINES, noResponse } from './at-apdu.ts'
import { type ApduPath, createAtChannels, type PathNews } from './at-channels.ts'
import { describeEnd, isCme } from './at-exchange.ts'
import { type After, type AtPort, type BytePort, createAtPort } from './at-port.ts'
import {
  type ModemIdentity,
  type ModemRegistration,
  readEuiccCommands,
  readIdentity,
  readRegistration,
} from './at-reports.ts'
import { ModemError } from './errors.ts'
import { chooseProfile, type ModemProfile } from './profile.ts'
import { openSerialPort } from './serial-port.ts'

export interface ModemCardOptions {
  /** Path of the serial port, or a port in hand. */
  readonly port: string | BytePort
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
  /** The commands of TS 27.007 §20 that the modem has for an LPA of its own. */
  euiccCommands(): Promise<readonly string[]>
}

/** Between looks at whether the card is back after a reset. */
const LOOK_AGAIN_MS = 500

/**
 * Takes the card in a modem. Rejects with a ModemError (`no-serialport`, `no-port`, `port-held`, `no-modem`) whose
 * message says what to do. From then on its channel rejects with ApduErrors: `timed-out`, `port-gone`, `card-removed`,
 * `card-mute`, `bad-response`. The ATR is empty: modems do not tell it. `reset` switches the modem's radio and card off
 * and on (AT+CFUN) and waits until the card answers.
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
    return cardOf(port, identity, profile, deadlines, options)
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
  // Whether these are taken is the modem's matter: echo and worded errors are understood too.
  await port.ask({ text: 'ATE0' }, 2_000)
  await port.ask({ text: 'AT+CMEE=1' }, 2_000)
}

const cardOf = (
  port: AtPort,
  identity: ModemIdentity,
  profile: ModemProfile,
  deadlines: AtDeadlines,
  { apdu = 'auto', firstPath, report }: ModemCardOptions,
): ModemCard => {
  const inTurn = takeTurns()
  const channels = createAtChannels(createAtApdu(port, deadlines, profile.wake), {
    only: apdu === 'auto' ? undefined : apdu,
    first: firstPath ?? profile.apdu,
    report,
    note: profile.note,
  })
  const atr = new Uint8Array(0)

  const reset = async (): Promise<Uint8Array> => {
    channels.forget()
    port.revive()
    for (const text of ['AT+CFUN=0', 'AT+CFUN=1']) {
      const end = await port.ask({ text }, deadlines.cardReady)
      if (end.end !== 'ok') throw noResponse(text, end)
    }
    for (let waited = 0; ; waited += LOOK_AGAIN_MS) {
      const end = await port.ask({ text: 'AT+CPIN?', reply: /^\+CPIN:\s*(.+)$/ }, deadlines.ordinary)
      // A card that wants a PIN is there.
      if (end.end === 'ok' || isCme(end, 11, 12)) return atr
      if (end.end === 'port-gone') throw noResponse('AT+CPIN?', end)
      if (waited >= deadlines.cardReady)
        throw new ApduError('card-mute', `the card did not come back after a reset: AT+CPIN? says ${describeEnd(end)}`)
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
    registration: () => readRegistration(port, deadlines.ordinary),
    euiccCommands: () =>
      readEuiccCommands(port, { deadline: deadlines.ordinary, mayTest: !profile.quirks?.noTestCommands }),
    reset: () => inTurn(reset),
    exclusive: procedure => inTurn(() => procedure(channels.channel)),
    close: () => inTurn(() => port.close()),
  }
}
