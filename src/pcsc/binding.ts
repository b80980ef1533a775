/** A reader as PC/SC tells of it now. */
export interface ReaderState {
  readonly name: string
  /** SCARD_STATE_* bits. */
  readonly state: number
  /** Empty where there is no card, or a mute one. */
  readonly atr: Uint8Array
}

export const STATE_PRESENT = 0x20
export const STATE_EXCLUSIVE = 0x80
export const STATE_MUTE = 0x200

/** SCARD_SHARE_EXCLUSIVE: nobody else reaches the card until the connection ends. */
export const SHARE_EXCLUSIVE = 1
/** SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1: which it becomes is the card's matter. */
export const PROTOCOL_T0 = 1
export const PROTOCOL_ANY = 3
export const LEAVE_CARD = 0
export const RESET_CARD = 1

/** A card held exclusively. Every rejection is a PcscError. */
export interface Connection {
  /** SCARD_PROTOCOL_T0 or SCARD_PROTOCOL_T1. */
  readonly protocol: number
  readonly atr: Uint8Array
  transmit(bytes: Uint8Array): Promise<Uint8Array>
  /** Warm reset; `protocol` and `atr` are read anew. */
  reset(): Promise<void>
  /** SCARD_LEAVE_CARD: the card stays powered as it is. */
  disconnect(): Promise<void>
}

/** What this room needs of an npm package: five functions, with the numbers of PC/SC in its errors. */
export interface Binding {
  readonly name: BindingName
  /** Said where this is not the package that is taken first. */
  readonly instead?: string
  readers(): Promise<readonly ReaderState[]>
  connect(reader: string): Promise<Connection>
  release(): void
}

export type BindingName = 'smartcard' | 'pcsclite'
