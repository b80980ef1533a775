import type { Channel } from './channel.ts'
import { type Command, decodeCommand, encodeCommand } from './command.ts'
import { ApduError } from './errors.ts'
import { getResponseData, getStatus, isOk, refusal } from './status.ts'

export interface Answer {
  readonly data: Uint8Array
  /** SW1 SW2 of the last response: 9000, 91xx (a proactive command is pending), or an error. */
  readonly status: number
}

export interface ExchangeOptions {
  /** Receives the length of the pending proactive command after SW 91xx, once the response is complete. */
  readonly onProactive?: ((length: number) => void | Promise<void>) | undefined
}

/** More than any response of SGP.22 and TS 102 221. */
const MAX_RESPONSE_LENGTH = 1 << 20

/**
 * Sends one command and collects the response (TS 102 221 §7.3.1.1): SW 6Cxx repeats the command with the correct Le,
 * SW 61xx is followed by GET RESPONSE. An error status word is an answer.
 *
 * GET RESPONSE has the class of the command. TS 102 221 table 10.5 lists interindustry classes only, but devices in the
 * field repeat the class, and cards are tested with them.
 */
export const transceive = async (
  channel: Channel,
  command: Command | Uint8Array,
  { onProactive }: ExchangeOptions = {},
): Promise<Answer> => {
  const { cla } = command instanceof Uint8Array ? decodeCommand(command) : command
  let response = await transmitHandling6Cxx(channel, command)
  const parts = [getResponseData(response)]
  let total = parts[0]!.length
  for (let status = getStatus(response); status >> 8 === 0x61 || status >> 8 === 0x9f; status = getStatus(response)) {
    response = await transmitHandling6Cxx(channel, { cla, ins: 0xc0, p1: 0, p2: 0, le: status & 0xff || 0x100 })
    const part = getResponseData(response)
    if (part.length === 0 && isOk(getStatus(response)))
      throw new ApduError('bad-response', 'the card announced response data and returned none to GET RESPONSE')
    parts.push(part)
    total += part.length
    if (total > MAX_RESPONSE_LENGTH)
      throw new ApduError('bad-response', `the response of the card is longer than ${MAX_RESPONSE_LENGTH} bytes`)
  }
  const status = getStatus(response)
  if (status >> 8 === 0x91) await onProactive?.(status & 0xff || 0x100)
  return { data: parts.length === 1 ? parts[0]! : join(parts, total), status }
}

/** Like {@link transceive}, but throws an ApduError `refused` unless the status word is a normal ending. */
export const transceiveOk = async (
  channel: Channel,
  what: string,
  command: Command,
  options: ExchangeOptions = {},
): Promise<Uint8Array> => {
  const { data, status } = await transceive(channel, command, options)
  if (!isOk(status)) throw refusal(what, status)
  return data
}

const transmitHandling6Cxx = async (channel: Channel, command: Command | Uint8Array): Promise<Uint8Array> => {
  const bytes = command instanceof Uint8Array ? command : encodeCommand(command)
  const response = await channel.transmit(bytes)
  const status = getStatus(response)
  // Only once: a card that repeats 6Cxx would cause an endless loop.
  if (status >> 8 !== 0x6c) return response
  const parts = command instanceof Uint8Array ? decodeCommand(bytes) : command
  return channel.transmit(encodeCommand({ ...parts, le: status & 0xff || 0x100 }))
}

const join = (parts: readonly Uint8Array[], length: number): Uint8Array => {
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
