import type { Channel } from '../../apdu/channel.ts'
import { decodeCommand } from '../../apdu/command.ts'
import { isApduError } from '../../apdu/errors.ts'
import { transceive } from '../../apdu/exchange.ts'
import { classFor, closeLogicalChannel, openLogicalChannel, selectByAid } from '../../apdu/logical-channel.ts'
import { dataOf, describeStatus, getStatus, isOk, respond } from '../../apdu/status.ts'
import { fromHex, toHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { withIsdr } from '../../lpa/card/isdr.ts'
import { type CardRuntime, type CardWork, withCard } from '../card/with-card.ts'
import type { CardOptions } from '../options.ts'

export interface ApduOptions extends CardOptions {
  /** On a logical channel with the ISD-R selected. */
  readonly isdr?: boolean
  /** On a logical channel with this application selected. */
  readonly aid?: string
  /** False with `--raw`: 61xx and 6Cxx are answers like others. */
  readonly raw?: boolean
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

const readCommand = (text: string): Uint8Array => {
  const dense = text.replace(/[\s:]/g, '')
  if (!/^([0-9a-f]{2})+$/i.test(dense))
    throw new BenchError(
      'usage',
      `${JSON.stringify(shorten(text))} is not hexadecimal: an APDU is pairs of digits 0-9 and A-F`,
    )
  const bytes = fromHex(dense)
  try {
    decodeCommand(bytes)
  } catch (error) {
    if (!isApduError(error, 'bad-command')) throw error
    throw new BenchError('usage', `${shorten(dense.toUpperCase())} is ${error.message}`, { cause: error })
  }
  return bytes
}

const onChannel = (bytes: Uint8Array, number: number): Uint8Array => {
  const moved = Uint8Array.from(bytes)
  // A command that names a channel of its own is meant so.
  if ((moved[0]! & 0x43) === 0) moved[0] = classFor(number, moved[0]!)
  return moved
}

export interface Exchanged {
  readonly command: string
  readonly response: string
  readonly status: string
  readonly meaning: string
}

/** Raw commands in turn, each with what the card answered. A status word that says no ends with 1, and does not stop the rest. */
export const apduCommand = (runtime: CardRuntime, texts: readonly string[], options: ApduOptions): Promise<number> => {
  const commands = texts.map(readCommand)
  if (commands.length === 0) throw new BenchError('usage', 'which APDU? give it in hexadecimal, such as 00A4000C023F00')
  if (options.isdr && options.aid !== undefined) throw new BenchError('usage', 'give --isdr or --aid, not both')
  const aid = options.aid === undefined ? undefined : readAid(options.aid)
  return withCard(runtime, options, at =>
    at.device.card.exclusive(async channel => {
      const exchanged = await onChosenChannel(at, channel, aid, number => sendAll(at, channel, commands, number))
      at.json({ rig: at.device.rig.name, exchanges: exchanged })
      return exchanged.every(({ status }) => isOk(Number.parseInt(status, 16))) ? 0 : 1
    }),
  )
}

const readAid = (text: string): Uint8Array => {
  const dense = text.replace(/[\s:]/g, '')
  if (!/^([0-9a-f]{2}){5,16}$/i.test(dense))
    throw new BenchError('usage', `${JSON.stringify(text)} is not an AID: 5 to 16 bytes in hexadecimal are expected`)
  return fromHex(dense)
}

const onChosenChannel = async <T>(
  at: CardWork,
  channel: Channel,
  aid: Uint8Array | undefined,
  work: (number: number) => Promise<T>,
): Promise<T> => {
  if ((at.options as ApduOptions).isdr) return withIsdr(channel, at.isdrOptions, isdr => work(isdr.logicalChannel))
  if (aid === undefined) return work(0)
  const number = await openLogicalChannel(channel)
  try {
    await selectByAid(channel, number, aid)
    return await work(number)
  } finally {
    await closeLogicalChannel(channel, number).catch(error => {
      if (!isApduError(error)) throw error
    })
  }
}

const sendAll = async (
  at: CardWork,
  channel: Channel,
  commands: readonly Uint8Array[],
  number: number,
): Promise<Exchanged[]> => {
  const done: Exchanged[] = []
  for (const command of commands) {
    const sent = number === 0 ? command : onChannel(command, number)
    const response = (at.options as ApduOptions).raw ? await channel.transmit(sent) : await whole(channel, sent)
    const status = getStatus(response)
    const data = toHex(dataOf(response)).toUpperCase()
    at.terminal.line(`> ${toHex(sent).toUpperCase()}`)
    at.terminal.line(`< ${data === '' ? '' : `${data} `}${describeStatus(status)}`)
    done.push({
      command: toHex(sent).toUpperCase(),
      response: data,
      status: status.toString(16).toUpperCase().padStart(4, '0'),
      meaning: describeStatus(status).replace(/^\S+ \((.*)\)$/, '$1'),
    })
  }
  return done
}

const whole = async (channel: Channel, command: Uint8Array): Promise<Uint8Array> => {
  const { data, status } = await transceive(channel, command)
  return respond(status, data)
}
