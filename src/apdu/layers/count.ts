import type { Channel } from '../channel.ts'

/** The traffic of a channel. */
export interface Counted {
  readonly channel: Channel
  readonly exchanges: number
  /** Bytes of commands and responses, with headers and status words. */
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** Counts the traffic of `channel`. A command without a response counts as sent. */
export const counted = (channel: Channel): Counted => {
  let [exchanges, bytesSent, bytesReceived] = [0, 0, 0]
  return {
    channel: {
      transmit: async command => {
        exchanges++
        bytesSent += command.length
        const response = await channel.transmit(command)
        bytesReceived += response.length
        return response
      },
    },
    get exchanges() {
      return exchanges
    },
    get bytesSent() {
      return bytesSent
    },
    get bytesReceived() {
      return bytesReceived
    },
  }
}
