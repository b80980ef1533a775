import type { Channel } from './channel.ts'
import { ApduError, isApduError } from './errors.ts'
import { transceive, transceiveOk } from './exchange.ts'
import { describeStatus, isOk } from './status.ts'

/** The last logical channel that a class byte can name. */
export const LAST_CHANNEL = 19

/** A decoded class byte (ISO/IEC 7816-4 §5.4.1, TS 102 221 §10.1.1, GPCS §11.1.4). */
export interface ClassByte {
  /** '8x', '9x', 'Ax', 'Cx'-'Fx': not interindustry. */
  readonly proprietary: boolean
  readonly channel: number
  /** More commands of this chain follow. */
  readonly chaining: boolean
  readonly secureMessaging: boolean
}

/**
 * Channels 0-3 have two bits in the first coding (x000 ccss); channels 4-19 have four bits, counted from 4, in the
 * further coding (x1sc nnnn). 001x xxxx is reserved and 'FF' is no class byte.
 */
export const decodeClass = (cla: number): ClassByte => {
  if (!Number.isInteger(cla) || cla < 0 || cla > 0xff || cla === 0xff || (cla & 0xe0) === 0x20)
    throw new ApduError('bad-command', `'${cla.toString(16).toUpperCase()}' is not a class byte`)
  const proprietary = (cla & 0x80) !== 0
  const chaining = (cla & 0x10) !== 0
  return cla & 0x40
    ? { proprietary, chaining, channel: 4 + (cla & 0x0f), secureMessaging: (cla & 0x20) !== 0 }
    : { proprietary, chaining, channel: cla & 0x03, secureMessaging: (cla & 0x0c) !== 0 }
}

/** The logical channel that a class byte names. */
export const getLogicalChannel = (cla: number): number => decodeClass(cla).channel

/** `cla`, given for channel 0, on another logical channel. */
export const classFor = (channel: number, cla: number): number => {
  if (!Number.isInteger(channel) || channel < 0 || channel > LAST_CHANNEL)
    throw new ApduError('bad-command', `there is no logical channel ${channel} (0 to ${LAST_CHANNEL})`)
  const { proprietary, chaining, secureMessaging } = decodeClass(cla)
  const outer = (proprietary ? 0x80 : 0) | (chaining ? 0x10 : 0)
  if (channel >= 4) return outer | 0x40 | (secureMessaging ? 0x20 : 0) | (channel - 4)
  // The first coding distinguishes three kinds of secure messaging, the further coding one.
  return cla & 0x40 ? outer | (secureMessaging ? 0x08 : 0) | channel : (cla & 0xfc) | channel
}

/** MANAGE CHANNEL, open, the card assigns the number (TS 102 221 §11.1.17). */
export const openLogicalChannel = async (channel: Channel): Promise<number> => {
  const { data, status } = await transceive(channel, { cla: 0x00, ins: 0x70, p1: 0x00, p2: 0x00, le: 1 })
  if (!isOk(status))
    throw new ApduError('no-channel', `the card opened no logical channel: it answered ${describeStatus(status)}`, {
      status,
    })
  const [number] = data
  if (data.length !== 1 || number! < 1 || number! > LAST_CHANNEL)
    throw new ApduError(
      'bad-response',
      `MANAGE CHANNEL: the card returned no logical channel from 1 to ${LAST_CHANNEL}`,
    )
  return number!
}

/** MANAGE CHANNEL, close. */
export const closeLogicalChannel = async (channel: Channel, number: number): Promise<void> => {
  await transceiveOk(channel, `MANAGE CHANNEL close ${number}`, { cla: 0x00, ins: 0x70, p1: 0x80, p2: number })
}

/** Like {@link closeLogicalChannel}, for a channel that may be closed already: true if the card closed it. */
export const closeIfOpen = async (channel: Channel, number: number): Promise<boolean> => {
  try {
    await closeLogicalChannel(channel, number)
    return true
  } catch (error) {
    if (isApduError(error)) return false
    throw error
  }
}

/** Closes the channels from `first` to `last` that an aborted session left open, and returns their number. */
export const closeLeftOpen = async (channel: Channel, first: number, last: number): Promise<number> => {
  let closed = 0
  for (let number = first; number <= last; number++) if (await closeIfOpen(channel, number)) closed++
  return closed
}

/** Sends SELECT by AID on a logical channel and returns the FCI, or the FCP with `p2` '04' (TS 102 221 §11.1.1). */
export const selectByAid = (
  channel: Channel,
  number: number,
  aid: Uint8Array,
  { p2 = 0x00 }: { p2?: number } = {},
): Promise<Uint8Array> =>
  transceiveOk(channel, 'SELECT by AID', { cla: classFor(number, 0x00), ins: 0xa4, p1: 0x04, p2, data: aid, le: 0x100 })
