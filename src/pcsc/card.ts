import type { Card } from '../apdu/channel.ts'
import { ApduError } from '../apdu/errors.ts'
import { takeTurns } from '../apdu/turns.ts'
import { type Binding, type BindingName, type Connection, PROTOCOL_T0, STATE_PRESENT } from './binding.ts'
import { PcscError, toApduError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { chooseReader, type ReaderChoice, toReader } from './readers.ts'
import { toTpdu } from './tpdu.ts'

export interface PcscCardOptions extends ReaderChoice {
  /** Which npm package: `smartcard` where it loads, else `pcsclite`, unless said. */
  readonly binding?: BindingName | undefined
}

export interface PcscCard extends Card {
  /** Full name of the reader. */
  readonly reader: string
  readonly protocol: 'T=0' | 'T=1'
  readonly binding: BindingName
}

/**
 * Takes the card in a reader: exclusively until `close`, and reset, so that no logical channel of an earlier program is
 * left open. Rejects with a PcscError (`no-binding`, `no-service`, `no-reader`, `no-card`, `reader-busy`, `card-mute`...)
 * whose message says what to do. From then on its channel rejects with ApduErrors: `card-removed`, `port-gone` for the
 * reader, `card-mute`, `reader-busy`. After `card-removed`, `reset` takes up a card that was put back.
 */
export const openPcscCard = async (options: PcscCardOptions): Promise<PcscCard> =>
  holdCard(await loadBinding(options.binding), options)

/** As {@link openPcscCard}, over a binding in hand; it is released with the card. */
export const holdCard = async (binding: Binding, choice: ReaderChoice): Promise<PcscCard> => {
  try {
    const { name } = chooseReader((await binding.readers()).map(toReader), choice)
    const connection = await binding.connect(name)
    try {
      await connection.reset()
    } catch (error) {
      await connection.disconnect().catch(() => {})
      throw error
    }
    return cardOf(binding, name, connection)
  } catch (error) {
    binding.release()
    throw error
  }
}

const cardOf = (binding: Binding, reader: string, first: Connection): PcscCard => {
  const inTurn = takeTurns()
  let connection = first
  let isClosed = false

  /** Some drivers tell a pulled card as a broken exchange: what the reader shows now says which it was. */
  const explain = async (error: unknown): Promise<ApduError> => {
    if (!(error instanceof PcscError)) throw error
    if (error.code !== 'card-mute' && error.code !== 'failed') return toApduError(error)
    const now = await binding.readers().catch(() => undefined)
    if (!now) return toApduError(error)
    const here = now.find(({ name }) => name === reader)
    if (!here) return new ApduError('port-gone', `${reader}: the reader was unplugged`, { cause: error })
    if (!(here.state & STATE_PRESENT))
      return new ApduError('card-removed', `${reader}: the card was taken out`, { cause: error })
    return toApduError(error)
  }
  const open = (): void => {
    if (isClosed) throw new ApduError('port-gone', `${reader}: this card was closed`)
  }

  const channel = {
    transmit: async (command: Uint8Array): Promise<Uint8Array> => {
      open()
      const bytes = connection.protocol === PROTOCOL_T0 ? toTpdu(command) : command
      const response = await connection.transmit(bytes).catch(async error => {
        throw await explain(error)
      })
      if (response.length < 2)
        throw new ApduError('bad-response', `${reader}: a response of ${response.length} bytes has no status word`)
      return response
    },
  }

  const reset = async (): Promise<Uint8Array> => {
    open()
    try {
      await connection.reset()
    } catch (error) {
      if (!(error instanceof PcscError)) throw error
      // A connection does not outlive its card: one that was put back needs a new one.
      await connection.disconnect().catch(() => {})
      try {
        connection = await binding.connect(reader)
      } catch (again) {
        throw await explain(again)
      }
    }
    return connection.atr
  }

  return {
    reader,
    binding: binding.name,
    get protocol() {
      return connection.protocol === PROTOCOL_T0 ? 'T=0' : 'T=1'
    },
    get atr() {
      return connection.atr
    },
    reset: () => inTurn(reset),
    exclusive: procedure => inTurn(() => procedure(channel)),
    close: () =>
      inTurn(async () => {
        if (isClosed) return
        isClosed = true
        // A card or reader that has left cannot be let go of, and need not be.
        await connection.disconnect().catch(() => {})
        binding.release()
      }),
  }
}
