import type { AtPort } from './at-port.ts'

/** TS 27.007 §7.2, §10.1.22: the state of registration, by name. */
export const REGISTRATION_STATES = [
  'not-registered',
  'home',
  'searching',
  'denied',
  'unknown',
  'roaming',
  'home-sms-only',
  'roaming-sms-only',
  'emergency-only',
  'home-no-csfb',
  'roaming-no-csfb',
  'rlos',
] as const
export type RegistrationState = (typeof REGISTRATION_STATES)[number]

export interface ModemRegistration {
  /** CREG: circuit-switched. */
  readonly circuit: RegistrationState | undefined
  /** CEREG: LTE and beyond. */
  readonly packet: RegistrationState | undefined
}

export interface ModemIdentity {
  readonly imei: string | undefined
  readonly manufacturer: string | undefined
  readonly model: string | undefined
  readonly firmware: string | undefined
}

/** An answer of identity is bare (`FM350-GL`) or behind the command's name (`+CGMM: "EG25"`). */
const nameOf = (command: string): RegExp => new RegExp(`^(?:\\+${command}:\\s*)?"?([^"+^%*][^"]*?)"?$`)
const IMEI = /^(?:\+CGSN:\s*)?"?(\d{15})\d{0,2}"?$/

const askOne = async (port: AtPort, text: string, reply: RegExp, deadline: number): Promise<string | undefined> => {
  const end = await port.ask({ text, reply }, deadline)
  return end.end === 'ok' ? end.reply?.[1] : undefined
}

/** What the modem does not tell is absent. */
export const readIdentity = async (port: AtPort, deadline: number): Promise<ModemIdentity> => ({
  imei: await askOne(port, 'AT+CGSN', IMEI, deadline),
  manufacturer: await askOne(port, 'AT+CGMI', nameOf('CGMI'), deadline),
  model: await askOne(port, 'AT+CGMM', nameOf('CGMM'), deadline),
  firmware: await askOne(port, 'AT+CGMR', nameOf('CGMR'), deadline),
})

/**
 * `+CREG: 2,1,...` answers; `+CREG: 1` is news that came meanwhile, whose only number is the state. The answer has at
 * least two numbers without quotes.
 */
const stateReply = (command: string): RegExp => new RegExp(`^\\+${command}:\\s*\\d\\s*,\\s*(\\d{1,2})\\s*(?:,|$)`)

export const readRegistration = async (port: AtPort, deadline: number): Promise<ModemRegistration> => {
  const state = async (command: string) => {
    const digits = await askOne(port, `AT+${command}?`, stateReply(command), deadline)
    return digits === undefined ? undefined : REGISTRATION_STATES[Number(digits)]
  }
  return { circuit: await state('CREG'), packet: await state('CEREG') }
}
