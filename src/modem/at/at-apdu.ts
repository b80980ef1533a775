import { ApduError, type ApduErrorCode } from '../../apdu/errors.ts'
import { decodeClass } from '../../apdu/logical-channel.ts'
import { ModemError, type ModemErrorCode } from '../errors.ts'
import { type AtCommand, type AtEnd, describeEnd, isCme } from './at-exchange.ts'
import type { AtPort } from './at-port.ts'

/** Milliseconds. A card may compute for minutes while it installs a profile; most commands return at once. */
export interface AtDeadlines {
  readonly ordinary: number
  /** AT+CGLA and AT+CSIM. */
  readonly apdu: number
  /** AT+CCHC. */
  readonly closeChannel: number
  /** From power-up of the card until it answers. */
  readonly cardReady: number
  /** From enabling a profile until the modem is registered. */
  readonly registration: number
}
export const DEADLINES: AtDeadlines = {
  ordinary: 10_000,
  apdu: 240_000,
  closeChannel: 30_000,
  cardReady: 30_000,
  registration: 180_000,
}

/** Upper case: some modems accept no lower case (T99W696, CSIM). */
const toAtHex = (bytes: Uint8Array): string =>
  Array.from(bytes, byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()

/** TS 27.007 §9.2.1: errors that concern the card, which failed or is the wrong one. */
const CARD_ERRORS = [13, 15]

/**
 * The error for a command without a response APDU. CME errors about the card become card errors. For all others the
 * card may be in order, and the cause is a ModemError.
 */
export const noResponse = (command: string, end: AtEnd): ApduError => {
  const message = `${command}: the modem answered ${describeEnd(end)}`
  const byModem = (code: ApduErrorCode, modemCode: ModemErrorCode, text = message): ApduError =>
    new ApduError(code, text, { cause: new ModemError(modemCode, 'modem', text) })
  if (end.end === 'port-gone') return new ApduError('port-gone', `${command}: the modem's port is closed`)
  if (end.end === 'timed-out')
    return byModem(
      'timed-out',
      'modem-silent',
      `${command}: ${end.why ?? 'the modem did not answer before the deadline'}`,
    )
  if (end.end === 'garbage') return byModem('bad-response', 'modem-garbled')
  if (isCme(end, 10)) return new ApduError('card-removed', message)
  return isCme(end, ...CARD_ERRORS) ? new ApduError('card-mute', message) : byModem('card-mute', 'modem-refused')
}

/**
 * `+CGLA: 8,"01029000"` (TS 27.007 §8.43, §8.17): the length counts characters. Name, blanks and quotes may be missing.
 * A line with an incorrect length is not a response.
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

const readResponse = (name: string, end: AtEnd): Uint8Array => {
  if (end.end !== 'ok' || !end.reply) throw noResponse(name, end)
  return new Uint8Array(Buffer.from(end.reply[3]!, 'hex'))
}

/** A card is busy for a moment after power-up: number of attempts, and their interval in milliseconds. */
const BUSY = { tries: 5, everyMs: 1_000 }
const [NOT_ALLOWED, SIM_BUSY] = [3, 14]

/**
 * The AT commands for APDUs (TS 27.007 §8.17, §8.43 to §8.45). A busy or sleeping SIM has not received the command, so
 * it is sent again, after the `wake` commands if necessary.
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
    /** AT+CSIM: the basic channel, or the logical channel of the class byte. */
    csim: async (command: Uint8Array): Promise<Uint8Array> => {
      const digits = toAtHex(command)
      const text = `AT+CSIM=${digits.length},"${digits}"`
      return readResponse('AT+CSIM', await askCard(commandFor('CSIM', text), deadlines.apdu))
    },
    /** AT+CGLA: in the session of AT+CCHO. The modem sets the channel in the class byte, so ours is the basic one. */
    cgla: async (session: string, command: Uint8Array): Promise<Uint8Array> => {
      const digits = toAtHex(withoutChannel(command))
      const text = `AT+CGLA=${session},${digits.length},"${digits}"`
      return readResponse('AT+CGLA', await askCard(commandFor('CGLA', text), deadlines.apdu))
    },
    /**
     * AT+CCHO: opens a session with an application. Its identifier is not a channel number; it may be
     * `000000000385a7cf`.
     */
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
