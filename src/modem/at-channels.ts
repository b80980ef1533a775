import type { Channel } from '../apdu/channel.ts'
import { type DecodedCommand, decodeCommand } from '../apdu/command.ts'
import { ApduError } from '../apdu/errors.ts'
import { channelOf, classFor, LAST_CHANNEL } from '../apdu/logical-channel.ts'
import { dataOf, respond, statusOf } from '../apdu/status.ts'
import { type AtApdu, noResponse } from './at-apdu.ts'

/** How APDUs travel. `ccho-cgla` where the modem keeps the logical channels, `csim` where we do. */
export type ApduPath = 'ccho-cgla' | 'csim'

/** What stands behind a logical channel number that we gave out. */
type Behind =
  /** Opened, nothing selected: a session is opened for an application, so it waits for the SELECT. */
  | { readonly kind: 'reserved' }
  | { readonly kind: 'session'; readonly session: string; readonly aid: Uint8Array }
  /** A channel of the card's own, over AT+CSIM. */
  | { readonly kind: 'card'; readonly number: number }

const [MANAGE_CHANNEL, SELECT] = [0x70, 0xa4]
const NO_SUCH_CHANNEL = 0x6881

/**
 * A Channel over a modem: the commands that open, select and close logical channels become AT+CCHO and AT+CCHC, those
 * on an open one AT+CGLA. The basic channel goes over AT+CSIM. With `auto`, a modem that opens no session for any
 * application is asked the same over AT+CSIM, and stays on that way if it answers there.
 */
export const createAtChannels = (apdu: AtApdu, asked: ApduPath | 'auto') => {
  const opened = new Map<number, Behind>()
  /** Undefined until the first application was selected. */
  let path: ApduPath | undefined = asked === 'auto' ? undefined : asked

  const lowestFree = (): number | undefined => {
    for (let number = 1; number <= LAST_CHANNEL; number++) if (!opened.has(number)) return number
    return undefined
  }

  const manage = async (bytes: Uint8Array, { p1, p2, le }: DecodedCommand): Promise<Uint8Array> => {
    if (p1 === 0x80) return close(p2)
    if (p1 !== 0x00) return respond(0x6a86)
    const number = p2 === 0 ? lowestFree() : opened.has(p2) || p2 > LAST_CHANNEL ? undefined : p2
    if (number === undefined) return respond(NO_SUCH_CHANNEL)
    if (path === 'csim') {
      const response = await apdu.csim(bytes)
      const card = p2 || dataOf(response)[0]
      if (statusOf(response) !== 0x9000 || card === undefined) return response
      opened.set(number, { kind: 'card', number: card })
    } else opened.set(number, { kind: 'reserved' })
    return le === undefined ? respond(0x9000) : respond(0x9000, Uint8Array.of(number))
  }

  const close = async (number: number): Promise<Uint8Array> => {
    const behind = opened.get(number)
    if (!behind) return respond(NO_SUCH_CHANNEL)
    opened.delete(number)
    if (behind.kind === 'reserved') return respond(0x9000)
    if (behind.kind === 'card') return apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, behind.number))
    const end = await apdu.cchc(behind.session)
    if (end.end === 'port-gone' || end.end === 'timed-out') throw noResponse('AT+CCHC', end)
    return respond(end.end === 'ok' ? 0x9000 : NO_SUCH_CHANNEL)
  }

  /** SELECT by AID where nothing is selected, or something else. */
  const openSession = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    const end = await apdu.ccho(command.data)
    if (end.end === 'ok' && end.reply) {
      path ??= 'ccho-cgla'
      const session = end.reply[1]!
      opened.set(number, { kind: 'session', session, aid: command.data })
      // CCHO keeps what the card answered to itself; a second SELECT of the same application tells it.
      const answer = await apdu.cgla(session, bytes)
      return statusOf(answer) >> 8 === 0x90 || statusOf(answer) >> 8 === 0x61 ? answer : respond(0x9000)
    }
    if (end.end === 'port-gone' || end.end === 'timed-out') throw noResponse('AT+CCHO', end)
    if (end.end === 'cme' && end.error === 10) throw noResponse('AT+CCHO', end)
    // TS 27.007 has no error for "no such application": a modem without CCHO and a card without the application look alike.
    return path === undefined ? openOverCsim(number, bytes) : respond(0x6a82)
  }

  const openOverCsim = async (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    let response: Uint8Array
    try {
      response = await apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x00, 0x00, 0x01))
    } catch (error) {
      if (error instanceof ApduError && (error.code === 'card-mute' || error.code === 'bad-response'))
        return respond(0x6a82)
      throw error
    }
    const [card] = dataOf(response)
    if (statusOf(response) !== 0x9000 || card === undefined) return respond(0x6a82)
    const answer = await onCard(card, bytes)
    if (statusOf(answer) >> 8 === 0x90 || statusOf(answer) >> 8 === 0x61) {
      path = 'csim'
      opened.set(number, { kind: 'card', number: card })
    } else await apdu.csim(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, card))
    return answer
  }

  const onCard = (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    const out = Uint8Array.from(bytes)
    out[0] = classFor(number, bytes[0]!)
    return apdu.csim(out)
  }

  const channel: Channel = {
    transmit: async bytes => {
      const command = decodeCommand(bytes)
      const interindustry = (command.cla & 0x80) === 0
      if (interindustry && command.ins === MANAGE_CHANNEL) return manage(bytes, command)
      const number = channelOf(command.cla)
      if (number === 0) return apdu.csim(bytes)
      const behind = opened.get(number)
      if (!behind) return respond(NO_SUCH_CHANNEL)
      if (behind.kind === 'card') return onCard(behind.number, bytes)
      const selects = interindustry && command.ins === SELECT && command.p1 === 0x04
      if (behind.kind === 'reserved') return selects ? openSession(number, command, bytes) : respond(0x6985)
      if (selects && Buffer.compare(behind.aid, command.data) !== 0) {
        await apdu.cchc(behind.session)
        opened.set(number, { kind: 'reserved' })
        return openSession(number, command, bytes)
      }
      return apdu.cgla(behind.session, bytes)
    },
  }

  return {
    channel,
    get path() {
      return path
    },
    /** The card was reset: what was open is not. */
    forget: () => opened.clear(),
  }
}
