import { type AtEnd, describeEnd, isCme } from '../at/at-exchange.ts'
import type { AtPort } from '../at/at-port.ts'
import { getTechnology } from './registration-report.ts'

/** The information response of a command, or undefined. */
const askText = async (port: AtPort, name: string, deadline: number): Promise<string | undefined> => {
  const end = await port.ask({ text: `AT+${name}`, reply: toReplyPattern(name.replace(/\?$/, '')) }, deadline)
  return end.end === 'ok' ? end.reply?.[1] : undefined
}
const toReplyPattern = (name: string): RegExp => new RegExp(`^\\+${name}:\\s*(.*)$`)

/** Lower limits, in dBm and dB; values that are not measured are absent. */
export interface Signal {
  /** For any technology (AT+CSQ). */
  readonly rssi?: number
  readonly rscp?: number
  readonly rsrp?: number
  readonly rsrq?: number
  readonly ssRsrp?: number
  readonly ssRsrq?: number
  readonly ssSinr?: number
}

/** TS 27.007 §8.5 <rssi>: 99 and 199 mean "not known". Values from 100 are RSCP of TD-SCDMA. */
const toRssi = (number: number): number | undefined => {
  if (number <= 31) return -113 + 2 * number
  return number >= 100 && number <= 191 ? number - 216 : undefined
}

/** TS 27.007 §8.69: field, position, maximum, and conversion. */
const CESQ: readonly (readonly [field: keyof Signal, at: number, maximum: number, of: (value: number) => number])[] = [
  ['rscp', 2, 96, value => value - 121],
  ['rsrq', 4, 34, value => value / 2 - 20],
  ['rsrp', 5, 97, value => value - 141],
  ['ssRsrq', 6, 126, value => value / 2 - 43.5],
  ['ssRsrp', 7, 126, value => value - 157],
  ['ssSinr', 8, 127, value => value / 2 - 23.5],
]

export const parseCsq = (text: string): Signal => {
  const rssi = /^(\d{1,3})\s*,\s*\d{1,2}$/.exec(text)?.[1]
  const dbm = rssi === undefined ? undefined : toRssi(Number(rssi))
  return dbm === undefined ? {} : { rssi: dbm }
}

export const parseCesq = (text: string): Signal => {
  if (!/^\d{1,3}(\s*,\s*\d{1,3}){5,8}$/.test(text)) return {}
  const numbers = text.split(',').map(Number)
  return Object.fromEntries(
    CESQ.filter(([, at, maximum]) => numbers[at] !== undefined && numbers[at] <= maximum).map(([field, at, , of]) => [
      field,
      of(numbers[at]!),
    ]),
  )
}

export const readSignal = async (port: AtPort, deadline: number): Promise<Signal> => ({
  ...parseCsq((await askText(port, 'CSQ', deadline)) ?? ''),
  ...parseCesq((await askText(port, 'CESQ', deadline)) ?? ''),
})

/** `-65 dBm, RSRP -95 dBm`. */
export const describeSignal = ({ rssi, rsrp, rsrq, ssRsrp }: Signal): string | undefined => {
  const parts = [
    rssi === undefined ? undefined : `${rssi} dBm`,
    rsrp === undefined ? undefined : `RSRP ${rsrp} dBm`,
    rsrq === undefined ? undefined : `RSRQ ${rsrq} dB`,
    ssRsrp === undefined ? undefined : `SS-RSRP ${ssRsrp} dBm`,
  ].filter(part => part !== undefined)
  return parts.length > 0 ? parts.join(', ') : undefined
}

export interface ModemOperator {
  readonly name?: string
  /** MCC and MNC. */
  readonly plmn?: string
  readonly technology?: string
  /** TS 27.007 §7.3 <mode>: `manual` and `deregistered` are set by a user. */
  readonly selection: 'automatic' | 'manual' | 'deregistered' | 'other'
}

const SELECTIONS = ['automatic', 'manual', 'deregistered', 'other', 'manual'] as const

