import type { Channel } from '../channel.ts'
import { isApduError } from '../errors.ts'
import { closeLogicalChannel, openLogicalChannel, selectByAid } from '../logical-channel.ts'
import { type ApduAnswer, type ApduQuestion, encodeAnswer, readQuestion } from './apdu-json.ts'

/** The answering side of APDU JSON: a card for whoever asks. */
export interface JsonAnswerer {
  /** The line that answers `line`; a line that is no question is answered with a failure. */
  answer(line: string): Promise<string>
  /** Whoever asked is gone: closes the logical channels that are still open. */
  end(): Promise<void>
}

const FAILED: ApduAnswer = { ecode: -1, data: new Uint8Array(0) }
const DONE: ApduAnswer = { ecode: 0, data: new Uint8Array(0) }

export interface JsonAnswererOptions {
  /** What connecting does to the card, such as resetting it; the ATR that it resolves with is told as `data`. */
  readonly onConnect?: () => Promise<Uint8Array>
  /** Told of what the answer, a bare -1, does not tell. */
  readonly onFailure?: (error: unknown) => void
  /** Told of each command that the card has answered: whoever asked got past what failed before. */
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

  const transceiveOk = async ({ func, param }: ApduQuestion): Promise<ApduAnswer> => {
    switch (func) {
      case 'connect':
        if (onConnect === undefined) {
          await end()
          return DONE
        }
        // A reset closes what was open.
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
        return encodeAnswer(await transceiveOk(question))
      } catch (error) {
        onFailure?.(error)
        if (!isApduError(error)) throw error
        return encodeAnswer(FAILED)
      }
    },
  }
}
