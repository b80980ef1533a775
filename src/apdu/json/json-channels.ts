import type { Channel } from '../channel.ts'
import { type DecodedCommand, decodeCommand, encodeCommand } from '../command.ts'
import { ApduError, isApduError } from '../errors.ts'
import { channelOf, classFor, LAST_CHANNEL } from '../logical-channel.ts'
import { dataOf, getStatus, respond } from '../status.ts'
import type { ApduAnswer, ApduFunction } from './apdu-json.ts'

/** What stands behind a logical channel number that we gave out. */
type Behind =
  /** Opened, nothing selected: the other side opens a channel for an application, so it waits for the SELECT. */
  | { readonly kind: 'reserved' }
  /** Opened by `logic_channel_open`, and closed by `logic_channel_close`. */
  | { readonly kind: 'theirs'; readonly number: number; readonly aid: Uint8Array }
  /** Opened by MANAGE CHANNEL over `transmit`, because the other side opens none. */
  | { readonly kind: 'ours'; readonly number: number }

const [MANAGE_CHANNEL, SELECT] = [0x70, 0xa4]
const NO_SUCH_CHANNEL = 0x6881
const NO_SUCH_APPLICATION = 0x6a82

export type Ask = (func: ApduFunction, param: Uint8Array | null) => Promise<ApduAnswer>

/**
 * A Channel over APDU JSON. Programs that answer it open a logical channel and select an application in one, as modems
 * do: so MANAGE CHANNEL only reserves a number, and the SELECT that follows on it opens. Where the other side opens
 * nothing, both commands go to the card as they are, over the basic channel.
 */
export const createJsonChannels = (ask: Ask) => {
  const opened = new Map<number, Behind>()

  const transmit = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const { ecode, data } = await ask('transmit', bytes)
    if (ecode < 0) throw new ApduError('link-refused', `the way to the card could not transmit: ecode ${ecode}`)
    if (data.length < 2)
      throw new ApduError('link-refused', `the way to the card gave ${data.length} bytes where a status word is due`)
    return data
  }
  const transmitOn = (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    const out = Uint8Array.from(bytes)
    out[0] = classFor(number, bytes[0]!)
    return transmit(out)
  }

  const manage = async ({ p1, p2, le }: DecodedCommand): Promise<Uint8Array> => {
    if (p1 === 0x80) return close(p2)
    if (p1 !== 0x00 || p2 > LAST_CHANNEL) return respond(0x6a86)
    let number: number | undefined = p2
    if (p2 === 0) for (number = 1; opened.has(number); ) number++
    if (number > LAST_CHANNEL || opened.has(number)) return respond(NO_SUCH_CHANNEL)
    opened.set(number, { kind: 'reserved' })
    return le === undefined ? respond(0x9000) : respond(0x9000, Uint8Array.of(number))
  }

  const close = async (number: number): Promise<Uint8Array> => {
    const behind = opened.get(number)
    if (!behind) return respond(NO_SUCH_CHANNEL)
    opened.delete(number)
    if (behind.kind === 'ours') return transmit(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, behind.number))
    if (behind.kind === 'theirs') await ask('logic_channel_close', Uint8Array.of(behind.number))
    return respond(0x9000)
  }

  /** SELECT by AID where nothing is selected. */
  const openFor = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    const { ecode } = await ask('logic_channel_open', command.data)
    if (ecode > LAST_CHANNEL)
      throw new ApduError('link-refused', `the way to the card opened logical channel ${ecode}; a card has 19`)
    // 0 is the basic channel, which nobody opens and nobody may close.
    if (ecode <= 0) return openOurselves(number, bytes)
    opened.set(number, { kind: 'theirs', number: ecode, aid: command.data })
    // What the card answered stays with the other side; a second SELECT of the same application tells it.
    const answer = await transmitOn(ecode, bytes)
    return isSelected(answer) ? answer : respond(0x9000)
  }

  const openOurselves = async (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    try {
      const managed = await transmit(encodeCommand({ cla: 0, ins: MANAGE_CHANNEL, p1: 0, p2: 0, le: 1 }))
      const [card] = dataOf(managed)
      if (getStatus(managed) !== 0x9000 || card === undefined) return respond(NO_SUCH_APPLICATION)
      const answer = await transmitOn(card, bytes)
      if (isSelected(answer)) opened.set(number, { kind: 'ours', number: card })
      else await transmit(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, card))
      return answer
    } catch (error) {
      // It keeps the basic channel to itself: then its own refusal to open is the whole answer.
      if (isApduError(error, 'link-refused')) return respond(NO_SUCH_APPLICATION)
      throw error
    }
  }

  const channel: Channel = {
    transmit: async bytes => {
      const command = decodeCommand(bytes)
      const interindustry = (command.cla & 0x80) === 0
      if (interindustry && command.ins === MANAGE_CHANNEL) return manage(command)
      const number = channelOf(command.cla)
      if (number === 0) return transmit(bytes)
      const behind = opened.get(number)
      if (!behind) return respond(NO_SUCH_CHANNEL)
      if (behind.kind === 'ours') return transmitOn(behind.number, bytes)
      const selects = interindustry && command.ins === SELECT && command.p1 === 0x04
      if (behind.kind === 'reserved') return selects ? openFor(number, command, bytes) : respond(0x6985)
      if (selects && Buffer.compare(behind.aid, command.data) !== 0) {
        await ask('logic_channel_close', Uint8Array.of(behind.number))
        opened.set(number, { kind: 'reserved' })
        return openFor(number, command, bytes)
      }
      return transmitOn(behind.number, bytes)
    },
  }
  /** `forget`: the card was reset, what was open is not. */
  return { channel, forget: () => opened.clear() }
}

const isSelected = (answer: Uint8Array): boolean => {
  const sw1 = getStatus(answer) >> 8
  return sw1 === 0x90 || sw1 === 0x91 || sw1 === 0x61
}
