import type { Channel } from '../channel.ts'

/** What crossed a channel, whatever it meant. */
export interface Counted {
  readonly channel: Channel
  readonly exchanges: number
  /** Bytes to the card and from it, status words and headers with them. */
  readonly bytesSent: number
  readonly bytesReceived: number
}

/** The same channel, counted; a command that nobody answered counts as sent. */
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
