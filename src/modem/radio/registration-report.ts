import { type AtEnd, isCme } from '../at/at-exchange.ts'
import type { AtPort } from '../at/at-port.ts'

/** TS 27.007 §7.2, §10.1.22: the registration states by number. */
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
export type ModemRegistrationState = (typeof REGISTRATION_STATES)[number]

/** Registration by domain: circuit-switched (§7.2), GPRS (§10.1.20), EPS (§10.1.22), 5GS (§10.1.47). */
export const REGISTRATION_COMMANDS = ['CREG', 'CGREG', 'CEREG', 'C5GREG'] as const
export type RegistrationCommand = (typeof REGISTRATION_COMMANDS)[number]

export interface RegistrationReport {
  readonly state: ModemRegistrationState
  /** Location or tracking area, and cell; hexadecimal. */
  readonly area?: string
  readonly cell?: string
  /** The technology of the cell: `E-UTRAN`. */
  readonly technology?: string
  /** The reject cause, if the modem reports one (TS 24.008 §10.5.3.6, TS 24.301 §9.9.3.9). */
  readonly rejectCause?: number
}
/** Commands that the modem does not support are absent. */
export type ModemRegistration = Readonly<Partial<Record<RegistrationCommand, RegistrationReport>>>

/** TS 27.007 §7.3, <AcT>. */
const TECHNOLOGIES = [
  'GSM',
  'GSM Compact',
  'UTRAN',
  'GSM with EGPRS',
  'UTRAN with HSDPA',
  'UTRAN with HSUPA',
  'UTRAN with HSPA',
  'E-UTRAN',
  'EC-GSM-IoT',
  'E-UTRAN NB-IoT',
  'E-UTRA to 5GCN',
  'NR to 5GCN',
  'NG-RAN',
  'E-UTRA-NR dual connectivity',
] as const
export const getTechnology = (number: string | undefined): string | undefined =>
  number !== undefined && /^\d{1,2}$/.test(number) ? TECHNOLOGIES[Number(number)] : undefined

/** Texts of TS 24.301 annex A; TS 24.008 has the same numbers. */
const REJECTIONS: Readonly<Record<number, string>> = {
  2: 'IMSI unknown in HSS',
  3: 'illegal UE: the network could not authenticate it',
  5: 'IMEI not accepted',
  6: 'illegal ME',
  7: 'EPS services not allowed',
  8: 'EPS and non-EPS services not allowed',
  11: 'PLMN not allowed',
  12: 'tracking area not allowed',
  13: 'roaming not allowed in this tracking area',
  14: 'EPS services not allowed in this PLMN',
  15: 'no suitable cells in the tracking area',
  17: 'network failure',
  20: 'MAC failure',
  21: 'synch failure',
  22: 'congestion',
  25: 'not authorized for this CSG',
}
export const describeRejection = (cause: number): string => {
  const words = REJECTIONS[cause]
  return words === undefined ? `reject cause ${cause}` : `reject cause ${cause}, ${words}`
}

const splitFields = (text: string): string[] => text.split(',').map(field => field.trim())
const toState = (digits: string): ModemRegistrationState => REGISTRATION_STATES[Number(digits)] ?? 'unknown'
const bare = (field: string | undefined): string | undefined => field?.replaceAll('"', '') || undefined
const isState = (field: string | undefined): field is string => field !== undefined && /^\d{1,2}$/.test(field)
/** An area is quoted, or has at least four digits. */
const isArea = (field: string): boolean => field === '' || /^"[^"]*"$/.test(field) || /^[0-9A-Fa-f]{4,}$/.test(field)

/**
 * After the state: area, cell, <AcT>; for CGREG the routing area; then <cause_type> (0: a reject cause),
 * <reject_cause>.
 */
const readReport = (command: RegistrationCommand, [state, ...more]: readonly string[]): RegistrationReport => {
  const causeAt = command === 'CGREG' ? 4 : 3
  const [area, cell] = [bare(more[0]), bare(more[1])]
  const technology = getTechnology(more[2])
  const cause =
    command !== 'C5GREG' && more[causeAt] === '0' && isState(more[causeAt + 1]) ? more[causeAt + 1] : undefined
  return {
    state: toState(state!),
    ...(area === undefined ? {} : { area }),
    ...(cell === undefined ? {} : { cell }),
    ...(technology === undefined ? {} : { technology }),
    ...(cause === undefined ? {} : { rejectCause: Number(cause) }),
  }
}

