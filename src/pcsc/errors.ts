import { ApduError, type ApduErrorCode } from '../apdu/errors.ts'
import { describeScard, type PcscErrorCode } from './scard.ts'

/** `scard` is the PC/SC error number, if any; `reader` is the full name of the reader. */
export class PcscError extends Error {
  readonly code: PcscErrorCode
  readonly scard: number | undefined
  readonly reader: string | undefined

  constructor(
    code: PcscErrorCode,
    message: string,
    at: { scard?: number | undefined; reader?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: at.cause })
    this.name = 'PcscError'
    this.code = code
    this.scard = at.scard
    this.reader = at.reader
  }
}

/**
 * The error for a PC/SC error number: `READER: another program holds the card (SCARD_E_SHARING_VIOLATION); end it …`.
 */
export const pcscError = (scard: number, at: { reader?: string | undefined; cause?: unknown } = {}): PcscError => {
  const { name, code, text, advice } = describeScard(scard)
  return new PcscError(code, `${at.reader ? `${at.reader}: ` : ''}${text} (${name}); ${advice}`, { ...at, scard })
}

/** Maps PC/SC errors to the errors of a `Channel`, whose users do not depend on readers. */
const AS_APDU_ERROR: Readonly<Record<PcscErrorCode, ApduErrorCode>> = {
  'no-binding': 'port-gone',
  'no-service': 'port-gone',
  'not-permitted': 'port-gone',
  'no-reader': 'port-gone',
  'reader-gone': 'port-gone',
  // Not `exchange-lost`: no command may be repeated.
  'reader-timeout': 'port-gone',
  'reader-busy': 'reader-busy',
  'card-reset': 'reader-busy',
  'no-card': 'card-removed',
  'wrong-card': 'card-removed',
  'card-removed': 'card-removed',
  'card-mute': 'card-mute',
  // These errors are between reader and PC/SC; the card may be in order.
  'no-protocol': 'exchange-lost',
  'timed-out': 'exchange-lost',
  'exchange-lost': 'exchange-lost',
  failed: 'exchange-lost',
}

export const toApduError = (error: PcscError): ApduError =>
  new ApduError(AS_APDU_ERROR[error.code], error.message, { cause: error })
