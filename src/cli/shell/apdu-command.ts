import type { Channel } from '../../apdu/channel.ts'
import { decodeCommand } from '../../apdu/command.ts'
import { isApduError } from '../../apdu/errors.ts'
import { transceive } from '../../apdu/exchange.ts'
import { classFor, closeLogicalChannel, openLogicalChannel, selectByAid } from '../../apdu/logical-channel.ts'
import { describeStatus, getResponseData, getStatus, isOk, respond } from '../../apdu/status.ts'
import { fromHex, toHex } from '../../asn1/bytes.ts'
import { BenchError } from '../../host/error.ts'
import { withIsdr } from '../../lpa/card/isdr.ts'
import type { ApduOptions } from '../card/card-options.ts'
import { type CardRuntime, type CardWork, withCard } from '../card/with-card.ts'

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

const readCommand = (text: string): Uint8Array => {
  const dense = text.replace(/[\s:]/g, '')
  if (!/^([0-9a-f]{2})+$/i.test(dense))
    throw new BenchError(
      'usage',
      `${JSON.stringify(shorten(text))} is not hexadecimal; write an APDU in pairs of the digits 0-9 and A-F`,
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

const moveToChannel = (bytes: Uint8Array, logicalChannel: number): Uint8Array => {
  const moved = Uint8Array.from(bytes)
  // Keep a logical channel that the command already selects.
  if ((moved[0]! & 0x43) === 0) moved[0] = classFor(logicalChannel, moved[0]!)
  return moved
}

export interface ApduExchange {
  readonly command: string
  readonly response: string
  readonly status: string
  readonly meaning: string
}

/** Sends commands and shows the responses. The exit code is 1 if one status word is an error. */
export const apduCommand = (runtime: CardRuntime, texts: readonly string[], options: ApduOptions): Promise<number> => {
  const commands = texts.map(readCommand)
  if (commands.length === 0)
    throw new BenchError('usage', 'no APDU is given; write it in hexadecimal, such as 00A4000C023F00')
  if (options.isdr && options.aid !== undefined) throw new BenchError('usage', 'give either --isdr or --aid')
  const aid = options.aid === undefined ? undefined : readAid(options.aid)
  return withCard(runtime, options, at =>
    at.device.card.exclusive(async channel => {
      const exchanges = await onChosenChannel(at, channel, aid, logicalChannel =>
        sendAll(at, channel, commands, logicalChannel),
      )
      at.json({ rig: at.device.rig.name, exchanges })
      return exchanges.every(({ status }) => isOk(Number.parseInt(status, 16))) ? 0 : 1
    }),
  )
}

const readAid = (text: string): Uint8Array => {
  const dense = text.replace(/[\s:]/g, '')
  if (!/^([0-9a-f]{2}){5,16}$/i.test(dense))
    throw new BenchError('usage', `${JSON.stringify(text)} is not an AID; an AID has 5 to 16 bytes in hexadecimal`)
  return fromHex(dense)
}

const onChosenChannel = async <T>(
  at: CardWork,
  channel: Channel,
  aid: Uint8Array | undefined,
  work: (logicalChannel: number) => Promise<T>,
): Promise<T> => {
  if ((at.options as ApduOptions).isdr) return withIsdr(channel, at.isdrOptions, isdr => work(isdr.logicalChannel))
  if (aid === undefined) return work(0)
  const logicalChannel = await openLogicalChannel(channel)
  try {
    await selectByAid(channel, logicalChannel, aid)
    return await work(logicalChannel)
  } finally {
    await closeLogicalChannel(channel, logicalChannel).catch(error => {
      if (!isApduError(error)) throw error
    })
  }
}

const sendAll = async (
  at: CardWork,
  channel: Channel,
  commands: readonly Uint8Array[],
  logicalChannel: number,
): Promise<ApduExchange[]> => {
  const done: ApduExchange[] = []
  for (const command of commands) {
    const sent = logicalChannel === 0 ? command : moveToChannel(command, logicalChannel)
    const response = (at.options as ApduOptions).raw ? await channel.transmit(sent) : await transceiveAll(channel, sent)
    const status = getStatus(response)
    const data = toHex(getResponseData(response)).toUpperCase()
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

const transceiveAll = async (channel: Channel, command: Uint8Array): Promise<Uint8Array> => {
  const { data, status } = await transceive(channel, command)
  return respond(status, data)
}
