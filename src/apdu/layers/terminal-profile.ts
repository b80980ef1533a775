import { isApduError } from '../errors.ts'
import { transceive } from '../exchange.ts'
import { type CardLayer, forward, forwardChannel } from './compose.ts'

/**
 * Sends TERMINAL PROFILE (TS 102 223 §6.2) before the first command after opening and after each reset.
 * A card without toolkit support rejects it, which has no consequence.
 */
export const sendTerminalProfile =
  (profile: Uint8Array): CardLayer =>
  card => {
    let isSent = false
    return forward(card, {
      reset: () => {
        isSent = false
        return card.reset()
      },
      exclusive: procedure =>
        card.exclusive(channel =>
          procedure(
            forwardChannel(channel, async function transmitAfterTerminalProfile(command) {
              if (!isSent) {
                await transceive(channel, { cla: 0x80, ins: 0x10, p1: 0, p2: 0, data: profile }).catch(error => {
                  // If the card is gone, the command of the caller fails with the same error.
                  if (!isApduError(error)) throw error
                })
                isSent = true
              }
              return channel.transmit(command)
            }),
          ),
        ),
    })
  }
