/** Why an exchange with a card did not do what it should. Code branches on these, never on the message. */
const APDU_ERROR_CODES = [
  'card-removed', // the card left its place
  'card-mute', // the card is there and does not answer
  'port-gone', // the reader or modem itself left
  'exchange-lost', // the way to the card broke an exchange off; whether the card heard the command is not known
  'timed-out', // no answer before the deadline
  'reader-busy', // somebody else holds the reader
  'recording-exhausted', // a tape was asked for something it does not hold
  'invalid-recording', // a tape that cannot be read
  'bad-command', // the command cannot be coded, or came malformed
  'bad-response', // the card answered outside the standard
  'no-channel', // the card opened no logical channel
  'refused', // a status word said no
  'link-garbage', // the program or socket on the way to the card sent a line that is no answer
  'link-overlong', // it sent bytes without end and no line
  'link-silent', // it sent nothing before the deadline
  'link-protocol', // it answered what was not asked
  'link-refused', // its answer is that it could not
  'link-closed', // it ended in the middle
] as const
export type ApduErrorCode = (typeof APDU_ERROR_CODES)[number]

export const isApduErrorCode = (value: unknown): value is ApduErrorCode => APDU_ERROR_CODES.some(code => code === value)

/** `status` is SW1 SW2 where a status word was the answer. */
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
