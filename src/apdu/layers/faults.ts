import type { Channel } from '../channel.ts'
import { ApduError, type ApduErrorCode } from '../errors.ts'

/** A fault is a function from a channel to a channel: it works on a real card exactly as on the software one. */
export type Fault = (channel: Channel) => Channel

/** The card is pulled after `exchanges` exchanges: the next command does not reach it, and nothing after that. */
export const pullCardAfter = (exchanges: number): Fault =>
  failAfter(exchanges, 'card-removed', 'the card was removed from the reader')

/** The card falls silent after `exchanges` exchanges. */
export const muteAfter = (exchanges: number): Fault =>
  failAfter(exchanges, 'card-mute', 'the card is present and does not answer')

/** The card does what command number `index` (from 0) says, but nobody hears its response, nor any later one. */
export const loseResponse =
  (index: number): Fault =>
  channel => {
    let count = 0
    return {
      transmit: async command => {
        if (count++ > index) throw new ApduError('card-removed', 'the card was removed from the reader')
        const response = await channel.transmit(command)
        if (count > index) throw new ApduError('card-removed', 'the card was removed before its response came')
        return response
      },
    }
  }

/** The response to command number `index` (from 0) reaches us changed. */
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

/** Command number `index` (from 0) is answered by `answer` without reaching the card. */
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
