/** Why an exchange with a card failed. Code branches on these, never on the message. */
const APDU_ERROR_CODES = [
  'card-removed', // the card was removed
  'card-mute', // the card is present and does not answer
  'port-gone', // the reader or modem was disconnected
  'exchange-lost', // the link lost the exchange; it is unknown whether the card executed the command
  'timed-out', // no response before the deadline
  'reader-busy', // another program uses the reader
  'recording-exhausted', // a recording has no response to the command
  'invalid-recording', // a recording that cannot be read
  'bad-command', // the command cannot be encoded or decoded
  'bad-response', // the response violates the standard
  'no-channel', // the card opened no logical channel
  'refused', // the status word is an error
  'link-garbage', // the program or socket sent a line that is not an answer
  'link-overlong', // it sent too many bytes without a line end
  'link-silent', // it sent no answer before the deadline
  'link-protocol', // it sent an answer without a question
  'link-refused', // it reported a failure
  'link-closed', // it closed the connection
] as const
export type ApduErrorCode = (typeof APDU_ERROR_CODES)[number]

export const isApduErrorCode = (value: unknown): value is ApduErrorCode => APDU_ERROR_CODES.some(code => code === value)

/** `status` is SW1 SW2 if the card answered with an error status word. */
export class ApduError extends Error {
  readonly code: ApduErrorCode
  readonly status: number | undefined

  constructor(code: ApduErrorCode, message: string, at: { status?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: at.cause })
    this.name = 'ApduError'
    this.code = code
    this.status = at.status
  }
}

/** Narrows a caught value to an ApduError of one of the given codes (any code when none is given). */
export const isApduError = (error: unknown, ...codes: readonly ApduErrorCode[]): error is ApduError =>
  error instanceof ApduError && (codes.length === 0 || codes.includes(error.code))
