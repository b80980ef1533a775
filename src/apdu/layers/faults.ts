import type { Channel } from '../channel.ts'
import { ApduError, type ApduErrorCode } from '../errors.ts'

/** An injected fault: it has the same effect on hardware and on the software eUICC. */
export type Fault = (channel: Channel) => Channel

/** The card is removed after `exchanges` exchanges. Later commands do not reach it. */
export const pullCardAfter = (exchanges: number): Fault =>
  failAfter(exchanges, 'card-removed', 'the card was removed from the reader')

/** The card stops answering after `exchanges` exchanges. */
export const muteAfter = (exchanges: number): Fault =>
  failAfter(exchanges, 'card-mute', 'the card is present and does not answer')

/** The card executes command number `index` (from 0), but its response and later ones are lost. */
export const loseResponse =
  (index: number): Fault =>
  channel => {
    let count = 0
    return {
      transmit: async command => {
        if (count++ > index) throw new ApduError('card-removed', 'the card was removed from the reader')
        const response = await channel.transmit(command)
        if (count > index) throw new ApduError('card-removed', 'the card was removed before it responded')
        return response
      },
    }
  }

/** The response to command number `index` (from 0) is changed. */
export const corruptResponse =
  (index: number, change: (response: Uint8Array) => Uint8Array): Fault =>
  channel => {
    let count = 0
    return {
      transmit: async command => {
        const response = await channel.transmit(command)
        return count++ === index ? change(response) : response
      },
    }
  }

/** Command number `index` (from 0) is answered with `answer` and does not reach the card. */
export const answerInstead =
  (index: number, answer: Uint8Array): Fault =>
  channel => {
    let count = 0
    return { transmit: command => (count++ === index ? Promise.resolve(answer) : channel.transmit(command)) }
  }

const failAfter =
  (exchanges: number, code: ApduErrorCode, message: string): Fault =>
  channel => {
    let count = 0
    return {
      transmit: async command => {
        if (count++ >= exchanges) throw new ApduError(code, message)
        return channel.transmit(command)
      },
    }
  }
