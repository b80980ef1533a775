import { initialUsimState, type UsimState } from '../aka/usim.ts'
import type { Directory, ElementaryFile, InstalledProfile, PinDefinition } from '../file-tree.ts'

/** The state of one PIN. */
export interface PinState {
  readonly value: Uint8Array
  readonly tries: number
  readonly enabled: boolean
}

/**
 * The differences from the profile as installed, which a card must store. Keys are those of {@link InstalledProfile}; a
 * file that was not written has no entry.
 */
export interface CardChanges {
  /** By contentKey. */
  readonly contents: ReadonlyMap<string, Uint8Array>
  readonly pins: ReadonlyMap<string, PinState>
  /** Remaining tries by the key reference of the PUK. */
  readonly pukTries: ReadonlyMap<number, number>
  /** By the stateKey of an algorithm. */
  readonly aka: ReadonlyMap<string, UsimState>
  /** Life cycle status by file key after ACTIVATE FILE and DEACTIVATE FILE. */
  readonly lifeCycles: ReadonlyMap<string, number>
}
export const NO_CHANGES: CardChanges = {
  contents: new Map(),
  pins: new Map(),
  pukTries: new Map(),
  aka: new Map(),
  lifeCycles: new Map(),
}

/** A profile in a card session: the stored changes, and the PINs verified since the reset, which are not stored. */
export interface CardFiles {
  readonly profile: InstalledProfile
  readonly changes: CardChanges
  readonly verified: ReadonlySet<string>
  /** The source of ephemeral keys for the SUCI. A card without it does not conceal the identity. */
  readonly random: ((length: number) => Uint8Array) | undefined
}

/** The current files of one logical channel (TS 102 221 §8.4). */
export interface Selection {
  readonly directory: Directory
  readonly file: ElementaryFile | undefined
  /** Record pointer; 0 is undefined. */
  readonly record: number
  /** The active application of the channel; '7FFF' selects its ADF. */
  readonly application: Directory | undefined
  /** The rest of a RETRIEVE DATA or the received part of a SET DATA that takes several commands. */
  readonly transfer?: Uint8Array
}

/** The result of a command: the new card and selection, the status word and the response data. */
export interface CardCommandResult {
  readonly card: CardFiles
  readonly selection: Selection
  readonly status: number
  readonly data?: Uint8Array
}

/** The card after a reset or power cycle: no PIN is verified. `changes` are the stored changes. */
export const startCard = (
  profile: InstalledProfile,
  changes: CardChanges = NO_CHANGES,
  random?: (length: number) => Uint8Array,
): CardFiles => ({ profile, changes, verified: new Set(), random })

/** The selection of a new logical channel: the MF. */
export const startSelection = ({ profile }: CardFiles): Selection => ({
  directory: profile.mf,
  file: undefined,
  record: 0,
  application: undefined,
})

/** The current content of a file. A link has the content of the linked file. */
export const getFileContent = ({ profile, changes }: CardFiles, file: ElementaryFile): Uint8Array =>
  changes.contents.get(file.contentKey) ?? (profile.files.get(file.contentKey) ?? file).initialContent

export const getLifeCycle = ({ changes }: CardFiles, file: Directory | ElementaryFile): number =>
  changes.lifeCycles.get(file.key) ?? file.lifeCycle

/** Operational and activated (TS 102 221 table 11.7b: '05' or '07'); '04' and '06' are deactivated. */
export const isActivated = (card: CardFiles, file: Directory | ElementaryFile): boolean =>
  (getLifeCycle(card, file) & 0x05) === 0x05

export const getPinState = ({ changes }: CardFiles, pin: PinDefinition): PinState =>
  changes.pins.get(pin.key) ?? { value: pin.value, tries: pin.tries, enabled: pin.enabled }

export const getPukTries = ({ profile, changes }: CardFiles, reference: number): number =>
  changes.pukTries.get(reference) ?? profile.puks.get(reference)?.tries ?? 0

export const getUsimState = ({ profile, changes }: CardFiles, stateKey: string): UsimState =>
  changes.aka.get(stateKey) ?? initialUsimState(profile.aka.get(stateKey)?.initialSeqs)

/** The PIN of a key reference in a directory: a global one of the MF, or the nearest local one (TS 102 221 §9.5.1). */
export const findPin = ({ profile }: CardFiles, from: Directory, reference: number): PinDefinition | undefined => {
  for (let at: Directory | undefined = from; at !== undefined; at = at.parent) {
    const pin = profile.pinsOf.get(at.key)?.get(reference)
    if (pin !== undefined) return pin
  }
  return undefined
}

const withEntry = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> => new Map(map).set(key, value)

export const withContent = (card: CardFiles, file: ElementaryFile, content: Uint8Array): CardFiles => ({
  ...card,
  changes: { ...card.changes, contents: withEntry(card.changes.contents, file.contentKey, content) },
})
export const withLifeCycle = (card: CardFiles, file: ElementaryFile, lifeCycle: number): CardFiles => ({
  ...card,
  changes: { ...card.changes, lifeCycles: withEntry(card.changes.lifeCycles, file.key, lifeCycle) },
})
export const withUsimState = (card: CardFiles, stateKey: string, state: UsimState): CardFiles =>
  state === card.changes.aka.get(stateKey)
    ? card
    : { ...card, changes: { ...card.changes, aka: withEntry(card.changes.aka, stateKey, state) } }
export const withPukTries = (card: CardFiles, reference: number, tries: number): CardFiles => ({
  ...card,
  changes: { ...card.changes, pukTries: withEntry(card.changes.pukTries, reference, tries) },
})
/** Sets the state of a PIN and whether it is verified. */
export const withPin = (card: CardFiles, pin: PinDefinition, state: PinState, isVerified: boolean): CardFiles => {
  const verified = new Set(card.verified)
  if (isVerified) verified.add(pin.key)
  else verified.delete(pin.key)
  const before = getPinState(card, pin)
  const same = before.value === state.value && before.tries === state.tries && before.enabled === state.enabled
  if (same) return { ...card, verified }
  return { ...card, verified, changes: { ...card.changes, pins: withEntry(card.changes.pins, pin.key, state) } }
}
