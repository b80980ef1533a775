import type { Decoded } from '../../evidence/events.ts'
import type { ModemCard } from '../../modem/at-card.ts'
import { ModemError, type ModemErrorCode } from '../../modem/errors.ts'
import { describeSignal, type ModemSubscriber } from '../../modem/radio/at-radio.ts'
import {
  describeRegistrationEnd,
  type RegistrationChange,
  type RegistrationEnd,
} from '../../modem/radio/registration-wait.ts'

/** The functions of a modem that an activation uses. */
export type RunModem = Pick<ModemCard, 'identity' | 'waitForRegistration' | 'signal' | 'operator' | 'subscriber'>

export interface FoundNetwork {
  readonly registration: 'home' | 'roaming'
  readonly operator: string
  readonly plmn: string
  readonly imsi: string | undefined
}

export interface RegistrationSettings {
  readonly modem: RunModem
  /** Resets the card through its layers, so that the reset is recorded. */
  readonly resetCard: () => Promise<unknown>
  /** The ICCID of the enabled profile. */
  readonly iccid: string
  /** Receives each change and the other reports of the modem. */
  note(text: string, data?: Decoded): void
  onChange(change: RegistrationChange): void
  readonly signal: AbortSignal
}

/** The limit of queries to a modem that alternates between two cards. */
const MAX_TRIES = 3

/** Modems report ICCIDs with or without the check digit. */
const isSameIccid = (one: string, other: string): boolean => one.startsWith(other) || other.startsWith(one)

/**
 * Waits for the registration of a modem rig. The modem must report the new ICCID before and after, because its reports
 * can still concern the former profile. Rejects with ModemError.
 */
export const registerByModem = async (settings: RegistrationSettings): Promise<FoundNetwork> => {
  const { modem, resetCard, iccid, note, onChange, signal } = settings
  let wasReset = false
  let seen: ModemSubscriber
  let end: RegistrationEnd
  let stale: ModemSubscriber | undefined
  for (let tries = 1; ; tries++) {
    let before = await modem.subscriber()
    if (isStale(before, iccid) && !wasReset) {
      note(`${describeStaleProfile(before, iccid)}. The bench resets the card`)
      wasReset = true
      await resetCard()
      before = await modem.subscriber()
    }
    end = await modem.waitForRegistration({ onChange, signal })
    if (end.end === 'stopped') throw failureOf(end, before.imsi)
    // The modem had the time to detect the switch.
    seen = await modem.subscriber()
    const isOld = isStale(seen, iccid)
    stale = isOld ? seen : end.end === 'registered' && isStale(before, iccid) ? before : undefined
    if (stale === undefined || (isOld && wasReset) || tries === MAX_TRIES) break
  }
  const { imsi } = seen
  const operator = await modem.operator()
  const measured = await modem.signal()
  const { name, plmn, technology } = operator ?? {}
  const network = [name, plmn && `(${plmn})`, technology && `over ${technology}`].filter(Boolean).join(' ')
  note(
    `the modem is ${describeRegistrationEnd(end)}; network ${network || 'none'}; signal ${describeSignal(measured) ?? 'none'}`,
    {
      end: end.end,
      registration: plain(end.last),
      operator: plain(operator ?? {}),
      signal: plain(measured),
    },
  )
  if (stale !== undefined)
    throw new ModemError(
      'stale-profile',
      'modem',
      `${describeStaleProfile(stale, iccid)}, even after a reset. Add a reset recipe that powers the card off to rigs/modems, or power the modem off and on`,
    )
  if (end.end !== 'registered') throw failureOf(end, imsi, operator?.selection)
  return {
    registration: end.kind,
    operator: name ?? plmn ?? 'a network that the modem does not name',
    plmn: plmn ?? '',
    imsi,
  }
}

/** Without undefined members, as in JSON. */
const plain = (value: object): Decoded => JSON.parse(JSON.stringify(value)) as Decoded

/** A modem can keep the former profile (openpilot#37779). A modem that reports no ICCID is trusted. */
const isStale = ({ iccid: seen }: ModemSubscriber, iccid: string): boolean =>
  seen !== undefined && !isSameIccid(seen, iccid)

const describeStaleProfile = ({ iccid: seen }: ModemSubscriber, iccid: string): string =>
  `${iccid} is enabled on the card, but the modem still uses ${seen}`

const CODES: Readonly<
  Record<Exclude<RegistrationEnd['end'], 'registered'>, readonly [ModemErrorCode, ModemError['fault']]>
> = {
  denied: ['not-registered', 'network'],
  'timed-out': ['not-registered', 'network'],
  'radio-off': ['radio-off', 'modem'],
  'no-sim': ['no-sim', 'modem'],
  'port-gone': ['no-port', 'rig'],
  silent: ['modem-silent', 'modem'],
  stopped: ['not-registered', 'user'],
}

const failureOf = (
  end: Exclude<RegistrationEnd, { end: 'registered' }>,
  imsi: string | undefined,
  selection?: string,
): ModemError => {
  const [code, fault] = CODES[end.end]
  const wantsPin = end.end === 'no-sim' && (end.sim.sim === 'pin-required' || end.sim.sim === 'puk-required')
  return new ModemError(
    wantsPin ? 'pin-required' : code,
    wantsPin ? 'user' : fault,
    `${describeRegistrationEnd(end)}; ${whatToDo(end, imsi, selection)}`,
    { reason: end.end },
  )
}

const whatToDo = (end: RegistrationEnd, imsi: string | undefined, selection: string | undefined): string => {
  const subscriber = imsi === undefined ? 'the profile' : `IMSI ${imsi}`
  switch (end.end) {
    case 'denied':
      return `no network accepts ${subscriber}. Add it with its keys to the core network of the lab, or order a profile of an operator with coverage here`
    case 'timed-out':
      return selection === 'manual' || selection === 'deregistered'
        ? `the modem does not select a network (AT+COPS? returns ${selection}). AT+COPS=0 selects one automatically`
        : `check the antenna, and whether a network that accepts ${subscriber} has coverage here. To wait longer, set deadlines.registration in the profile of the modem`
    case 'radio-off':
      return 'AT+CFUN=1 switches the radio on. A hardware switch or the airplane-mode pin (W_DISABLE#) can keep it off'
    case 'no-sim':
      return end.sim.sim === 'pin-required' || end.sim.sim === 'puk-required'
        ? 'the profile requires a PIN. Verify it with the tool of the modem, or order a profile without a PIN'
        : 'check the position of the card, and whether the modem uses another slot'
    case 'port-gone':
      return 'check the cable and power of the modem, then run again'
    default:
      return 'run again'
  }
}
