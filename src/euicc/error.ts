/** Why the software eUICC cannot be. What it refuses while it runs is a status word or an error value, not an exception. */
export type EuiccErrorCode =
  | 'newer-state' // the memory was written by a later version of this card
  | 'damaged-state' // the memory holds something that no version of this card wrote
  | 'foreign-state' // the memory belongs to a card with another EID
  | 'bad-identity' // certificates or keys that do not make a card

/** `entry` names the entry of the non-volatile memory at fault. */
export class EuiccError extends Error {
  readonly code: EuiccErrorCode
  readonly entry: string | undefined

  constructor(code: EuiccErrorCode, message: string, details: { entry?: string; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'EuiccError'
    this.code = code
    this.entry = details.entry
  }
}
