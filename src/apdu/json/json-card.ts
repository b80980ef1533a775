import type { Card } from '../channel.ts'
import { ApduError, isApduError } from '../errors.ts'
import { createMutex } from '../mutex.ts'
import type { ApduFunction } from './apdu-json.ts'
import { type After, createJsonAsker, type LinePort } from './json-asker.ts'
import { createJsonChannels } from './json-channels.ts'

/** How long each may take. A modem behind the other side may need minutes for one command (AT+CGLA: 240 s). */
export const JSON_DEADLINES: Readonly<Record<ApduFunction, number>> = {
  connect: 30_000,
  logic_channel_open: 30_000,
  transmit: 240_000,
  logic_channel_close: 30_000,
  disconnect: 2_000,
}

/** What goes on with a card that is given back may end in good order; this long. */
const PATIENCE_MS = 10_000

/**
 * Takes a card behind a program or socket that answers APDU JSON. The ATR is what it tells as `data` of its answer to
 * `connect`, as our own does; most tell nothing, and it is empty. `reset` disconnects and connects, which is all that
 * this way can ask for.
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
    if (ecode < 0) throw new ApduError('link-refused', `${who} could not connect to a card: it answered ecode ${ecode}`)
    atr = data
  }
  const close = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    try {
      await ask('disconnect', null)
    } catch (error) {
      // It is left for good; how it takes that is its own affair.
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
        // Who leaves does not wait long for a farewell; who comes back has to.
        await asker.ask({ func: 'disconnect', param: null }, deadlines.connect)
        await connect()
        return atr
      }),
    exclusive: procedure => runExclusive(() => procedure(channels.channel)),
    close: () => {
      const cancel = after(PATIENCE_MS, () => void port.close())
      return runExclusive(() => {
        cancel()
        return close()
      })
    },
  }
}
