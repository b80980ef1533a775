import type { Card, Channel } from '../apdu/channel.ts'
import { ApduError } from '../apdu/errors.ts'
import type { After } from '../apdu/json/json-asker.ts'
import { createMutex } from '../apdu/mutex.ts'
import { type Binding, type BindingName, type Connection, PROTOCOL_T0, STATE_PRESENT } from './binding.ts'
import { PcscError, toApduError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { findReaders, type PassedOver, type ReaderChoice, tellPassedOver, toReader } from './readers.ts'
import { type ServiceProbe, withPcscdTimeout } from './service.ts'
import { toTpdu } from './tpdu.ts'
import { withDeadlines } from './watchdog.ts'

/** A card known by what only it can tell; this room does not know what that is. */
export interface CardIdentity {
  readonly wanted: string
  /** In words: `EID`. */
  readonly called: string
  /** What the card in hand says; undefined where it says nothing of the kind. Rejects with an ApduError where it cannot be asked. */
  read(channel: Channel): Promise<string | undefined>
}

export interface PcscCardOptions extends ReaderChoice {
  /** Which npm package: `smartcard` where it loads, else `pcsclite`, unless said. */
  readonly binding?: BindingName | undefined
  /** The card is the one that says so, in whichever of the readers it lies. */
  readonly identity?: CardIdentity | undefined
  /** Lets time pass: pcscd sees a card go up to half a second after its reader has lost it. */
  readonly pause?: ((ms: number) => Promise<void>) | undefined
  /** Counts the time: with it no call waits without end ({@link withDeadlines}). */
  readonly after?: After | undefined
  /** With it a pcscd that hangs is not asked ({@link withPcscdTimeout}). */
  readonly answers?: ServiceProbe | undefined
}

export interface PcscCard extends Card {
  /** Full name of the reader. */
  readonly reader: string
  readonly protocol: 'T=0' | 'T=1'
  readonly binding: BindingName
  /** What was not as it should be, and did not matter: sentences for a person. */
  readonly notes: readonly string[]
}

/**
 * Takes the card in a reader: exclusively until `close`, and reset, so that no logical channel of an earlier program is
 * left open. Rejects with a PcscError (`no-binding`, `no-service`, `no-reader`, `no-card`, `reader-busy`, `card-mute`...)
 * whose message says what to do. From then on its channel rejects with ApduErrors: `card-removed`, `port-gone` for the
 * reader, `exchange-lost`, `card-mute`, `reader-busy`. After `card-removed`, `reset` takes up the card when it was put
 * back, and no other.
 */
export const openPcscCard = async (options: PcscCardOptions): Promise<PcscCard> =>
  holdCard(await loadBinding(options.binding), options)

/** As {@link openPcscCard}, over a binding in hand; it is released with the card. */
export const holdCard = async (native: Binding, options: Omit<PcscCardOptions, 'binding'>): Promise<PcscCard> => {
  const asked = options.answers ? withPcscdTimeout(native, options.answers) : native
  const bounded = options.after && withDeadlines(asked, options.after)
  const binding = bounded ?? asked
  /** Calls it off with the function that it gives. */
  const leave = (): (() => void) => (bounded ? options.after!(PATIENCE_MS, bounded.giveUp) : () => {})
  try {
    const { candidates, passedOver } = findReaders((await binding.readers()).map(toReader), options)
    const notes = binding.instead === undefined ? [] : [binding.instead]
    const { identity, pause } = options
    const take = async (name: string): Promise<HeldCard> =>
      cardOf(binding, name, await connect(binding, name), { notes, pause, identity, leave })
    if (identity) return await findCard(identity, candidates, passedOver, take)
    const [first, second] = candidates
    if (second)
      notes.push(
        `${candidates.length} readers with a card fit; ${first!.name} is taken, not ${second.name}; name its EID`,
      )
    return await take(first!.name)
  } catch (error) {
    binding.release()
    throw error
  }
}

const connect = async (binding: Binding, reader: string): Promise<Connection> => {
  const connection = await binding.connect(reader)
  try {
    await connection.reset()
  } catch (error) {
    await connection.disconnect().catch(() => {})
    throw error
  }
  return connection
}

/** Asks one card after the other who it is. One that another program holds cannot be asked, and the next may be it. */
const findCard = async (
  { wanted, called, read }: CardIdentity,
  candidates: readonly { readonly name: string }[],
  before: readonly PassedOver[],
  take: (reader: string) => Promise<HeldCard>,
): Promise<PcscCard> => {
  const passedOver = [...before]
  let busy: PcscError | undefined
  for (const { name } of candidates) {
    let card: HeldCard
    try {
      card = await take(name)
    } catch (error) {
      if (!(error instanceof PcscError)) throw error
      if (error.code === 'reader-busy') busy ??= error
      passedOver.push({ reader: name, reason: error.message })
      continue
    }
    let reason: string
    try {
      const said = await card.exclusive(read)
      if (said === wanted) {
        await card.reset()
        return card
      }
      reason = said ? `its card has the ${called} ${said}` : `its card has no ${called}`
    } catch (error) {
      if (!(error instanceof ApduError)) throw error
      // It may well be the one.
      reason = `its card could not be asked for its ${called} (${error.message})`
    }
    await card.disconnect()
    passedOver.push({ reader: name, reason })
  }
  throw new PcscError(
    busy ? 'reader-busy' : 'wrong-card',
    `no reader holds the card with the ${called} ${wanted}: ${tellPassedOver(passedOver)}`,
    { scard: busy?.scard, cause: busy },
  )
}

interface HeldCard extends PcscCard {
  /** Ends the connection, and leaves the binding to the next. */
  disconnect(): Promise<void>
}

interface Around extends Pick<PcscCardOptions, 'pause' | 'identity'> {
  readonly notes: readonly string[]
  leave(): () => void
}

const cardOf = (
  binding: Binding,
  reader: string,
  first: Connection,
  { notes, pause, identity, leave }: Around,
): HeldCard => {
  const runExclusive = createMutex()
  let connection = first
  let { atr } = first
  let isClosed = false

  /** Some drivers tell a pulled card as a broken exchange: what the reader shows now says which it was. */
  const explain = async (error: unknown): Promise<ApduError> => {
    if (!(error instanceof PcscError)) throw error
    if (!AMBIGUOUS_CODES.has(error.code)) return toApduError(error)
    for (const wait of pause ? [0, PCSCD_POLL_MS] : [0]) {
      if (wait > 0) await pause?.(wait)
      const now = await binding.readers().catch(() => undefined)
      if (!now) return toApduError(error)
      const here = now.find(({ name }) => name === reader)
      if (!here) return new ApduError('port-gone', `${reader}: the reader was unplugged`, { cause: error })
      if (!(here.state & STATE_PRESENT))
        return new ApduError('card-removed', `${reader}: the card was taken out`, { cause: error })
    }
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
      // vpcd, for one, has nothing to say of a card that was pulled in mid exchange but an empty response.
      if (response.length < 2)
        throw await explain(
          new PcscError('exchange-lost', `${reader}: a response of ${response.length} bytes has no status word`),
        )
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
        connection = await connect(binding, reader)
        if (!(await isSameCard())) {
          await connection.disconnect()
          throw new PcscError('wrong-card', `${reader}: another card was put in; put the one back that was in use`)
        }
      } catch (again) {
        throw await explain(again)
      }
    }
    atr = connection.atr
    return atr
  }
  /** After a warm reset, as the ATR before was: some cards answer to a cold one otherwise. */
  const isSameCard = async (): Promise<boolean> => {
    if (Buffer.compare(connection.atr, atr) !== 0) return false
    if (!identity) return true
    if ((await identity.read(channel)) !== identity.wanted) return false
    await connection.reset()
    return true
  }

  const disconnect = (): Promise<void> =>
    runExclusive(async () => {
      isClosed = true
      // A card or reader that has left cannot be let go of, and need not be.
      await connection.disconnect().catch(() => {})
    })

  let closing: Promise<void> | undefined
  const release = async (): Promise<void> => {
    const cancel = leave()
    await disconnect().finally(cancel)
    binding.release()
  }

  return {
    reader,
    notes,
    binding: binding.name,
    get protocol() {
      return connection.protocol === PROTOCOL_T0 ? 'T=0' : 'T=1'
    },
    get atr() {
      return connection.atr
    },
    reset: () => runExclusive(reset),
    exclusive: procedure => runExclusive(() => procedure(channel)),
    disconnect,
    close: () => {
      closing ??= release()
      return closing
    },
  }
}

/** What goes on with a card that is given back may end in good order; this long. */
const PATIENCE_MS = 10_000

/** Milliseconds until pcscd has looked at its readers again (it does every 400). */
const PCSCD_POLL_MS = 600

/** With these a driver may mean that the card was pulled. */
const AMBIGUOUS_CODES: ReadonlySet<string> = new Set(['card-mute', 'exchange-lost', 'failed', 'timed-out'])
