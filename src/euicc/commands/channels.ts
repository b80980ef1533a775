import type { DecodedCommand } from '../../apdu/command.ts'
import { LAST_CHANNEL } from '../../apdu/logical-channel.ts'
import { OK, type Reply } from '../es10/response.ts'
import type { CardData } from '../state/card-data.ts'

/** MANAGE CHANNEL (TS 102 221 §11.1.17). */
export const manageChannel = (device: CardData, { p1, p2, le, ...command }: DecodedCommand, from: number): Reply => {
  if (p1 === 0x00) {
    if (p2 > LAST_CHANNEL) return { status: 0x6a86 }
    if (p2 === 0 && command.case !== 2) return { status: 0x6700 }
    if (p2 === 0 && le !== 1) return { status: 0x6c01 }
    return open(device, from, p2)
  }
  if (p1 !== 0x80 || p2 > LAST_CHANNEL) return { status: 0x6a86 }
  // The basic channel is always open; TS 102 221 has no command that closes it.
  if (p2 === 0 || !device.channels.has(p2)) return { status: 0x6881 }
  closeChannel(device, p2)
  return OK
}

/** `wanted` 0: the card assigns the channel and returns its number. */
const open = (device: CardData, from: number, wanted: number): Reply => {
  const { channels } = device
  const number = wanted || firstFree(channels)
  if (number === undefined) return { status: 0x6a81 }
  if (channels.has(number)) return { status: 0x6881 }
  // Opened from the basic channel, the new one starts at the MF, else at the current file of the other channel
  // (§8.4.1).
  const opener = channels.get(from)!
  channels.set(number, { application: from === 0 ? 'files' : opener.application })
  device.files.open(number, from === 0 ? undefined : from)
  return wanted === 0 ? { status: 0x9000, data: Uint8Array.of(number) } : OK
}

const firstFree = (channels: ReadonlyMap<number, unknown>): number | undefined => {
  for (let number = 1; number <= LAST_CHANNEL; number++) if (!channels.has(number)) return number
  return undefined
}

export const closeChannel = (device: CardData, number: number): void => {
  device.channels.delete(number)
  device.files.close(number)
}
