/** A reader and its state as PC/SC reports them. */
export interface ReaderState {
  readonly name: string
  /** SCARD_STATE_* bits. */
  readonly state: number
  /** Empty if the slot has no card or a mute card. */
  readonly atr: Uint8Array
}

export const STATE_PRESENT = 0x20
export const STATE_EXCLUSIVE = 0x80
export const STATE_MUTE = 0x200

/** SCARD_SHARE_EXCLUSIVE: no other process can use the card until the connection ends. */
export const SHARE_EXCLUSIVE = 1
/** SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1: the card and the reader select one of the two. */
export const PROTOCOL_T0 = 1
export const PROTOCOL_ANY = 3
export const LEAVE_CARD = 0
export const RESET_CARD = 1

/** An exclusive connection to a card. Every rejection is a PcscError. */
export interface Connection {
  /** SCARD_PROTOCOL_T0 or SCARD_PROTOCOL_T1. */
  readonly protocol: number
  readonly atr: Uint8Array
  transmit(bytes: Uint8Array): Promise<Uint8Array>
  /** Warm reset. Updates `protocol` and `atr`. */
  reset(): Promise<void>
  /** Disconnects with SCARD_LEAVE_CARD: the card stays powered. */
  disconnect(): Promise<void>
}

/** The functions that this module uses of an npm package. Errors carry the PC/SC error number. */
export interface Binding {
  readonly name: BindingName
  /** Why this package is used instead of the preferred one; undefined for the preferred one. */
  readonly instead?: string
  readers(): Promise<readonly ReaderState[]>
  connect(reader: string): Promise<Connection>
  release(): void
}

export type BindingName = 'smartcard' | 'pcsclite'
