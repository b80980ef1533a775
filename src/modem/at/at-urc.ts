import type { AtPort } from './at-port.ts'

export interface ModemIdentity {
  readonly imei: string | undefined
  readonly manufacturer: string | undefined
  readonly model: string | undefined
  readonly firmware: string | undefined
  /** The response to ATI, in one line. */
  readonly information: string | undefined
}

/** The value of an identification response, plain (`FM350-GL`) or with its name (`+CGMM: "EG25"`). */
const toNamePattern = (command: string): RegExp =>
  new RegExp(`^(?:\\+${command}:\\s*)?"?(?!RING$|AT\\+)([^"+^%*][^"]*?)"?$`)
export const IMEI = /^(?:\+CGSN:\s*)?"?(\d{15})\d{0,2}"?$/

const askOne = async (port: AtPort, text: string, reply: RegExp, deadline: number): Promise<string | undefined> => {
  const end = await port.ask({ text, reply }, deadline)
  return end.end === 'ok' ? end.reply?.[1] : undefined
}

/** Values that the modem does not report are absent. The IMEI becomes the response that resynchronizes the port. */
export const readIdentity = async (port: AtPort, deadline: number): Promise<ModemIdentity> => {
  const imei = await askOne(port, 'AT+CGSN', IMEI, deadline)
  if (imei !== undefined)
    port.setProbe({ text: 'AT+CGSN', reply: new RegExp(`^(?:\\+CGSN:\\s*)?"?${imei}\\d{0,2}"?$`) })
  const manufacturer = await askOne(port, 'AT+CGMI', toNamePattern('CGMI'), deadline)
  const model = await askOne(port, 'AT+CGMM', toNamePattern('CGMM'), deadline)
  const firmware = await askOne(port, 'AT+CGMR', toNamePattern('CGMR'), deadline)
  const ati = await port.ask({ text: 'ATI' }, deadline)
  const lines = ati.end === 'ok' ? ati.lines.filter(line => !/^[+^%*]|^RING$/.test(line)) : []
  return { imei, manufacturer, model, firmware, information: lines.length > 0 ? lines.join(' ') : undefined }
}

/** The commands that control the LPA of a modem (TS 27.007 §20.2 to §20.8, Release 19). */
const EUICC_COMMANDS = [
  'CEUICCPD',
  'CEUICCPM',
  'CEUICCPMETAI',
  'CEUICCMEMRESET',
  'CEUICCSMDPA',
  'CGEUICCID',
  'CEUICCPNM',
] as const

/** The commands that the modem lists (AT+CLAC, TS 27.007 §8.37), or that pass a test command. None is executed. */
export const readEuiccCommands = async (
  port: AtPort,
  { deadline, mayTest }: { deadline: number; mayTest: boolean },
): Promise<readonly string[]> => {
  const listed = await port.ask({ text: 'AT+CLAC' }, deadline)
  if (listed.end === 'ok' && listed.lines.length > 0) {
    const names = listed.lines.flatMap(line => line.split(/[\s,]+/)).map(name => name.replace(/^(AT)?\+/i, ''))
    return EUICC_COMMANDS.filter(name => names.includes(name))
  }
  if (!mayTest) return []
  const known = await port.ask({ text: 'AT+CGEUICCID=?' }, deadline)
  return known.end === 'ok' ? ['CGEUICCID'] : []
}
