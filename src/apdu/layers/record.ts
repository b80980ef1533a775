import type { Card, Channel } from '../channel.ts'
import { type CardLayer, forward, forwardChannel } from './compose.ts'

/** One command APDU with its response. */
export interface CardExchange {
  readonly kind: 'apdu'
  readonly command: Uint8Array
  /** Absent if `transmit` rejected; `error` is then the reason. */
  readonly response?: Uint8Array
  readonly error?: unknown
  readonly tookMs: number
}
/** The card was opened (reason `open`) or reset by a layer above (reason `request`). */
export interface CardReset {
  readonly kind: 'reset'
  readonly reason: 'open' | 'request'
  /** Absent if the reset failed; `error` is then the reason. Empty if the link hides the ATR. */
  readonly atr?: Uint8Array
  readonly error?: unknown
  readonly tookMs: number
}
export type CardEvent = CardExchange | CardReset

export interface CardObserver {
  /** Milliseconds, for `tookMs`. */
  stopwatch(): number
  onEvent(event: CardEvent): void
  /** The card below is closed. A rejection becomes the rejection of `close`. */
  onClose?(): void
}

/** Reports each exchange and reset to `observer`, in the order in which they reach the card. */
export const recordCard =
  (observer: CardObserver): CardLayer =>
  card => {
    const { stopwatch, onEvent, onClose } = observer
    const reset = async (): Promise<Uint8Array> => {
      const began = stopwatch()
      let atr: Uint8Array
      try {
        atr = await card.reset()
      } catch (error) {
        onEvent({ kind: 'reset', reason: 'request', error, tookMs: stopwatch() - began })
        throw error
      }
      onEvent({ kind: 'reset', reason: 'request', atr, tookMs: stopwatch() - began })
      return atr
    }
    const exclusive: Card['exclusive'] = procedure =>
      card.exclusive(channel => procedure(recordChannel(channel, observer)))
    return forward(card, { reset, exclusive, close: () => card.close().finally(onClose) })
  }

/** Reports each exchange of `channel` to `onEvent`. */
export const recordChannel = (
  channel: Channel,
  { stopwatch, onEvent }: { stopwatch(): number; onEvent(exchange: CardExchange): void },
): Channel =>
  forwardChannel(channel, async function transmitRecorded(command) {
    const began = stopwatch()
    let response: Uint8Array
    try {
      response = await channel.transmit(command)
    } catch (error) {
      onEvent({ kind: 'apdu', command, error, tookMs: stopwatch() - began })
      throw error
    }
    onEvent({ kind: 'apdu', command, response, tookMs: stopwatch() - began })
    return response
  })
