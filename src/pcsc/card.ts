import type { Card, Channel } from '../apdu/channel.ts'
import { ApduError } from '../apdu/errors.ts'
import type { After } from '../apdu/json/json-asker.ts'
import { createMutex } from '../apdu/mutex.ts'
import { type Binding, type BindingName, type Connection, PROTOCOL_T0, STATE_PRESENT } from './binding.ts'
import { PcscError, toApduError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { describeSkippedReaders, findReaders, type ReaderChoice, type SkippedReader, toReader } from './readers.ts'
import { type ServiceProbe, withPcscdTimeout } from './service.ts'
import { toTpdu } from './tpdu.ts'
import { withDeadlines } from './watchdog.ts'

/** Identifies a card by a value that only the card returns, for example its EID. The caller provides the procedure. */
export interface CardIdentity {
  readonly wanted: string
  /** Name of the value: `EID`. */
  readonly called: string
  /** The value of the card; undefined if the card has none. Rejects with an ApduError if the card does not answer. */
  read(channel: Channel): Promise<string | undefined>
}

export interface PcscCardOptions extends ReaderChoice {
  /** The npm package to use. Default: `smartcard` if it loads, else `pcsclite`. */
  readonly binding?: BindingName | undefined
  /** Selects the card with this identity in any of the matching readers. */
  readonly identity?: CardIdentity | undefined
  /** Waits. `pcscd` reports a removed card up to half a second after the reader does. */
  readonly pause?: ((ms: number) => Promise<void>) | undefined
  /** Timer. If it is set, every call has a deadline ({@link withDeadlines}). */
  readonly after?: After | undefined
  /** If it is set, calls fail when `pcscd` does not answer ({@link withPcscdTimeout}). */
  readonly answers?: ServiceProbe | undefined
}

export interface PcscCard extends Card {
  /** Full name of the reader. */
  readonly reader: string
  readonly protocol: 'T=0' | 'T=1'
  readonly binding: BindingName
  /** Warnings for the user, in sentences. */
  readonly notes: readonly string[]
}

/**
 * Opens the card in a reader exclusively until `close`, and resets it, which closes all logical channels. Rejects with
 * a PcscError (`no-reader`, `reader-busy`, ...). Later the channel rejects with ApduErrors: `card-removed`,
 * `port-gone`, `exchange-lost`, `card-mute`, `reader-busy`. After `card-removed`, `reset` reopens the same card only.
 */
export const openPcscCard = async (options: PcscCardOptions): Promise<PcscCard> =>
  openCardOver(await loadBinding(options.binding), options)

/** Like {@link openPcscCard}, with an open binding. Closing the card releases the binding. */
export const openCardOver = async (native: Binding, options: Omit<PcscCardOptions, 'binding'>): Promise<PcscCard> => {
  const asked = options.answers ? withPcscdTimeout(native, options.answers) : native
  const bounded = options.after && withDeadlines(asked, options.after)
  const binding = bounded ?? asked
  /** Starts the deadline of `close`; returns a function that cancels it. */
  const leave = (): (() => void) => (bounded ? options.after!(CLOSE_TIMEOUT_MS, bounded.giveUp) : () => {})
  try {
    const { candidates, skipped } = findReaders((await binding.readers()).map(toReader), options)
    const notes = binding.instead === undefined ? [] : [binding.instead]
    const { identity, pause } = options
    const take = async (name: string): Promise<OpenReaderCard> =>
      createCard(binding, name, await connect(binding, name), { notes, pause, identity, leave })
    if (identity) return await findCard(identity, candidates, skipped, take)
    const [first, second] = candidates
    if (second)
      notes.push(
        `${candidates.length} readers with a card match; ${first!.name} is used, not ${second.name}. Name the EID to choose`,
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

/** Reads the identity of each candidate in turn. A busy card cannot be read and may be the requested one. */
const findCard = async (
  { wanted, called, read }: CardIdentity,
  candidates: readonly { readonly name: string }[],
  before: readonly SkippedReader[],
  take: (reader: string) => Promise<OpenReaderCard>,
): Promise<PcscCard> => {
  const skipped = [...before]
  let busy: PcscError | undefined
  for (const { name } of candidates) {
    let card: OpenReaderCard
    try {
      card = await take(name)
    } catch (error) {
      if (!(error instanceof PcscError)) throw error
      if (error.code === 'reader-busy') busy ??= error
      skipped.push({ reader: name, reason: error.message })
      continue
    }
    let reason: string
    try {
      const found = await card.exclusive(read)
      if (found === wanted) {
        await card.reset()
        return card
      }
      reason = found ? `its card has the ${called} ${found}` : `its card has no ${called}`
    } catch (error) {
      if (!(error instanceof ApduError)) throw error
      // This card may be the requested one.
      reason = `the ${called} of its card could not be read (${error.message})`
    }
    await card.disconnect()
    skipped.push({ reader: name, reason })
  }
  throw new PcscError(
    busy ? 'reader-busy' : 'wrong-card',
    `no reader has the card with the ${called} ${wanted}: ${describeSkippedReaders(skipped)}`,
    { scard: busy?.scard, cause: busy },
  )
}

interface OpenReaderCard extends PcscCard {
  /** Ends the connection without releasing the binding. */
  disconnect(): Promise<void>
}

interface CardContext extends Pick<PcscCardOptions, 'pause' | 'identity'> {
  readonly notes: readonly string[]
  leave(): () => void
}

const createCard = (
  binding: Binding,
  reader: string,
  first: Connection,
  { notes, pause, identity, leave }: CardContext,
): OpenReaderCard => {
  const runExclusive = createMutex()
  let connection = first
  let { atr } = first
  let isClosed = false

  /** Some drivers report a removed card as a transmission error. The state of the reader distinguishes the two. */
  const explain = async (error: unknown): Promise<ApduError> => {
    if (!(error instanceof PcscError)) throw error
    if (!AMBIGUOUS_CODES.has(error.code)) return toApduError(error)
    for (const wait of pause ? [0, PCSCD_POLL_MS] : [0]) {
      if (wait > 0) await pause?.(wait)
      const now = await binding.readers().catch(() => undefined)
      if (!now) return toApduError(error)
      const current = now.find(({ name }) => name === reader)
      if (!current) return new ApduError('port-gone', `${reader}: the reader was unplugged`, { cause: error })
      if (!(current.state & STATE_PRESENT))
        return new ApduError('card-removed', `${reader}: the card was removed`, { cause: error })
    }
    return toApduError(error)
  }
  const open = (): void => {
    if (isClosed) throw new ApduError('port-gone', `${reader}: this card is closed`)
  }

  const channel = {
    transmit: async (command: Uint8Array): Promise<Uint8Array> => {
      open()
      const bytes = connection.protocol === PROTOCOL_T0 ? toTpdu(command) : command
      const response = await connection.transmit(bytes).catch(async error => {
        throw await explain(error)
      })
      // vpcd answers with an empty response if the card is removed during an exchange.
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
      // A connection ends when its card is removed. A reinserted card needs a new connection.
      await connection.disconnect().catch(() => {})
      try {
        connection = await connect(binding, reader)
        if (!(await isSameCard())) {
          await connection.disconnect()
          throw new PcscError('wrong-card', `${reader}: another card was inserted; insert the previous card again`)
        }
      } catch (again) {
        throw await explain(again)
      }
    }
    atr = connection.atr
    return atr
  }
  /** Compares ATRs after a warm reset: some cards have a different ATR after a cold reset. */
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
      // Disconnecting fails if the card or reader was removed; the connection has ended then.
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

/** Time for the current procedure to finish when the card is closed, in milliseconds. */
const CLOSE_TIMEOUT_MS = 10_000

/** Time until `pcscd` polls its readers again (every 400 ms), in milliseconds. */
const PCSCD_POLL_MS = 600

/** Codes that a driver may also report for a removed card. */
const AMBIGUOUS_CODES: ReadonlySet<string> = new Set(['card-mute', 'exchange-lost', 'failed', 'timed-out'])
