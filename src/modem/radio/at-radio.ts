import { type AtEnd, describeEnd, isCme } from '../at/at-exchange.ts'
import type { AtPort } from '../at/at-port.ts'
import { technologyOf } from './registration-report.ts'

/** What of a command's reply is wanted, or undefined where the modem does not tell it. */
const askText = async (port: AtPort, name: string, deadline: number): Promise<string | undefined> => {
  const end = await port.ask({ text: `AT+${name}`, reply: replyOf(name.replace(/\?$/, '')) }, deadline)
  return end.end === 'ok' ? end.reply?.[1] : undefined
}
const replyOf = (name: string): RegExp => new RegExp(`^\\+${name}:\\s*(.*)$`)

/** Lower edges, in dBm and dB; what is not told, or not measured, is absent. */
export interface Signal {
  /** Whatever the technology (AT+CSQ). */
  readonly rssi?: number
  readonly rscp?: number
  readonly rsrp?: number
  readonly rsrq?: number
  readonly ssRsrp?: number
  readonly ssRsrq?: number
  readonly ssSinr?: number
}

/** TS 27.007 §8.5 <rssi>: 99 and 199 are "not known". From 100 on it is TD-SCDMA's RSCP. */
const rssiOf = (number: number): number | undefined => {
  if (number <= 31) return -113 + 2 * number
  return number >= 100 && number <= 191 ? number - 216 : undefined
}

/** TS 27.007 §8.69: name, greatest value, and what a value means. */
const CESQ: readonly (readonly [field: keyof Signal, at: number, most: number, of: (value: number) => number])[] = [
  ['rscp', 2, 96, value => value - 121],
  ['rsrq', 4, 34, value => value / 2 - 20],
  ['rsrp', 5, 97, value => value - 141],
  ['ssRsrq', 6, 126, value => value / 2 - 43.5],
  ['ssRsrp', 7, 126, value => value - 157],
  ['ssSinr', 8, 127, value => value / 2 - 23.5],
]

export const parseCsq = (text: string): Signal => {
  const rssi = /^(\d{1,3})\s*,\s*\d{1,2}$/.exec(text)?.[1]
  const dbm = rssi === undefined ? undefined : rssiOf(Number(rssi))
  return dbm === undefined ? {} : { rssi: dbm }
}

export const parseCesq = (text: string): Signal => {
  if (!/^\d{1,3}(\s*,\s*\d{1,3}){5,8}$/.test(text)) return {}
  const numbers = text.split(',').map(Number)
  return Object.fromEntries(
    CESQ.filter(([, at, most]) => numbers[at] !== undefined && numbers[at] <= most).map(([field, at, , of]) => [
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
  /** TS 27.007 §7.3 <mode>: somebody has told the modem which network to take, or none. */
  readonly selection: 'automatic' | 'manual' | 'deregistered' | 'other'
}

const SELECTIONS = ['automatic', 'manual', 'deregistered', 'other', 'manual'] as const

/** `+COPS: 0,2,"26201",7`; the name is not always quoted, and not always there. */
export const parseCops = (text: string): ModemOperator | undefined => {
  const found = /^(\d)(?:\s*,\s*(\d)\s*,\s*(?:"([^"]*)"|([^",]*))(?:\s*,\s*(\d{1,2}))?)?/.exec(text)
  if (!found) return undefined
  const [, mode, format, quoted, unquoted, act] = found
  const said = (quoted ?? unquoted)?.trim()
  const technology = technologyOf(act)
  return {
    selection: SELECTIONS[Number(mode)] ?? 'other',
    ...(said ? (format === '2' && /^\d{5,6}$/.test(said) ? { plmn: said } : { name: said }) : {}),
    ...(technology === undefined ? {} : { technology }),
  }
}

/** Name and number of the network, for which the modem is asked in both formats. */
export const readOperator = async (port: AtPort, deadline: number): Promise<ModemOperator | undefined> => {
  let operator: ModemOperator | undefined
  for (const format of [0, 2]) {
    await port.ask({ text: `AT+COPS=3,${format}` }, deadline)
    operator = { ...operator, ...(parseCops((await askText(port, 'COPS?', deadline)) ?? '') ?? operator!) }
  }
  return operator?.selection === undefined ? undefined : operator
}

/** TS 27.007 §8.2 <fun>: 0 takes the card's power too, 4 the radio's alone. */
export type Functionality = 'minimum' | 'full' | 'radio-off' | 'other'

export const readFunctionality = async (port: AtPort, deadline: number): Promise<Functionality | undefined> => {
  const said = /^(\d+)/.exec((await askText(port, 'CFUN?', deadline)) ?? '')?.[1]
  if (said === undefined) return undefined
  return ({ 0: 'minimum', 1: 'full', 4: 'radio-off' } as const)[Number(said)] ?? 'other'
}

/** What the modem says of its card (TS 27.007 §8.3). */
export type SimState = 'ready' | 'pin-required' | 'puk-required' | 'locked' | 'absent' | 'busy' | 'failed'
export interface SimReport {
  readonly sim: SimState
  /** In the modem's words. */
  readonly said: string
}

const simOfWords = (said: string): SimState => {
  if (said === 'READY') return 'ready'
  if (/^SIM PIN2?$/.test(said)) return 'pin-required'
  if (/^SIM PUK2?$/.test(said)) return 'puk-required'
  // PH-SIM PIN, PH-NET PIN …: the device is bound to another card or network.
  if (/^PH-/.test(said)) return 'locked'
  return /NOT INSERTED|NO SIM|NOT READY/i.test(said) ? 'absent' : 'failed'
}
const simOfEnd = (end: AtEnd): SimState | undefined => {
  if (isCme(end, 10)) return 'absent'
  if (isCme(end, 11)) return 'pin-required'
  if (isCme(end, 12)) return 'puk-required'
  if (isCme(end, 5)) return 'locked'
  if (isCme(end, 14)) return 'busy'
  return isCme(end, 13, 15) ? 'failed' : undefined
}

/** Undefined where the modem says nothing that tells: a refusal to answer is none of the card's. */
export const readSim = async (port: AtPort, deadline: number): Promise<SimReport | undefined> => {
  const end = await port.ask({ text: 'AT+CPIN?', reply: replyOf('CPIN') }, deadline)
  if (end.end === 'ok') {
    const said = end.reply![1]!.replaceAll('"', '').trim()
    return { sim: simOfWords(said), said: `+CPIN: ${said}` }
  }
  const sim = simOfEnd(end)
  return sim && { sim, said: describeEnd(end) }
}

/** Who the modem takes its card for. */
export interface ModemSubscriber {
  readonly iccid?: string
  readonly imsi?: string
}

/** The makers have not agreed on a name for the command that tells the ICCID. */
const ICCID_COMMANDS = ['CCID', 'ICCID', 'QCCID'] as const

export const readSubscriber = async (port: AtPort, deadline: number): Promise<ModemSubscriber> => {
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
