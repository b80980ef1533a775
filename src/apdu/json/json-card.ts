import type { Card } from '../channel.ts'
import { ApduError, isApduError } from '../errors.ts'
import { createMutex } from '../mutex.ts'
import type { ApduFunction } from './apdu-json.ts'
import { type After, createJsonAsker, type LinePort } from './json-asker.ts'
import { createJsonChannels } from './json-channels.ts'

/** Deadlines in milliseconds. A modem behind the peer may need minutes for one command (AT+CGLA: 240 s). */
export const JSON_DEADLINES: Readonly<Record<ApduFunction, number>> = {
  connect: 30_000,
  logic_channel_open: 30_000,
  transmit: 240_000,
  logic_channel_close: 30_000,
  disconnect: 2_000,
}

/** How long `close` waits for the running procedure. */
const CLOSE_DEADLINE_MS = 10_000

/**
 * Opens a card behind a program or socket that implements APDU JSON. The ATR is the `data` of the answer to `connect`,
 * and empty for most programs. `reset` disconnects and connects: the protocol has no reset.
 */
export const openJsonCard = async (
  port: LinePort,
  who: string,
  after: After,
  deadlines: Readonly<Record<ApduFunction, number>> = JSON_DEADLINES,
): Promise<Card> => {
  const runExclusive = createMutex()
  const asker = createJsonAsker(port, who, after)
  const ask = (func: ApduFunction, param: Uint8Array | null) => asker.ask({ func, param }, deadlines[func])
  const channels = createJsonChannels(ask)
  let atr: Uint8Array = new Uint8Array(0)
  let isClosed = false

  const connect = async (): Promise<void> => {
    const { ecode, data } = await ask('connect', null)
    if (ecode < 0)
      throw new ApduError(
        'link-refused',
        `${who} could not connect to a card (ecode ${ecode}). Check the card and the reader of that program.`,
      )
    atr = data
  }
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    try {
      await ask('disconnect', null)
    } catch (error) {
      // The connection ends anyway.
      if (!isApduError(error)) throw error
    } finally {
      await port.close()
    }
  }

  try {
    await connect()
  } catch (error) {
    await port.close()
    throw error
  }
  return {
    get atr() {
      return atr
    },
    reset: () =>
      runExclusive(async () => {
        channels.forget()
        // The deadline of `disconnect` is for closing. Here the answer is required.
        await asker.ask({ func: 'disconnect', param: null }, deadlines.connect)
        await connect()
        return atr
      }),
    exclusive: procedure => runExclusive(() => procedure(channels.channel)),
    close: () => {
      const cancel = after(CLOSE_DEADLINE_MS, () => void port.close())
      return runExclusive(() => {
        cancel()
        return close()
      })
    },
  }
}
