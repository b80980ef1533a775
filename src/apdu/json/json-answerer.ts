import type { Channel } from '../channel.ts'
import { isApduError } from '../errors.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../logical-channel.ts'
import { type ApduAnswer, type ApduQuestion, encodeAnswer, readQuestion } from './apdu-json.ts'

/** The card side of APDU JSON. */
export interface JsonAnswerer {
  /** Returns the answer to `line`: a failure if the line is not a question. */
  answer(line: string): Promise<string>
  /** Closes the logical channels that the peer left open. */
  end(): Promise<void>
}

const FAILED: ApduAnswer = { ecode: -1, data: new Uint8Array(0) }
const DONE: ApduAnswer = { ecode: 0, data: new Uint8Array(0) }

export interface JsonAnswererOptions {
  /** Called for `connect`, for example to reset the card. Its ATR becomes the `data` of the answer. */
  readonly onConnect?: () => Promise<Uint8Array>
  /** Receives the reason of a failure: the answer contains only -1. */
  readonly onFailure?: (error: unknown) => void
  /** Called for each command that the card answered: the peer continued after an earlier failure. */
  readonly onAnswered?: () => void
}

export const createJsonAnswerer = (
  channel: Channel,
  { onConnect, onFailure, onAnswered }: JsonAnswererOptions = {},
): JsonAnswerer => {
  const opened = new Set<number>()

  const close = async (number: number): Promise<void> => {
    opened.delete(number)
    await closeLogicalChannel(channel, number)
  }
  const end = async (): Promise<void> => {
    for (const number of [...opened])
      await close(number).catch(error => {
        if (!isApduError(error)) throw error
      })
  }

  const execute = async ({ func, param }: ApduQuestion): Promise<ApduAnswer> => {
    switch (func) {
      case 'connect':
        if (onConnect === undefined) {
          await end()
          return DONE
        }
        // The reset closes all logical channels.
        opened.clear()
        return { ecode: 0, data: await onConnect() }
      case 'disconnect':
        await end()
        return DONE
      case 'logic_channel_open': {
        if (param === null) return FAILED
        const number = await openLogicalChannel(channel)
        opened.add(number)
        try {
          await selectByAid(channel, number, param)
        } catch (error) {
          await close(number)
          throw error
        }
        return { ...DONE, ecode: number }
      }
      case 'logic_channel_close':
        if (param?.length !== 1) return FAILED
        await close(param[0]!)
        return DONE
      case 'transmit': {
        if (param === null) return FAILED
        const data = await channel.transmit(param)
        onAnswered?.()
        return { ecode: 0, data }
      }
    }
  }

  return {
    end,
    answer: async line => {
      const question = readQuestion(line)
      if (question === undefined) return encodeAnswer(FAILED)
      try {
        return encodeAnswer(await execute(question))
      } catch (error) {
        onFailure?.(error)
        if (!isApduError(error)) throw error
        return encodeAnswer(FAILED)
      }
    },
  }
}
