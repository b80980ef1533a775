import type { Channel } from '../../../src/apdu/channel.ts'

/** Card layer for readers that reject a command of 4 bytes (case 1, ISO/IEC 7816-3 §12.1): appends a length of 0. */
export const addLengthByte = (channel: Channel): Channel => ({
  transmit: command => channel.transmit(command.length === 4 ? Uint8Array.of(...command, 0) : command),
})
