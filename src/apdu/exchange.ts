import type { Channel } from './channel.ts'
import { type Command, decodeCommand, encodeCommand } from './command.ts'
import { ApduError } from './errors.ts'
import { dataOf, getStatus, isOk, refusal } from './status.ts'

export interface Answer {
  readonly data: Uint8Array
  /** SW1 SW2 of the last response: 9000, or 91xx with a proactive command waiting, or what the card says no with. */
  readonly status: number
}

export interface ExchangeOptions {
  /** Told the length of the proactive command that waits after a 91xx, once the response is complete. */
  readonly onProactive?: ((length: number) => void | Promise<void>) | undefined
}

/** Far above any response of SGP.22 and TS 102 221; a card that goes on beyond it will never end. */
const LONGEST_RESPONSE = 1 << 20

/**
 * One command and its whole response, in the terms of TS 102 221 §7.3.1.1: 6Cxx repeats the command with the length
 * the card names, 61xx collects with GET RESPONSE. A status word that says no is an answer.
 *
 * GET RESPONSE goes out in the class of the command. TS 102 221 table 10.5 lists it for the interindustry classes
 * only, but the devices in the field repeat the class, and cards are tested with those.
 */
export const transceive = async (
  channel: Channel,
  command: Command | Uint8Array,
  { onProactive }: ExchangeOptions = {},
): Promise<Answer> => {
  const { cla } = command instanceof Uint8Array ? decodeCommand(command) : command
  let response = await transmitHandling6Cxx(channel, command)
  const parts = [dataOf(response)]
  let total = parts[0]!.length
  for (let status = getStatus(response); status >> 8 === 0x61 || status >> 8 === 0x9f; status = getStatus(response)) {
    response = await transmitHandling6Cxx(channel, { cla, ins: 0xc0, p1: 0, p2: 0, le: status & 0xff || 0x100 })
    const part = dataOf(response)
    if (part.length === 0 && isOk(getStatus(response)))
      throw new ApduError('bad-response', 'the card announced a response and gave an empty one to GET RESPONSE')
    parts.push(part)
    total += part.length
    if (total > LONGEST_RESPONSE)
      throw new ApduError('bad-response', `the card's response does not end (${total} bytes so far)`)
  }
  const status = getStatus(response)
  if (status >> 8 === 0x91) await onProactive?.(status & 0xff || 0x100)
  return { data: parts.length === 1 ? parts[0]! : join(parts, total), status }
}

/** As {@link transceive}, for a command that must succeed: another status word than a normal ending is an ApduError `refused`. */
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
  // Only once: a card that answers 6Cxx to the length it asked for would keep us here.
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
