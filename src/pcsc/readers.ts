import { type BindingName, type ReaderState, STATE_EXCLUSIVE, STATE_MUTE, STATE_PRESENT } from './binding.ts'
import { PcscError } from './errors.ts'
import { loadBinding } from './load-binding.ts'

/** A slot of a reader. */
export interface Reader {
  /** As PC/SC names it, with its running numbers: `ACS ACR39U ICC Reader 00 00`. */
  readonly name: string
  readonly hasCard: boolean
  /** The card is there and did not answer to reset. */
  readonly isMute: boolean
  /** Another program holds the card exclusively. */
  readonly isHeld: boolean
  readonly atr: Uint8Array
}

export const toReader = ({ name, state, atr }: ReaderState): Reader => ({
  name,
  hasCard: (state & STATE_PRESENT) !== 0,
  isMute: (state & STATE_MUTE) !== 0,
  isHeld: (state & STATE_EXCLUSIVE) !== 0,
  atr,
})

/** Which reader: part of its name, and where several are alike, which of them in the order of their names. */
export interface ReaderChoice {
  readonly reader: string
  readonly slot?: number | undefined
}

/**
 * All readers that are attached, by name. Rejects with a PcscError: `no-binding` where no npm package loads,
 * `no-service` where pcscd does not run.
 */
export const listReaders = async (options: { binding?: BindingName | undefined } = {}): Promise<Reader[]> => {
  const binding = await loadBinding(options.binding)
  try {
    return sortReaders((await binding.readers()).map(toReader))
  } finally {
    binding.release()
  }
}

export const sortReaders = (readers: readonly Reader[]): Reader[] =>
  [...readers].sort((one, other) => (one.name < other.name ? -1 : 1))

/**
 * The reader of a choice. Where no slot is named, empty ones are passed over: many readers show a second slot that
 * never holds a card.
 */
export const chooseReader = (readers: readonly Reader[], { reader, slot }: ReaderChoice): Reader => {
  const wanted = reader.toLowerCase()
  const alike = sortReaders(readers).filter(({ name }) => name.toLowerCase().includes(wanted))
  if (alike.length === 0) {
    const others = readers.map(({ name }) => name).join(', ')
    throw new PcscError(
      'no-reader',
      `no reader is called ${JSON.stringify(reader)}; ${others ? `attached: ${others}` : 'none is attached'}`,
    )
  }
  const chosen = slot === undefined ? (alike.find(({ hasCard }) => hasCard) ?? alike[0]!) : alike[slot]
  if (!chosen)
    throw new PcscError(
      'no-reader',
      `slot ${slot} of the readers called ${JSON.stringify(reader)}: only ${alike.length} attached, counted from 0`,
    )
  if (!chosen.hasCard) throw new PcscError('no-card', `${chosen.name}: there is no card in it`, { reader: chosen.name })
  return chosen
}