/** Parses `<n>,<stat>[,…]`, the response of a read command. A URC begins with the state, followed by an area. */
const readAnswer = (command: RegistrationCommand, text: string): RegistrationReport | undefined => {
  const [mode, state, ...more] = splitFields(text)
  if (!/^[0-5]$/.test(mode ?? '') || !isState(state)) return undefined
  if (more.length > 0 && !isArea(more[0]!)) return undefined
  return readReport(command, [state, ...more])
}

/** Parses the URC `+CEREG: 5` or `+CEREG: 1,"00A1","01234567",7`; undefined for any other line. */
export const parseRegistrationUrc = (
  line: string,
): { readonly command: RegistrationCommand; readonly report: RegistrationReport } | undefined => {
  const [, name, text] = /^\+(C5?G?E?REG):\s*(.*)$/.exec(line) ?? []
  const command = REGISTRATION_COMMANDS.find(known => known === name)
  if (command === undefined) return undefined
  const fields = splitFields(text!)
  if (!isState(fields[0]) || (fields.length > 1 && !isArea(fields[1]!))) return undefined
  return { command, report: readReport(command, fields) }
}

const NOT_SUPPORTED = 4
const UNKNOWN_COMMAND = [NOT_SUPPORTED, 50, 100]

/** Reads the registration with one command; `unknown-command` if the modem does not support it. */
export const askRegistration = async (
  port: AtPort,
  command: RegistrationCommand,
  deadline: number,
): Promise<RegistrationReport | 'unknown-command' | Exclude<AtEnd, { end: 'ok' }>> => {
  const end = await port.ask(
    {
      text: `AT+${command}?`,
      reply: new RegExp(`^\\+${command}:\\s*(.*)$`),
      bareReply: /^(\d\s*,\s*\d{1,2}(?:\s*,.*)?)$/,
      accept: ([, text]) => readAnswer(command, text!) !== undefined,
    },
    deadline,
  )
  if (end.end === 'error' || isCme(end, ...UNKNOWN_COMMAND)) return 'unknown-command'
  if (end.end !== 'ok') return end
  return readAnswer(command, end.reply![1]!)!
}

export const readRegistration = async (port: AtPort, deadline: number): Promise<ModemRegistration> => {
  const found: Partial<Record<RegistrationCommand, RegistrationReport>> = {}
  for (const command of REGISTRATION_COMMANDS) {
    const report = await askRegistration(port, command, deadline)
    if (typeof report === 'object' && 'state' in report) found[command] = report
  }
  return found
}

const REGISTERED: Readonly<Partial<Record<ModemRegistrationState, 'home' | 'roaming'>>> = {
  home: 'home',
  roaming: 'roaming',
  'home-no-csfb': 'home',
  'roaming-no-csfb': 'roaming',
}

/**
 * The newest network has priority. SMS-only is no registration for a data plan. AT+CREG (circuit-switched) counts only
 * if the modem reports no other domain.
 */
export const getRegistered = (
  registration: ModemRegistration,
): { readonly command: RegistrationCommand; readonly kind: 'home' | 'roaming' } | undefined => {
  const hasOther = REGISTRATION_COMMANDS.some(command => command !== 'CREG' && registration[command] !== undefined)
  for (const command of [...REGISTRATION_COMMANDS].reverse()) {
    if (command === 'CREG' && hasOther) continue
    const kind = REGISTERED[registration[command]?.state ?? 'unknown']
    if (kind) return { command, kind }
  }
  return undefined
}

/** `CREG not-registered, CEREG searching`. */
export const describeRegistration = (registration: ModemRegistration): string => {
  const parts = REGISTRATION_COMMANDS.flatMap(command => {
    const report = registration[command]
    if (!report) return []
    const { state, technology, rejectCause } = report
    const more = [technology, rejectCause === undefined ? undefined : describeRejection(rejectCause)].filter(Boolean)
    return [`${command} ${state}${more.length > 0 ? ` (${more.join('; ')})` : ''}`]
  })
  return parts.length > 0 ? parts.join(', ') : 'no registration state'
}
