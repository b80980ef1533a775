import { ApduError, type ApduErrorCode } from '../../apdu/errors.ts'
import { decodeClass } from '../../apdu/logical-channel.ts'
import { ModemError, type ModemErrorCode } from '../errors.ts'
import { type AtCommand, type AtEnd, describeEnd, isCme } from './at-exchange.ts'
import type { AtPort } from './at-port.ts'

/** Milliseconds. A card may calculate for minutes while it installs a profile; most commands answer at once. */
export interface AtDeadlines {
  readonly ordinary: number
  /** AT+CGLA and AT+CSIM. */
  readonly apdu: number
  /** AT+CCHC. */
  readonly closeChannel: number
  /** From the card's power-up until it answers. */
  readonly cardReady: number
  /** From the enabling of a profile until a network has taken it. */
  readonly registration: number
}
export const DEADLINES: AtDeadlines = {
  ordinary: 10_000,
  apdu: 240_000,
  closeChannel: 30_000,
  cardReady: 30_000,
  registration: 180_000,
}

/** Upper case: there are modems that take no other (T99W696, CSIM). */
const toAtHex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()

/** TS 27.007 §9.2.1: with these the modem speaks of the card, which failed or is the wrong one. */
const OF_THE_CARD = [13, 15]

/**
 * The error for a command that gave no response APDU; what the modem says of the card is told as the card's. With
 * anything else the card may be as it should: the cause, a ModemError, says that the modem spoke for itself.
 */
export const noResponse = (what: string, end: AtEnd): ApduError => {
  const message = `${what}: the modem answered ${describeEnd(end)}`
  const byModem = (code: ApduErrorCode, its: ModemErrorCode, said = message): ApduError =>
    new ApduError(code, said, { cause: new ModemError(its, 'modem', said) })
  if (end.end === 'port-gone') return new ApduError('port-gone', `${what}: the modem's port is gone`)
  if (end.end === 'timed-out')
    return byModem('timed-out', 'modem-silent', `${what}: ${end.why ?? 'the modem did not answer before the deadline'}`)
  if (end.end === 'garbage') return byModem('bad-response', 'modem-garbled')
  if (isCme(end, 10)) return new ApduError('card-removed', message)
  return isCme(end, ...OF_THE_CARD) ? new ApduError('card-mute', message) : byModem('card-mute', 'modem-refused')
}

/**
 * `+CGLA: 8,"01029000"` (TS 27.007 §8.43, §8.17): the length counts characters. The name, blanks and quotes are not
 * always there; the length is, and a line where it is wrong is no response.
 */
const RESPONSE = /(\d+)\s*,\s*("?)([0-9A-Fa-f]*)\2$/
const commandFor = (name: 'CGLA' | 'CSIM', text: string): AtCommand => ({
  text,
  reply: new RegExp(`^\\+${name}:\\s*${RESPONSE.source}`),
  bareReply: new RegExp(`^${RESPONSE.source}`),
  accept: ([, length, , digits]) =>
    Number(length) === digits!.length && digits!.length % 2 === 0 && digits!.length >= 4,
  single: true,
})

const readResponse = (what: string, end: AtEnd): Uint8Array => {
  if (end.end !== 'ok' || !end.reply) throw noResponse(what, end)
  return new Uint8Array(Buffer.from(end.reply[3]!, 'hex'))
}

/** A card that has just got its power is busy for a moment; so often, and so many milliseconds apart, it is asked again. */
const BUSY = { tries: 5, everyMs: 1_000 }
const [NOT_ALLOWED, SIM_BUSY] = [3, 14]

/**
 * The three ways of a modem to its card, as TS 27.007 §8.17 and §8.43 to §8.45 have them. A SIM that is busy, and one
 * that the modem has put to sleep, has not seen the command: then it is sent again, after `wake` where that is needed.
 */
export const createAtApdu = (port: AtPort, deadlines: AtDeadlines, wake: readonly string[] = []) => {
  let isWoken = false
  const askCard = async (command: AtCommand, deadlineMs: number): Promise<AtEnd> => {
    for (let tried = 1; ; tried++) {
      const end = await port.ask(command, deadlineMs)
      if (isCme(end, SIM_BUSY) && tried < BUSY.tries) await port.settle(BUSY.everyMs)
      else if (isCme(end, NOT_ALLOWED) && !isWoken && wake.length > 0) {
        isWoken = true
        for (const text of wake) await port.ask({ text }, deadlines.ordinary)
      } else return end
    }
  }
  return {
    /** AT+CSIM: the basic channel, and whatever the class byte names. */
    csim: async (command: Uint8Array): Promise<Uint8Array> => {
      const digits = toAtHex(command)
      const text = `AT+CSIM=${digits.length},"${digits}"`
      return readResponse('AT+CSIM', await askCard(commandFor('CSIM', text), deadlines.apdu))
    },
    /** AT+CGLA: on the session of AT+CCHO. The modem sets the channel in the class byte; ours must name none. */
    cgla: async (session: string, command: Uint8Array): Promise<Uint8Array> => {
      const digits = toAtHex(withoutChannel(command))
      const text = `AT+CGLA=${session},${digits.length},"${digits}"`
      return readResponse('AT+CGLA', await askCard(commandFor('CGLA', text), deadlines.apdu))
    },
    /** AT+CCHO: a session with an application. What it is named by is no channel number: it may be `000000000385a7cf`. */
    ccho: (aid: Uint8Array): Promise<AtEnd> =>
      askCard(
        {
          text: `AT+CCHO="${toAtHex(aid)}"`,
          reply: /^\+CCHO:\s*"?([0-9A-Fa-f]{1,16})"?$/,
          bareReply: /^"?(\d{1,3}|[0-9A-Fa-f]{8}|[0-9A-Fa-f]{16})"?$/,
          single: true,
        },
        deadlines.ordinary,
      ),
    /** AT+CCHC. */
    cchc: (session: string): Promise<AtEnd> => port.ask({ text: `AT+CCHC=${session}` }, deadlines.closeChannel),
  }
}
export type AtApdu = ReturnType<typeof createAtApdu>

const withoutChannel = (command: Uint8Array): Uint8Array => {
  const cla = command[0]!
  const { proprietary, chaining, secureMessaging } = decodeClass(cla)
  const out = Uint8Array.from(command)
  out[0] = cla & 0x40 ? (proprietary ? 0x80 : 0) | (chaining ? 0x10 : 0) | (secureMessaging ? 0x08 : 0) : cla & 0xfc
  return out
}
