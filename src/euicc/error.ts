/** Why a software eUICC cannot start. Errors at run time are status words or error values, not exceptions. */
export type EuiccErrorCode =
  | 'newer-state' // a later version of this card wrote the memory
  | 'damaged-state' // the memory contains data that no version of this card wrote
  | 'foreign-state' // the memory belongs to a card with another EID
  | 'bad-identity' // the certificates or keys are invalid

/** `entry` names the invalid entry of the non-volatile memory. */
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
