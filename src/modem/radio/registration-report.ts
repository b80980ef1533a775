import { type AtEnd, isCme } from '../at/at-exchange.ts'
import type { AtPort } from '../at/at-port.ts'

/** TS 27.007 §7.2, §10.1.22: the states of registration by their numbers. */
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

/** Who tells: circuit-switched (§7.2), GPRS (§10.1.20), EPS (§10.1.22), 5GS (§10.1.47). */
export const REGISTRATION_COMMANDS = ['CREG', 'CGREG', 'CEREG', 'C5GREG'] as const
export type RegistrationCommand = (typeof REGISTRATION_COMMANDS)[number]

export interface RegistrationReport {
  readonly state: RegistrationState
  /** Location or tracking area, and cell, hexadecimal as told. */
  readonly area?: string
  readonly cell?: string
  /** What the cell is: `E-UTRAN`. */
  readonly technology?: string
  /** Why it was denied (TS 24.008 §10.5.3.6, TS 24.301 §9.9.3.9), where the modem says so. */
  readonly rejectCause?: number
}
/** Commands that the modem does not know are absent. */
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
export const technologyOf = (number: string | undefined): string | undefined =>
  number !== undefined && /^\d{1,2}$/.test(number) ? TECHNOLOGIES[Number(number)] : undefined

/** In the words of TS 24.301 annex A; the numbers are the same in TS 24.008. */
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
  25: 'not authorised for this CSG',
}
export const describeRejection = (cause: number): string => {
  const words = REJECTIONS[cause]
  return words === undefined ? `reject cause ${cause}` : `reject cause ${cause}, ${words}`
}

const fieldsOf = (text: string): string[] => text.split(',').map(field => field.trim())
const stateOf = (digits: string): RegistrationState => REGISTRATION_STATES[Number(digits)] ?? 'unknown'
const bare = (field: string | undefined): string | undefined => field?.replaceAll('"', '') || undefined
const isState = (field: string | undefined): field is string => field !== undefined && /^\d{1,2}$/.test(field)
/** A place is quoted, or has at least the four digits of an area. */
const isPlace = (field: string): boolean => field === '' || /^"[^"]*"$/.test(field) || /^[0-9A-Fa-f]{4,}$/.test(field)

/** Behind the state: area, cell, <AcT>; in CGREG the routing area; then <cause_type> (0: a reject cause), <reject_cause>. */
const readReport = (command: RegistrationCommand, [state, ...more]: readonly string[]): RegistrationReport => {
  const causeAt = command === 'CGREG' ? 4 : 3
  const [area, cell] = [bare(more[0]), bare(more[1])]
  const technology = technologyOf(more[2])
  const cause =
    command !== 'C5GREG' && more[causeAt] === '0' && isState(more[causeAt + 1]) ? more[causeAt + 1] : undefined
  return {
    state: stateOf(state!),
    ...(area === undefined ? {} : { area }),
    ...(cell === undefined ? {} : { cell }),
    ...(technology === undefined ? {} : { technology }),
    ...(cause === undefined ? {} : { rejectCause: Number(cause) }),
  }
}

/** `<n>,<stat>[,…]`: what a read command answers. News has the state alone in front, and a place behind it. */
const readAnswer = (command: RegistrationCommand, text: string): RegistrationReport | undefined => {
  const [mode, state, ...more] = fieldsOf(text)
  if (!/^[0-5]$/.test(mode ?? '') || !isState(state)) return undefined
  if (more.length > 0 && !isPlace(more[0]!)) return undefined
  return readReport(command, [state, ...more])
}

/** `+CEREG: 5`, `+CEREG: 1,"00A1","01234567",7`: an unsolicited result code; undefined for any other line. */
export const readRegistrationNews = (
  line: string,
): { readonly command: RegistrationCommand; readonly report: RegistrationReport } | undefined => {
  const [, name, text] = /^\+(C5?G?E?REG):\s*(.*)$/.exec(line) ?? []
  const command = REGISTRATION_COMMANDS.find(known => known === name)
  if (command === undefined) return undefined
  const fields = fieldsOf(text!)
  if (!isState(fields[0]) || (fields.length > 1 && !isPlace(fields[1]!))) return undefined
  return { command, report: readReport(command, fields) }
}

const NOT_SUPPORTED = 4
const UNKNOWN_COMMAND = [NOT_SUPPORTED, 50, 100]

/** What one of the commands says now; `unknown-command` where the modem has none of that name. */
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

const REGISTERED: Readonly<Partial<Record<RegistrationState, 'home' | 'roaming'>>> = {
  home: 'home',
  roaming: 'roaming',
  'home-no-csfb': 'home',
  'roaming-no-csfb': 'roaming',
}

/**
 * The newest network counts first. SMS alone is no registration for who wants a plan with data; nor are calls alone: what
 * the modem says of its circuit-switched registration (AT+CREG) counts only where it tells of no other.
 */
export const registeredBy = (
  registration: ModemRegistration,
): { readonly command: RegistrationCommand; readonly kind: 'home' | 'roaming' } | undefined => {
  const isTold = REGISTRATION_COMMANDS.some(command => command !== 'CREG' && registration[command] !== undefined)
  for (const command of [...REGISTRATION_COMMANDS].reverse()) {
    if (command === 'CREG' && isTold) continue
    const kind = REGISTERED[registration[command]?.state ?? 'unknown']
    if (kind) return { command, kind }
  }
  return undefined
}

/** `CREG not-registered, CEREG searching`. */
export const describeRegistration = (registration: ModemRegistration): string => {
  const said = REGISTRATION_COMMANDS.flatMap(command => {
    const report = registration[command]
    if (!report) return []
    const { state, technology, rejectCause } = report
    const more = [technology, rejectCause === undefined ? undefined : describeRejection(rejectCause)].filter(Boolean)
    return [`${command} ${state}${more.length > 0 ? ` (${more.join('; ')})` : ''}`]
  })
  return said.length > 0 ? said.join(', ') : 'nothing about its registration'
}
