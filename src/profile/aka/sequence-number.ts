/** IND is the five low bits of SQN, so each of the 32 sequence numbers of SAIP has one IND (TS 33.102 C.1.1.1, C.3). */
const IND_BITS = 5
export const IND_VALUES = 2 ** IND_BITS
/** SEQ has 43 bits ('07FFFFFFFFFF' in SAIP). A number represents an SQN of 48 bits exactly. */
export const MAX_SEQ = 2 ** (48 - IND_BITS) - 1

/** A sequence number, split into SEQ and its index IND. */
export interface SequenceNumber {
  readonly seq: number
  readonly ind: number
}

/** Reads six bytes as a number. */
export const toNumber = (bytes: Uint8Array): number => bytes.reduce((value, octet) => value * 256 + octet, 0)

/** Writes the low 48 bits of a number as six bytes. */
const sixBytes = (value: number): Uint8Array => {
  const out = new Uint8Array(6)
  for (let i = 5, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256
  return out
}

export const splitSqn = (sqn: Uint8Array): SequenceNumber => {
  const value = toNumber(sqn)
  return { seq: Math.floor(value / IND_VALUES), ind: value % IND_VALUES }
}

export const joinSqn = ({ seq, ind }: SequenceNumber): Uint8Array => sixBytes(seq * IND_VALUES + ind)
