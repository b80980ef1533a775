import { concat } from '../../asn1/bytes.ts'
import { encodeTlv } from '../../asn1/tlv.ts'

/** Bits of the access mode byte (TS 102 221 §9.2.1) of an EF; those of a directory follow. */
const READ = 0x01
const UPDATE = 0x02
/** DELETE FILE, ACTIVATE FILE, DEACTIVATE FILE. */
const ADMINISTER = 0x58
/** ADMINISTER and the creation of DFs and EFs. */
const ADMINISTER_DIRECTORY = 0x5e
const INCREASE = 0x32
const RESIZE_FILE = 0xd4

const mode = (bits: number): Uint8Array => encodeTlv(0x80, Uint8Array.of(bits))
const instruction = (ins: number): Uint8Array => encodeTlv(0x84, Uint8Array.of(ins))

/** Security conditions (TS 102 221 §9.2.3): user authentication with a key reference of §9.5.1, or no condition. */
const key = (reference: number): Uint8Array =>
  encodeTlv(0xa4, encodeTlv(0x83, Uint8Array.of(reference)), encodeTlv(0x95, Uint8Array.of(0x08)))
const ALWAYS = encodeTlv(0x90)
const PIN = key(0x01)
const PIN2 = key(0x81)
const ADM = key(0x0a)
const PIN_OR_PIN2 = encodeTlv(0xa0, PIN, PIN2)

const administration = concat(mode(ADMINISTER), ADM, instruction(RESIZE_FILE), ADM)
/** A rule for reading and updating. Other operations are never allowed. */
const rule = (read: Uint8Array, update: Uint8Array | 'never'): Uint8Array =>
  concat(mode(READ), read, update === 'never' ? new Uint8Array(0) : concat(mode(UPDATE), update), administration)
const ADM_ONLY = rule(ADM, ADM)

/**
 * The records of EF.ARR with the numbers of the file templates: the conditions of TS 31.102 §4 in the expanded format
 * (TS 102 221 §9.2.4), as in TS.48. No template uses 6, 12 and 13, so only ADM has access.
 */
const RULES: readonly Uint8Array[] = [
  /* 1 */ rule(ALWAYS, PIN),
  /* 2 */ rule(PIN, ADM),
  /* 3 */ ADM_ONLY,
  /* 4 */ rule(PIN, 'never'),
  /* 5 */ rule(PIN, PIN),
  /* 6 */ ADM_ONLY,
  // Charging and call meters (TS 31.102 §4.2.9): the user may increase and reset them.
  /* 7 */ concat(rule(PIN, PIN_OR_PIN2), instruction(INCREASE), PIN),
  /* 8 */ rule(PIN, PIN2),
  // Emergency numbers that the user may hide (TS 31.102 §4.6).
  /* 9 */ concat(mode(READ), ALWAYS, mode(UPDATE | 0x18), PIN, mode(0x40), ADM),
  /* 10 */ rule(ALWAYS, ADM),
  /* 11 */ rule(ALWAYS, 'never'),
  /* 12 */ ADM_ONLY,
  /* 13 */ ADM_ONLY,
  // Directories.
  /* 14 */ concat(mode(ADMINISTER_DIRECTORY), ADM, instruction(RESIZE_FILE), ADM),
]

/** The records of an EF.ARR for the file templates, padded with 'FF' to one length. */
export const accessRuleRecords = (): readonly Uint8Array[] => {
  const length = Math.max(...RULES.map(record => record.length))
  return RULES.map(record => concat(record, new Uint8Array(length - record.length).fill(0xff)))
}
