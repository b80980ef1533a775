import type { AtPort } from './at-port.ts'

export interface ModemIdentity {
  readonly imei: string | undefined
  readonly manufacturer: string | undefined
  readonly model: string | undefined
  readonly firmware: string | undefined
  /** All that it says to ATI, in one line. */
  readonly information: string | undefined
}

/** An answer of identity is bare (`FM350-GL`) or behind the command's name (`+CGMM: "EG25"`). */
const nameOf = (command: string): RegExp => new RegExp(`^(?:\\+${command}:\\s*)?"?(?!RING$|AT\\+)([^"+^%*][^"]*?)"?$`)
export const IMEI = /^(?:\+CGSN:\s*)?"?(\d{15})\d{0,2}"?$/

const askOne = async (port: AtPort, text: string, reply: RegExp, deadline: number): Promise<string | undefined> => {
  const end = await port.ask({ text, reply }, deadline)
  return end.end === 'ok' ? end.reply?.[1] : undefined
}

/** What the modem does not tell is absent. From its IMEI on, nothing else is taken for an answer to the port's probes. */
export const readIdentity = async (port: AtPort, deadline: number): Promise<ModemIdentity> => {
  const imei = await askOne(port, 'AT+CGSN', IMEI, deadline)
  if (imei !== undefined) port.knowBy({ text: 'AT+CGSN', reply: new RegExp(`^(?:\\+CGSN:\\s*)?"?${imei}\\d{0,2}"?$`) })
  const manufacturer = await askOne(port, 'AT+CGMI', nameOf('CGMI'), deadline)
  const model = await askOne(port, 'AT+CGMM', nameOf('CGMM'), deadline)
  const firmware = await askOne(port, 'AT+CGMR', nameOf('CGMR'), deadline)
  const said = await port.ask({ text: 'ATI' }, deadline)
  const lines = said.end === 'ok' ? said.lines.filter(line => !/^[+^%*]|^RING$/.test(line)) : []
  return { imei, manufacturer, model, firmware, information: lines.length > 0 ? lines.join(' ') : undefined }
}

/** The commands with which a modem's own LPA is worked (TS 27.007 §20.2 to §20.8, Release 19). */
const EUICC_COMMANDS = [
  'CEUICCPD',
  'CEUICCPM',
  'CEUICCPMETAI',
  'CEUICCMEMRESET',
  'CEUICCSMDPA',
  'CGEUICCID',
  'CEUICCPNM',
] as const

/** Which of them the modem lists (AT+CLAC, TS 27.007 §8.37), or knows of where it lists nothing. None is sent. */
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
