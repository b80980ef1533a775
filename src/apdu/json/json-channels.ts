import type { Channel } from '../channel.ts'
import { type DecodedCommand, decodeCommand, encodeCommand } from '../command.ts'
import { ApduError, isApduError } from '../errors.ts'
import { classFor, getLogicalChannel, LAST_CHANNEL } from '../logical-channel.ts'
import { getResponseData, getStatus, respond } from '../status.ts'
import type { ApduAnswer, ApduFunction } from './apdu-json.ts'

/** How a logical channel number of the caller is realized. */
type Mapping =
  /** Opened by the caller without a selection: the peer opens channels by AID, so SELECT opens it. */
  | { readonly kind: 'reserved' }
  /** Opened by the peer with `logic_channel_open`. */
  | { readonly kind: 'peer'; readonly number: number; readonly aid: Uint8Array }
  /** Opened with MANAGE CHANNEL over `transmit`, because the peer does not open channels. */
  | { readonly kind: 'managed'; readonly number: number }

const [MANAGE_CHANNEL, SELECT] = [0x70, 0xa4]
const NO_SUCH_CHANNEL = 0x6881
const NO_SUCH_APPLICATION = 0x6a82

export type AskJson = (func: ApduFunction, param: Uint8Array | null) => Promise<ApduAnswer>

/**
 * A Channel over APDU JSON. The peer opens a logical channel and selects an application in one operation, so MANAGE
 * CHANNEL only reserves a number, and SELECT opens the channel. If the peer opens no channel, both commands are sent to
 * the card over the basic channel.
 */
export const createJsonChannels = (ask: AskJson) => {
  const opened = new Map<number, Mapping>()

  const transmit = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const { ecode, data } = await ask('transmit', bytes)
    if (ecode < 0)
      throw new ApduError(
        'link-refused',
        `the program that owns the card could not transmit the command (ecode ${ecode})`,
      )
    if (data.length < 2)
      throw new ApduError(
        'link-refused',
        `the program that owns the card returned ${data.length} bytes, which is too short for a status word`,
      )
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
    const mapping = opened.get(number)
    if (!mapping) return respond(NO_SUCH_CHANNEL)
    opened.delete(number)
    if (mapping.kind === 'managed') return transmit(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, mapping.number))
    if (mapping.kind === 'peer') await ask('logic_channel_close', Uint8Array.of(mapping.number))
    return respond(0x9000)
  }

  /** Opens a reserved channel with SELECT by AID. */
  const openFor = async (number: number, command: DecodedCommand, bytes: Uint8Array): Promise<Uint8Array> => {
    const { ecode } = await ask('logic_channel_open', command.data)
    if (ecode > LAST_CHANNEL)
      throw new ApduError(
        'link-refused',
        `the program that owns the card opened logical channel ${ecode}, and the maximum is 19`,
      )
    // 0 is the basic channel, which cannot be opened or closed.
    if (ecode <= 0) return openManaged(number, bytes)
    opened.set(number, { kind: 'peer', number: ecode, aid: command.data })
    // The peer does not return the response to its SELECT. A second SELECT of the same application does.
    const answer = await transmitOn(ecode, bytes)
    return isSelected(answer) ? answer : respond(0x9000)
  }

  const openManaged = async (number: number, bytes: Uint8Array): Promise<Uint8Array> => {
    try {
      const managed = await transmit(encodeCommand({ cla: 0, ins: MANAGE_CHANNEL, p1: 0, p2: 0, le: 1 }))
      const [card] = getResponseData(managed)
      if (getStatus(managed) !== 0x9000 || card === undefined) return respond(NO_SUCH_APPLICATION)
      const answer = await transmitOn(card, bytes)
      if (isSelected(answer)) opened.set(number, { kind: 'managed', number: card })
      else await transmit(Uint8Array.of(0x00, MANAGE_CHANNEL, 0x80, card))
      return answer
    } catch (error) {
      // The peer reserves the basic channel: the failure of `logic_channel_open` is the answer.
      if (isApduError(error, 'link-refused')) return respond(NO_SUCH_APPLICATION)
      throw error
    }
  }

  const channel: Channel = {
    transmit: async bytes => {
      const command = decodeCommand(bytes)
      const interindustry = (command.cla & 0x80) === 0
      if (interindustry && command.ins === MANAGE_CHANNEL) return manage(command)
      const number = getLogicalChannel(command.cla)
      if (number === 0) return transmit(bytes)
      const mapping = opened.get(number)
      if (!mapping) return respond(NO_SUCH_CHANNEL)
      if (mapping.kind === 'managed') return transmitOn(mapping.number, bytes)
      const selects = interindustry && command.ins === SELECT && command.p1 === 0x04
      if (mapping.kind === 'reserved') return selects ? openFor(number, command, bytes) : respond(0x6985)
      if (selects && Buffer.compare(mapping.aid, command.data) !== 0) {
        await ask('logic_channel_close', Uint8Array.of(mapping.number))
        opened.set(number, { kind: 'reserved' })
        return openFor(number, command, bytes)
      }
      return transmitOn(mapping.number, bytes)
    },
  }
  /** `forget`: call it after a reset of the card, which closes all logical channels. */
  return { channel, forget: () => opened.clear() }
}

const isSelected = (answer: Uint8Array): boolean => {
  const sw1 = getStatus(answer) >> 8
  return sw1 === 0x90 || sw1 === 0x91 || sw1 === 0x61
}
