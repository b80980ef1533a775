/**
 * The waist towards a card: one command APDU in, one response APDU out (TS 102 221 §10.1: data, then SW1 SW2).
 *
 * Contract. Exchanges never overlap: the caller awaits one before it sends the next. The response has at least two
 * bytes. A status word that says no is a response, not an error; `transmit` rejects only when no response could be
 * had (card pulled, port gone, deadline passed), with an `ApduError` that says which.
 */
export interface Channel {
  transmit(command: Uint8Array): Promise<Uint8Array>
}

/** A card in its place: what a bare {@link Channel} does not tell or cannot do. */
export interface Card {
  /** Answer to reset of the last reset, ISO 7816-3 coding; empty where the way to the card hides it. */
  readonly atr: Uint8Array
  /** Warm reset: logical channels are closed, nothing is selected. Resolves with the new ATR. */
  reset(): Promise<Uint8Array>
  /** Runs `procedure` while nobody else can reach the card. Calls queue in the order they were made. */
  exclusive<T>(procedure: (channel: Channel) => Promise<T>): Promise<T>
  /** Leaves the card powered as it was found. Later calls reject. */
  close(): Promise<void>
}
