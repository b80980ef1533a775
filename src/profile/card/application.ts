import type { Directory } from '../file-tree.ts'
import { type CardFiles, findPin, getFileContent, getPinState } from './card-files.ts'

/** Registered application provider and USIM code (TS 101 220 annex E). */
const USIM_AID = [0xa0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02]
const EF_UST = 0x6f38

/**
 * True if the application PIN is verified or disabled, which the use of the subscriber key requires (TS 31.102 §7.1.1).
 */
export const isOpen = (card: CardFiles, adf: Directory): boolean => {
  const reference = adf.pinReferences.find(candidate => candidate >= 1 && candidate <= 8)
  const pin = reference === undefined ? undefined : findPin(card, adf, reference)
  return pin === undefined || card.verified.has(pin.key) || !getPinState(card, pin).enabled
}

/** True if a service of the USIM is available (EF.UST, TS 31.102 §4.2.8). */
export const hasService = (card: CardFiles, adf: Directory, service: number): boolean => {
  const ust = adf.children.get(EF_UST)
  if (ust?.kind !== 'EF' || !USIM_AID.every((octet, i) => adf.aid?.[i] === octet)) return false
  return ((getFileContent(card, ust)[(service - 1) >> 3] ?? 0) & (1 << ((service - 1) & 7))) !== 0
}
