/** What became of a card, in the words of this bench; `scard` below says which numbers mean which. */
export type PcscErrorCode =
  | 'no-binding' // neither npm package loads, or the one that was asked for does not
  | 'no-service' // pcscd does not run or cannot be reached
  | 'not-permitted' // pcscd runs and refuses this user
  | 'no-reader' // no reader, or none of that name
  | 'reader-gone' // the reader left
  | 'reader-busy' // another program holds the card
  | 'no-card' // the reader's slot is empty
  | 'card-removed' // the card left
  | 'card-mute' // the card is there and does not answer
  | 'card-reset' // another program reset the card
  | 'no-protocol' // card and reader have neither T=0 nor T=1 in common
  | 'timed-out'
  | 'failed' // anything else; the message carries PC/SC's own name for it

interface ScardRow {
  readonly name: string
  readonly code: PcscErrorCode
  /** What happened and what to do about it. */
  readonly text: string
}

const PLUG_AGAIN = 'take the card out and put it back; clean its contacts if that does not help'
const START_PCSCD = 'start it: systemctl start pcscd.socket (Debian: apt install pcscd)'

/** PC/SC Workgroup specification part 5, appendix A, and pcsclite.h: every number a call of ours can end with. */
const ROWS: Readonly<Record<number, ScardRow>> = {
  2148532225: { name: 'SCARD_F_INTERNAL_ERROR', code: 'failed', text: 'pcscd failed inside; see its log' },
  2148532226: { name: 'SCARD_E_CANCELLED', code: 'failed', text: 'the call was cancelled' },
  2148532227: { name: 'SCARD_E_INVALID_HANDLE', code: 'reader-gone', text: 'pcscd no longer knows this session' },
  2148532228: { name: 'SCARD_E_INVALID_PARAMETER', code: 'failed', text: 'pcscd took a parameter for wrong' },
  2148532230: { name: 'SCARD_E_NO_MEMORY', code: 'failed', text: 'pcscd is out of memory' },
  2148532232: {
    name: 'SCARD_E_INSUFFICIENT_BUFFER',
    code: 'failed',
    text: 'the response is longer than 256 bytes and a status word',
  },
  2148532233: { name: 'SCARD_E_UNKNOWN_READER', code: 'reader-gone', text: 'the reader is no longer attached' },
  2148532234: { name: 'SCARD_E_TIMEOUT', code: 'timed-out', text: 'the reader did not answer in time' },
  2148532235: {
    name: 'SCARD_E_SHARING_VIOLATION',
    code: 'reader-busy',
    text: 'another program holds the card; end it (scdaemon, pcsc_scan, another bench) or wait for it',
  },
  2148532236: { name: 'SCARD_E_NO_SMARTCARD', code: 'no-card', text: 'there is no card in the reader' },
  2148532239: {
    name: 'SCARD_E_PROTO_MISMATCH',
    code: 'no-protocol',
    text: 'the card and the reader have neither T=0 nor T=1 in common',
  },
  2148532240: { name: 'SCARD_E_NOT_READY', code: 'card-mute', text: 'the reader is not ready for commands' },
  2148532241: { name: 'SCARD_E_INVALID_VALUE', code: 'failed', text: 'pcscd took a value for wrong' },
  2148532243: {
    name: 'SCARD_F_COMM_ERROR',
    code: 'card-mute',
    text: `reader and card do not understand each other; ${PLUG_AGAIN}`,
  },
  2148532244: { name: 'SCARD_F_UNKNOWN_ERROR', code: 'failed', text: 'pcscd does not say what failed' },
  2148532246: { name: 'SCARD_E_NOT_TRANSACTED', code: 'card-mute', text: `the exchange broke off; ${PLUG_AGAIN}` },
  2148532247: { name: 'SCARD_E_READER_UNAVAILABLE', code: 'reader-gone', text: 'the reader was unplugged' },
  2148532253: { name: 'SCARD_E_NO_SERVICE', code: 'no-service', text: `pcscd does not run; ${START_PCSCD}` },
  2148532254: { name: 'SCARD_E_SERVICE_STOPPED', code: 'no-service', text: `pcscd was stopped; ${START_PCSCD}` },
  2148532255: { name: 'SCARD_E_UNSUPPORTED_FEATURE', code: 'failed', text: 'the reader has no such function' },
  2148532270: { name: 'SCARD_E_NO_READERS_AVAILABLE', code: 'no-reader', text: 'no reader is attached' },
  2148532325: {
    name: 'SCARD_W_UNSUPPORTED_CARD',
    code: 'card-mute',
    text: 'the ATR is not one the reader can work with',
  },
  2148532326: {
    name: 'SCARD_W_UNRESPONSIVE_CARD',
    code: 'card-mute',
    text: `the card does not answer to reset (it may be the wrong way round); ${PLUG_AGAIN}`,
  },
  2148532327: { name: 'SCARD_W_UNPOWERED_CARD', code: 'card-mute', text: `the card has no power; ${PLUG_AGAIN}` },
  2148532328: { name: 'SCARD_W_RESET_CARD', code: 'card-reset', text: 'another program reset the card' },
  2148532329: { name: 'SCARD_W_REMOVED_CARD', code: 'card-removed', text: 'the card was taken out' },
  2148532330: {
    name: 'SCARD_W_SECURITY_VIOLATION',
    code: 'not-permitted',
    text: 'pcscd refuses this user; allow org.debian.pcsc-lite.access_pcsc and access_card in polkit',
  },
}

/** What a number of PC/SC means. A number that is not in the table keeps its digits in the text. */
export const describeScard = (scard: number): ScardRow =>
  ROWS[scard] ?? {
    name: `0x${scard.toString(16).toUpperCase().padStart(8, '0')}`,
    code: 'failed',
    text: 'PC/SC answered with a number this bench does not know',
  }
