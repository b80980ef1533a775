import type { Channel } from '../../src/apdu/channel.ts'
import { decodeCommand } from '../../src/apdu/command.ts'
import { channelOf, classFor } from '../../src/apdu/logical-channel.ts'
import { dataOf, statusOf } from '../../src/apdu/status.ts'
import type { After, BytePort } from '../../src/modem/at-port.ts'
import { bytes, hex } from '../apdu/scripted-channel.ts'

/** What modems do differently from one another; each is named in the list of quirks or in TS 27.007. */
export interface Manners {
  /** Repeats each command, unless told ATE0. */
  readonly echo?: boolean
  /** Names of sessions: a modem may count them or not. */
  readonly session?: (count: number) => string
  /** `AT+CCHO` answers `1` without its name (FM350). */
  readonly bareCcho?: boolean
  /** `+CGLA:4` without a blank (A7908E). */
  readonly noBlank?: boolean
  /** No logical channel commands at all (DW5821e). */
  readonly noCcho?: boolean
  /** `AT+CSIM` takes upper-case digits only (T99W696). */
  readonly upperCaseOnly?: boolean
  readonly noCsim?: boolean
  /** Lines that come of their own between command and answer. */
  readonly news?: readonly string[]
  /** NUL bytes before each answer. */
  readonly nul?: boolean
}

const NO = 'ERROR'

/** An AT modem in front of a card: one command line in, its answer's lines out. Refuses what it was not told. */
export const createFakeModem = (card: Channel & { reset?(): Promise<unknown> }, manners: Manners = {}) => {
  const sessions = new Map<string, number>()
  const asked: string[] = []
  let echo = manners.echo ?? false
  let count = 0

  const respond = (name: string, response: Uint8Array): string[] => {
    const digits = hex(response).toUpperCase()
    return [`+${name}:${manners.noBlank ? '' : ' '}${digits.length},"${digits}"`, 'OK']
  }
  const apdu = (length: string, digits: string): Uint8Array | undefined =>
    Number(length) === digits.length && digits.length % 2 === 0 ? bytes(digits) : undefined

  const open = async (aid: string): Promise<string[]> => {
    const channel = dataOf(await card.transmit(bytes('0070000001')))[0]
    if (channel === undefined) return ['+CME ERROR: 20']
    const select = { cla: classFor(channel, 0), ins: 0xa4, p1: 4, p2: 0, data: bytes(aid) }
    const head = [select.cla, select.ins, select.p1, select.p2, select.data.length]
    const answer = statusOf(await card.transmit(Uint8Array.from([...head, ...select.data])))
    if (answer !== 0x9000 && answer >> 8 !== 0x61) {
      await card.transmit(Uint8Array.of(0, 0x70, 0x80, channel))
      return ['+CME ERROR: 13']
    }
    const session = (manners.session ?? String)(++count)
    sessions.set(session, channel)
    return [manners.bareCcho ? session : `+CCHO: ${session}`, 'OK']
  }

  const answer = async (command: string): Promise<string[]> => {
    if (command === 'AT' || command === 'AT+CMEE=1') return ['OK']
    if (command === 'ATE0') {
      echo = false
      return ['OK']
    }
    if (command === 'AT+CGSN') return ['356938035643809', 'OK']
    if (command === 'AT+CGMM') return ['Model 1', 'OK']
    if (command === 'AT+CREG?') return ['+CREG: 0,1', 'OK']
    if (command === 'AT+CEREG?') return ['+CEREG: 5', '+CEREG: 2,5,"00A1","01234567",7', 'OK']
    if (command === 'AT+CFUN=0' || command === 'AT+CPIN?')
      return command === 'AT+CPIN?' ? ['+CPIN: READY', 'OK'] : ['OK']
    if (command === 'AT+CFUN=1') {
      sessions.clear()
      await card.reset?.()
      return ['OK']
    }
    const ccho = /^AT\+CCHO="([0-9A-F]+)"$/.exec(command)
    if (ccho && !manners.noCcho) return open(ccho[1]!)
    const cchc = /^AT\+CCHC=(\S+)$/.exec(command)
    if (cchc && !manners.noCcho) {
      const channel = sessions.get(cchc[1]!)
      if (channel === undefined) return NO.split(' ')
      sessions.delete(cchc[1]!)
      await card.transmit(Uint8Array.of(0, 0x70, 0x80, channel))
      return ['OK']
    }
    const cgla = /^AT\+CGLA=([^,]+),(\d+),"([0-9A-F]+)"$/.exec(command)
    if (cgla && !manners.noCcho) {
      const channel = sessions.get(cgla[1]!)
      const inner = apdu(cgla[2]!, cgla[3]!)
      if (channel === undefined || !inner || channelOf(inner[0]!) !== 0) return ['+CME ERROR: 50']
      decodeCommand(inner)
      inner[0] = classFor(channel, inner[0]!)
      return respond('CGLA', await card.transmit(inner))
    }
    const csim = /^AT\+CSIM=(\d+),"([0-9A-Fa-f]+)"$/.exec(command)
    if (csim && !manners.noCsim) {
      if (manners.upperCaseOnly && /[a-f]/.test(csim[2]!)) return [NO]
      const inner = apdu(csim[1]!, csim[2]!)
      return inner ? respond('CSIM', await card.transmit(inner)) : ['+CME ERROR: 50']
    }
    return [NO]
  }

  return {
    asked,
    /** One command, without its CR; resolves with all that the modem sends. */
    hear: async (command: string): Promise<string> => {
      asked.push(command)
      const repeated = echo ? `${command}\r` : ''
      const lines = [...(manners.news ?? []), ...(await answer(command))]
      return `${manners.nul ? '\0\0' : ''}${repeated}${lines.map(line => `\r\n${line}\r\n`).join('')}`
    },
  }
}
export type FakeModem = ReturnType<typeof createFakeModem>

/** Time that passes when the test says so. */
export const createClockwork = () => {
  const waiting = new Set<() => void>()
  const after: After = (_ms, run) => {
    waiting.add(run)
    return () => void waiting.delete(run)
  }
  return {
    after,
    /** Every deadline that runs now is over. */
    pass: () => {
      for (const run of [...waiting]) {
        waiting.delete(run)
        run()
      }
    },
  }
}

/** A port with the modem behind it. `cut` says in which pieces its bytes arrive. */
export const portOf = (
  modem: Pick<FakeModem, 'hear'>,
  cut: (sent: Uint8Array) => Uint8Array[] = sent => [sent],
): BytePort & { pull(): void; send(text: string): void } => {
  let listener: Parameters<BytePort['listen']>[0] | undefined
  let typed = ''
  const send = (text: string) => {
    for (const piece of cut(new Uint8Array(Buffer.from(text, 'latin1')))) listener?.data(piece)
  }
  return {
    listen: heard => {
      listener = heard
    },
    write: async sent => {
      typed += Buffer.from(sent).toString('latin1')
      for (let end = typed.indexOf('\r'); end >= 0; end = typed.indexOf('\r')) {
        const command = typed.slice(0, end)
        typed = typed.slice(end + 1)
        void modem.hear(command).then(send)
      }
    },
    close: async () => {},
    pull: () => listener?.gone(),
    send,
  }
}

export const byteByByte = (sent: Uint8Array): Uint8Array[] => Array.from(sent, byte => Uint8Array.of(byte))
