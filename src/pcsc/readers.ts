import { type BindingName, type ReaderState, STATE_EXCLUSIVE, STATE_MUTE, STATE_PRESENT } from './binding.ts'
import { PcscError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { type ServiceProbe, withPcscdTimeout } from './service.ts'

/** A reader slot. */
export interface Reader {
  /** Name in PC/SC, with indexes: `ACS ACR39U ICC Reader 00 00`. */
  readonly name: string
  readonly hasCard: boolean
  /** A card is present but did not answer to reset. */
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

/**
 * Selects a reader by properties that do not change when readers are renumbered. Absent properties match every reader.
 */
export interface ReaderChoice {
  /** Part of the name, case-insensitive; `*` matches any text. */
  readonly reader?: string | undefined
  /** Index among the matching readers, in the order of their names, from 0. */
  readonly slot?: number | undefined
  /** The complete ATR in hexadecimal; `?` matches any digit. */
  readonly atr?: string | undefined
}

/** A reader that matches by name but not by card, and why. */
export interface SkippedReader {
  readonly reader: string
  readonly reason: string
}

export interface ReaderMatches {
  /** Matching readers with a card, in the order of their names. */
  readonly candidates: readonly Reader[]
  readonly skipped: readonly SkippedReader[]
}

/**
 * Lists all attached readers, sorted by name. Rejects with a PcscError: `no-binding` if no npm package loads,
 * `no-service` if `pcscd` does not run.
 */
export const listReaders = async (
  options: { binding?: BindingName | undefined; answers?: ServiceProbe | undefined } = {},
): Promise<Reader[]> => {
  const native = await loadBinding(options.binding)
  const binding = options.answers ? withPcscdTimeout(native, options.answers) : native
  try {
    return sortReaders((await binding.readers()).map(toReader))
  } finally {
    binding.release()
  }
}

export const sortReaders = (readers: readonly Reader[]): Reader[] =>
  [...readers].sort((one, other) => (one.name < other.name ? -1 : 1))

/**
 * Returns the readers that match `choice`. Skips empty slots and mute cards: many readers have a second slot that is
 * always empty. If none is left, throws a PcscError that lists all readers and has the code of the first useful reason.
 */
export const findReaders = (readers: readonly Reader[], choice: ReaderChoice): ReaderMatches => {
  const alike = readersNamed(readers, choice)
  const sorted = alike.map(reader => ({ reader, mismatch: getMismatch(reader, choice) }))
  const candidates = sorted.filter(({ mismatch }) => mismatch === undefined).map(({ reader }) => reader)
  const skipped = sorted.flatMap(({ reader, mismatch }) =>
    mismatch ? [{ reader: reader.name, reason: mismatch.reason }] : [],
  )
  if (candidates.length > 0) return { candidates, skipped }
  const worst = sorted.find(({ mismatch }) => mismatch!.code !== 'no-card') ?? sorted[0]!
  const reasons = describeSkippedReaders(skipped)
  const { code } = worst.mismatch!
  const sentence = code === 'no-card' ? `${reasons}; insert a card, then run again` : reasons
  throw new PcscError(code, sentence, { reader: worst.reader.name })
}

/** `A: it has no card; B: its card does not answer to reset`. */
export const describeSkippedReaders = (skipped: readonly SkippedReader[]): string =>
  skipped.map(({ reader, reason }) => `${reader}: ${reason}`).join('; ')

const readersNamed = (readers: readonly Reader[], { reader: wanted, slot }: ReaderChoice): readonly Reader[] => {
  const pattern = wanted === undefined ? /^/ : toPattern(wanted)
  const alike = sortReaders(readers).filter(({ name }) => pattern.test(name))
  const called = wanted === undefined ? '' : ` named ${JSON.stringify(wanted)}`
  if (alike.length === 0) {
    const others = sortReaders(readers)
      .map(({ name }) => name)
      .join(', ')
    throw new PcscError(
      'no-reader',
      called && others ? `no reader is${called}; attached: ${others}` : `no reader is attached; attach one`,
    )
  }
  if (slot === undefined) return alike
  const chosen = alike[slot]
  if (!chosen)
    throw new PcscError(
      'no-reader',
      `slot ${slot} of the readers${called} does not exist: ${alike.length} attached, counted from 0`,
    )
  return [chosen]
}

const toPattern = (wanted: string): RegExp =>
  new RegExp(
    wanted
      .split('*')
      .map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*'),
    'i',
  )

type Mismatch = { readonly code: 'no-card' | 'card-mute' | 'wrong-card'; readonly reason: string }

const getMismatch = ({ hasCard, isMute, atr }: Reader, choice: ReaderChoice): Mismatch | undefined => {
  if (!hasCard) return { code: 'no-card', reason: 'it has no card' }
  if (isMute)
    return {
      code: 'card-mute',
      reason: 'its card does not answer to reset; insert it with the contacts on the correct side, and clean them',
    }
  const digits = Buffer.from(atr).toString('hex')
  if (choice.atr !== undefined && !atrPattern(choice.atr).test(digits))
    return { code: 'wrong-card', reason: `its card has another ATR (${digits})` }
  return undefined
}

const atrPattern = (atr: string): RegExp =>
  new RegExp(`^${atr.replace(/[^0-9a-f?]/gi, '').replaceAll('?', '[0-9a-f]')}$`, 'i')
