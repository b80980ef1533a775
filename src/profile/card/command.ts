/** The part of a command APDU that matters to files: no class byte, which chooses the channel. */
export interface CardCommand {
  readonly ins: number
  readonly p1: number
  readonly p2: number
  readonly data: Uint8Array
  /** Bytes that the terminal expects; 256 where it sent '00', absent where it expects none. */
  readonly le?: number | undefined
}
