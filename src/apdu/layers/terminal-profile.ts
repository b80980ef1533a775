import type { Card } from '../channel.ts'
import { isApduError } from '../errors.ts'
import { transceive } from '../exchange.ts'

/**
 * The same card, which is told with TERMINAL PROFILE (TS 102 223 §6.2) what its terminal can do: after each reset,
 * before anybody says anything else to it. What it then asks (91xx) is served by whoever is next, as always.
 *
 * A card that does not know the command says so, and nothing is lost.
 */
export const sendTerminalProfile = (card: Card, profile: Uint8Array): Card => {
  let isTold = false
  return {
    get atr() {
      return card.atr
    },
    reset: () => {
      isTold = false
      return card.reset()
    },
    exclusive: procedure =>
      card.exclusive(async channel => {
        if (!isTold) {
          await transceive(channel, { cla: 0x80, ins: 0x10, p1: 0, p2: 0, data: profile }).catch(error => {
            // If the card is gone, the next command says so.
            if (!isApduError(error)) throw error
          })
          isTold = true
        }
        return procedure(channel)
      }),
    close: () => card.close(),
  }
}
