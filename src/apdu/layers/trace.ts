import type { Channel } from '../channel.ts'

/** One exchange as it was seen at the waist. */
export interface TracedExchange {
  readonly command: Uint8Array
  /** Absent when there was none; then `error` is what transmit rejected with. */
  readonly response?: Uint8Array
  readonly error?: unknown
  readonly tookMs: number
}

/** The same channel, each exchange shown to `onExchange`. `now` counts milliseconds. */
export const traced = (
  channel: Channel,
  onExchange: (exchange: TracedExchange) => void,
  now: () => number,
): Channel => ({
  transmit: async command => {
    const began = now()
    let response: Uint8Array
    try {
      response = await channel.transmit(command)
    } catch (error) {
      onExchange({ command, error, tookMs: now() - began })
      throw error
    }
    onExchange({ command, response, tookMs: now() - began })
    return response
  },
})
