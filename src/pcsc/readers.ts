import { type BindingName, type ReaderState, STATE_EXCLUSIVE, STATE_MUTE, STATE_PRESENT } from './binding.ts'
import { PcscError } from './errors.ts'
import { loadBinding } from './load-binding.ts'
import { type ServiceProbe, withPcscdTimeout } from './service.ts'

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

/** Which reader, by what stays the same when equal readers are renumbered. What is not said does not matter. */
export interface ReaderChoice {
  /** Part of its name in either case; `*` stands for anything. */
  readonly reader?: string | undefined
  /** Which of several that fit, counted from 0 in the order of their names. */
  readonly slot?: number | undefined
  /** The card's answer to reset in hexadecimal, whole; `?` stands for any digit. */
  readonly atr?: string | undefined
}

/** A reader that fits by its name, and why it is not the one that is meant. */
export interface PassedOver {
  readonly reader: string
  readonly reason: string
}

export interface Found {
  /** Readers with a card that may be meant, the likeliest first. */
  readonly candidates: readonly Reader[]
  readonly passedOver: readonly PassedOver[]
}

/**
 * All readers that are attached, by name. Rejects with a PcscError: `no-binding` where no npm package loads,
 * `no-service` where pcscd does not run.
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
 * The readers of a choice. Empty slots and mute cards are passed over: many readers show a second slot that never
 * holds a card. With none left it is a PcscError whose code is what the likeliest reader lacks, and which names all.
 */
export const findReaders = (readers: readonly Reader[], choice: ReaderChoice): Found => {
  const alike = readersCalled(readers, choice)
  const sorted = alike.map(reader => ({ reader, lack: lackOf(reader, choice) }))
  const candidates = sorted.filter(({ lack }) => lack === undefined).map(({ reader }) => reader)
  const passedOver = sorted.flatMap(({ reader, lack }) => (lack ? [{ reader: reader.name, reason: lack.reason }] : []))
  if (candidates.length > 0) return { candidates, passedOver }
  const worst = sorted.find(({ lack }) => lack!.code !== 'no-card') ?? sorted[0]!
  const told = tellPassedOver(passedOver)
  const { code } = worst.lack!
  const sentence = code === 'no-card' ? `${told}; put one in, then run again` : told
  throw new PcscError(code, sentence, { reader: worst.reader.name })
}

/** `A: there is no card in it; B: its card does not answer to reset`. */
export const tellPassedOver = (passedOver: readonly PassedOver[]): string =>
  passedOver.map(({ reader, reason }) => `${reader}: ${reason}`).join('; ')

const readersCalled = (readers: readonly Reader[], { reader: wanted, slot }: ReaderChoice): readonly Reader[] => {
  const pattern = wanted === undefined ? /^/ : patternOf(wanted)
  const alike = sortReaders(readers).filter(({ name }) => pattern.test(name))
  const called = wanted === undefined ? '' : ` called ${JSON.stringify(wanted)}`
  if (alike.length === 0) {
    const others = sortReaders(readers)
      .map(({ name }) => name)
      .join(', ')
    throw new PcscError(
      'no-reader',
      called && others ? `no reader is${called}; attached: ${others}` : `no reader is attached; plug one in`,
    )
  }
  if (slot === undefined) return alike
  const chosen = alike[slot]
  if (!chosen)
    throw new PcscError(
      'no-reader',
      `slot ${slot} of the readers${called}: only ${alike.length} attached, counted from 0`,
    )
  return [chosen]
}

const patternOf = (wanted: string): RegExp =>
  new RegExp(
    wanted
      .split('*')
      .map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
      .join('.*'),
    'i',
  )

type Lack = { readonly code: 'no-card' | 'card-mute' | 'wrong-card'; readonly reason: string }

const lackOf = ({ hasCard, isMute, atr }: Reader, choice: ReaderChoice): Lack | undefined => {
  if (!hasCard) return { code: 'no-card', reason: 'there is no card in it' }
  if (isMute)
    return { code: 'card-mute', reason: 'its card does not answer to reset; it may be the wrong way round or dirty' }
  const digits = Buffer.from(atr).toString('hex')
  if (choice.atr !== undefined && !atrPattern(choice.atr).test(digits))
    return { code: 'wrong-card', reason: `its card has another ATR (${digits})` }
  return undefined
}

const atrPattern = (atr: string): RegExp =>
  new RegExp(`^${atr.replace(/[^0-9a-f?]/gi, '').replaceAll('?', '[0-9a-f]')}$`, 'i')