/** `+COPS: 0,2,"26201",7`; the name may be unquoted or missing. */
export const parseCops = (text: string): ModemOperator | undefined => {
  const found = /^(\d)(?:\s*,\s*(\d)\s*,\s*(?:"([^"]*)"|([^",]*))(?:\s*,\s*(\d{1,2}))?)?/.exec(text)
  if (!found) return undefined
  const [, mode, format, quoted, unquoted, act] = found
  const value = (quoted ?? unquoted)?.trim()
  const technology = getTechnology(act)
  return {
    selection: SELECTIONS[Number(mode)] ?? 'other',
    ...(value ? (format === '2' && /^\d{5,6}$/.test(value) ? { plmn: value } : { name: value }) : {}),
    ...(technology === undefined ? {} : { technology }),
  }
}

/** Name and PLMN of the network; reads both formats. */
export const readOperator = async (port: AtPort, deadline: number): Promise<ModemOperator | undefined> => {
  let operator: ModemOperator | undefined
  for (const format of [0, 2]) {
    await port.ask({ text: `AT+COPS=3,${format}` }, deadline)
    operator = { ...operator, ...(parseCops((await askText(port, 'COPS?', deadline)) ?? '') ?? operator!) }
  }
  return operator?.selection === undefined ? undefined : operator
}

/** TS 27.007 §8.2 <fun>: 0 also powers the card off, 4 only the radio. */
export type Functionality = 'minimum' | 'full' | 'radio-off' | 'other'

export const readFunctionality = async (port: AtPort, deadline: number): Promise<Functionality | undefined> => {
  const text = /^(\d+)/.exec((await askText(port, 'CFUN?', deadline)) ?? '')?.[1]
  if (text === undefined) return undefined
  return ({ 0: 'minimum', 1: 'full', 4: 'radio-off' } as const)[Number(text)] ?? 'other'
}

/** State of the card that the modem reports (TS 27.007 §8.3). */
export type SimState = 'ready' | 'pin-required' | 'puk-required' | 'locked' | 'absent' | 'busy' | 'failed'
export interface SimReport {
  readonly sim: SimState
  /** The text of the modem. */
  readonly text: string
}

const parseSimState = (text: string): SimState => {
  if (text === 'READY') return 'ready'
  if (/^SIM PIN2?$/.test(text)) return 'pin-required'
  if (/^SIM PUK2?$/.test(text)) return 'puk-required'
  // PH-SIM PIN, PH-NET PIN …: the device is locked to another card or network.
  if (/^PH-/.test(text)) return 'locked'
  return /NOT INSERTED|NO SIM|NOT READY/i.test(text) ? 'absent' : 'failed'
}
const toSimState = (end: AtEnd): SimState | undefined => {
  if (isCme(end, 10)) return 'absent'
  if (isCme(end, 11)) return 'pin-required'
  if (isCme(end, 12)) return 'puk-required'
  if (isCme(end, 5)) return 'locked'
  if (isCme(end, 14)) return 'busy'
  return isCme(end, 13, 15) ? 'failed' : undefined
}

/** Undefined if the response does not describe the card. */
export const readSim = async (port: AtPort, deadline: number): Promise<SimReport | undefined> => {
  const end = await port.ask({ text: 'AT+CPIN?', reply: toReplyPattern('CPIN') }, deadline)
  if (end.end === 'ok') {
    const text = end.reply![1]!.replaceAll('"', '').trim()
    return { sim: parseSimState(text), text: `+CPIN: ${text}` }
  }
  const sim = toSimState(end)
  return sim && { sim, text: describeEnd(end) }
}

/** The subscriber that the modem reports. */
export interface ModemSubscriber {
  readonly iccid?: string
  readonly imsi?: string
}

/** The name of the command for the ICCID depends on the manufacturer. */
const ICCID_COMMANDS = ['CCID', 'ICCID', 'QCCID'] as const

export const readModemSubscriber = async (port: AtPort, deadline: number): Promise<ModemSubscriber> => {
  const imsi = await port.ask({ text: 'AT+CIMI', reply: /^(?:\+CIMI:\s*)?"?(\d{6,15})"?$/ }, deadline)
  let iccid: string | undefined
  for (const name of ICCID_COMMANDS) {
    const reply = /^(?:\+Q?I?CCID:\s*)?"?(\d{18,20})F?"?$/i
    const end = await port.ask({ text: `AT+${name}`, reply }, deadline)
    if (end.end === 'ok') iccid = end.reply![1]
    if (end.end === 'ok' || end.end === 'port-gone') break
  }
  return {
    ...(iccid === undefined ? {} : { iccid }),
    ...(imsi.end === 'ok' ? { imsi: imsi.reply![1]! } : {}),
  }
}
