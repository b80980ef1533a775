/**
 * The interface to a card: one command APDU in, one response APDU out (TS 102 221 §10.1: data, then SW1 SW2).
 *
 * Exchanges never overlap: the caller awaits one before it sends the next. The response has at least two bytes. An error
 * status word is a response. `transmit` rejects with an `ApduError` only if there is no response.
 */
export interface Channel {
  transmit(command: Uint8Array): Promise<Uint8Array>
}

/** A card behind a link: its {@link Channel} with reset, exclusive access and release. */
export interface Card {
  /** Answer to reset of the last reset (ISO/IEC 7816-3); empty if the link hides it. */
  readonly atr: Uint8Array
  /** Warm reset: logical channels are closed, nothing is selected. Resolves with the new ATR. */
  reset(): Promise<Uint8Array>
  /** Runs `procedure` with exclusive access to the card. Calls run in the order in which they were made. */
  exclusive<T>(procedure: (channel: Channel) => Promise<T>): Promise<T>
  /** Releases the card; its power state is as before opening. Later calls reject. */
  close(): Promise<void>
}
