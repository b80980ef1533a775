import { timingSafeEqual } from 'node:crypto'
import type { PinDefinition } from '../file-tree.ts'
import {
  type CardCommandResult,
  type CardFiles,
  findPin,
  getPinState,
  getPukTries,
  type Selection,
  withPin,
  withPukTries,
} from './card-files.ts'
import type { CardCommand } from './command.ts'

const [OK, WRONG_LENGTH, BLOCKED, INVALIDATED, NOT_SATISFIED, WRONG_P1_P2, NO_SUCH_PIN] = [
  0x9000, 0x6700, 0x6983, 0x6984, 0x6985, 0x6a86, 0x6a88,
]
const PIN_LENGTH = 8
const triesLeft = (tries: number): number => 0x63c0 | tries

type Step = { readonly card: CardFiles; readonly status: number }

/** Compares a PIN. A wrong PIN decrements the tries, a correct PIN restores them (TS 102 221 §9.5.1). */
const present = (card: CardFiles, pin: PinDefinition, value: Uint8Array): Step => {
  const state = getPinState(card, pin)
  if (state.tries === 0) return { card, status: BLOCKED }
  if (timingSafeEqual(state.value, value))
    return { card: withPin(card, pin, { ...state, tries: pin.maxTries }, true), status: OK }
  const tries = state.tries - 1
  return { card: withPin(card, pin, { ...state, tries }, false), status: triesLeft(tries) }
}

/** The checks of the five PIN commands: P1 and P2, length, key reference. Then calls `work` with the PIN. */
const onPin =
  (length: number, work: (card: CardFiles, pin: PinDefinition, data: Uint8Array) => Step, countOf?: TriesOf) =>
  (card: CardFiles, selection: Selection, { p1, p2, data }: CardCommand): CardCommandResult => {
    if (p1 !== 0) return { card, selection, status: WRONG_P1_P2 }
    const pin = findPin(card, selection.directory, p2)
    if (pin === undefined) return { card, selection, status: NO_SUCH_PIN }
    if (data.length === 0 && countOf !== undefined) return { card, selection, status: countOf(card, pin) }
    if (data.length !== length) return { card, selection, status: WRONG_LENGTH }
    return { ...work(card, pin, data), selection }
  }
type TriesOf = (card: CardFiles, pin: PinDefinition) => number

/** VERIFY PIN (TS 102 221 §11.1.9). Without data it returns the remaining tries and does not decrement them. */
export const handleVerifyPin = onPin(
  PIN_LENGTH,
  (card, pin, data) => (getPinState(card, pin).enabled ? present(card, pin, data) : { card, status: INVALIDATED }),
  (card, pin) => triesLeft(getPinState(card, pin).tries),
)

/** CHANGE PIN (TS 102 221 §11.1.10). */
export const handleChangePin = onPin(2 * PIN_LENGTH, (card, pin, data) => {
  if (!getPinState(card, pin).enabled) return { card, status: INVALIDATED }
  if (!pin.changeable) return { card, status: NOT_SATISFIED }
  const step = present(card, pin, data.subarray(0, PIN_LENGTH))
  if (step.status !== OK) return step
  const value = data.slice(PIN_LENGTH)
  return { card: withPin(step.card, pin, { ...getPinState(step.card, pin), value }, true), status: OK }
})

/** DISABLE PIN (TS 102 221 §11.1.11). Access conditions with this PIN are then satisfied. */
export const handleDisablePin = onPin(PIN_LENGTH, (card, pin, data) => setEnabled(card, pin, data, false))

/** ENABLE PIN (TS 102 221 §11.1.12). */
export const handleEnablePin = onPin(PIN_LENGTH, (card, pin, data) => setEnabled(card, pin, data, true))

const setEnabled = (card: CardFiles, pin: PinDefinition, value: Uint8Array, enabled: boolean): Step => {
  const state = getPinState(card, pin)
  if (state.tries === 0) return { card, status: BLOCKED }
  if (!pin.disablable || state.enabled === enabled) return { card, status: NOT_SATISFIED }
  const step = present(card, pin, value)
  if (step.status !== OK) return step
  return { card: withPin(step.card, pin, { ...getPinState(step.card, pin), enabled }, true), status: OK }
}

/** UNBLOCK PIN (TS 102 221 §11.1.13): requires the PUK, sets a new PIN, and enables and verifies it. */
export const handleUnblockPin = onPin(
  2 * PIN_LENGTH,
  (card, pin, data) => {
    const puk = pin.unblockedBy === undefined ? undefined : card.profile.puks.get(pin.unblockedBy)
    if (puk === undefined) return { card, status: NO_SUCH_PIN }
    const tries = getPukTries(card, puk.reference)
    if (tries === 0) return { card, status: BLOCKED }
    if (!timingSafeEqual(puk.value, data.subarray(0, PIN_LENGTH)))
      return { card: withPukTries(card, puk.reference, tries - 1), status: triesLeft(tries - 1) }
    const state = { value: data.slice(PIN_LENGTH), tries: pin.maxTries, enabled: true }
    return { card: withPukTries(withPin(card, pin, state, true), puk.reference, puk.maxTries), status: OK }
  },
  (card, pin) => (pin.unblockedBy === undefined ? NO_SUCH_PIN : triesLeft(getPukTries(card, pin.unblockedBy))),
)
