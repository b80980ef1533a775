/** A command APDU without the class byte, which selects the channel. */
export interface CardCommand {
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data: Uint8Array
  /** The expected number of bytes: 256 for Le '00', absent without Le. */
  readonly le?: number | undefined
}
