/** The result of a PC/SC call; the table below maps PC/SC error numbers to these codes. */
export type PcscErrorCode =
  | 'no-binding' // no npm package loads, or not the requested one
  | 'no-service' // `pcscd` does not run or is unreachable
  | 'not-permitted' // `pcscd` denies this user access
  | 'no-reader' // no reader is attached, or none with that name
  | 'reader-gone' // the reader was unplugged
  | 'reader-busy' // another program uses the card
  | 'no-card' // the slot is empty
  | 'wrong-card' // no card is the requested one
  | 'card-removed' // the card was removed
  | 'card-mute' // a card is present but does not answer to reset
  | 'card-reset' // another program reset the card
  | 'no-protocol' // card and reader have no protocol in common
  | 'exchange-lost' // the exchange between reader and card failed
  | 'timed-out'
  | 'reader-timeout' // a call did not return; the reader cannot be used
  | 'failed' // any other error; the message contains the PC/SC name

export interface ScardRow {
  readonly scard: number
  readonly name: string
  readonly code: PcscErrorCode
  /** What happened. */
  readonly text: string
  /** Suggestion to the user. */
  readonly advice: string
}

const REINSERT = 'remove the card and insert it again; if that does not help, clean its contacts'
const OTHER_PROGRAM = 'end the other program (scdaemon, pcsc_scan, another bench) or wait until it ends'
const START_PCSCD = 'start it: systemctl start pcscd.socket (Debian: apt install pcscd)'
const RESTART_PCSCD = 'restart it: systemctl restart pcscd; journalctl -u pcscd shows details'
const REPORT_DEFECT = 'report this as a defect of the bench, with the evidence of the run'
const OTHER_READER = 'use another reader'
const CHECK_CONTACTS = 'insert the card with the contacts on the correct side, then clean them'

type Row = readonly [number, string, PcscErrorCode, string, string]

/** PC/SC Workgroup specification part 5, appendix A, and pcsclite.h of pcsc-lite 2: all error numbers. */
const ROWS: readonly Row[] = [
  [0x80100001, 'SCARD_F_INTERNAL_ERROR', 'failed', 'pcscd had an internal error', RESTART_PCSCD],
  [0x80100002, 'SCARD_E_CANCELLED', 'failed', 'the call was canceled', 'try again'],
  [0x80100003, 'SCARD_E_INVALID_HANDLE', 'reader-gone', 'pcscd does not know this session', 'try again'],
  [0x80100004, 'SCARD_E_INVALID_PARAMETER', 'failed', 'pcscd rejected a parameter', REPORT_DEFECT],
  [0x80100005, 'SCARD_E_INVALID_TARGET', 'failed', 'the startup information of the service is invalid', RESTART_PCSCD],
  [0x80100006, 'SCARD_E_NO_MEMORY', 'failed', 'pcscd is out of memory', RESTART_PCSCD],
  [0x80100007, 'SCARD_F_WAITED_TOO_LONG', 'timed-out', 'pcscd exceeded an internal deadline', RESTART_PCSCD],
  [0x80100008, 'SCARD_E_INSUFFICIENT_BUFFER', 'failed', 'the response is longer than the maximum', OTHER_READER],
  [0x80100009, 'SCARD_E_UNKNOWN_READER', 'reader-gone', 'the reader is not attached', 'connect it again'],
  [0x8010000a, 'SCARD_E_TIMEOUT', 'timed-out', 'the reader did not answer in time', REINSERT],
  [0x8010000b, 'SCARD_E_SHARING_VIOLATION', 'reader-busy', 'another program holds the card', OTHER_PROGRAM],
  [0x8010000c, 'SCARD_E_NO_SMARTCARD', 'no-card', 'the reader has no card', 'insert one'],
  [0x8010000d, 'SCARD_E_UNKNOWN_CARD', 'failed', 'the service has no card with that name', REPORT_DEFECT],
  [0x8010000e, 'SCARD_E_CANT_DISPOSE', 'failed', 'the reader cannot set the card to the requested state', REINSERT],
  [
    0x8010000f,
    'SCARD_E_PROTO_MISMATCH',
    'no-protocol',
    'the card and the reader have neither T=0 nor T=1 in common',
    OTHER_READER,
  ],
  [
    0x80100010,
    'SCARD_E_NOT_READY',
    'exchange-lost',
    'the reader is not ready for commands',
    'connect the reader again',
  ],
  [0x80100011, 'SCARD_E_INVALID_VALUE', 'failed', 'pcscd rejected a value', REPORT_DEFECT],
  [0x80100012, 'SCARD_E_SYSTEM_CANCELLED', 'failed', 'the system canceled the call because it shuts down', 'try again'],
  [0x80100013, 'SCARD_F_COMM_ERROR', 'exchange-lost', 'the communication between reader and card failed', REINSERT],
  [0x80100014, 'SCARD_F_UNKNOWN_ERROR', 'failed', 'pcscd reports no reason', RESTART_PCSCD],
  [0x80100015, 'SCARD_E_INVALID_ATR', 'card-mute', 'the answer to reset is invalid', CHECK_CONTACTS],
  [0x80100016, 'SCARD_E_NOT_TRANSACTED', 'exchange-lost', 'the exchange was interrupted', REINSERT],
  [0x80100017, 'SCARD_E_READER_UNAVAILABLE', 'reader-gone', 'the reader was unplugged', 'connect it again'],
  [0x80100018, 'SCARD_P_SHUTDOWN', 'no-service', 'pcscd is shutting down', START_PCSCD],
  [0x80100019, 'SCARD_E_PCI_TOO_SMALL', 'failed', 'the protocol information does not fit', REPORT_DEFECT],
  [
    0x8010001a,
    'SCARD_E_READER_UNSUPPORTED',
    'no-reader',
    'the driver of the reader lacks required functions',
    OTHER_READER,
  ],
  [
    0x8010001b,
    'SCARD_E_DUPLICATE_READER',
    'no-reader',
    'two readers have the same name',
    `unplug one of them, then ${RESTART_PCSCD}`,
  ],
  [0x8010001c, 'SCARD_E_CARD_UNSUPPORTED', 'card-mute', 'the card lacks required functions', OTHER_READER],
  [0x8010001d, 'SCARD_E_NO_SERVICE', 'no-service', 'pcscd does not run', START_PCSCD],
  [0x8010001e, 'SCARD_E_SERVICE_STOPPED', 'no-service', 'pcscd was stopped', START_PCSCD],
  // pcsclite.h has two names for this number; on Windows the second is 80100022.
  [
    0x8010001f,
    'SCARD_E_UNSUPPORTED_FEATURE',
    'failed',
    'the reader does not support this function, or the card did something unexpected (SCARD_E_UNEXPECTED)',
    OTHER_READER,
  ],
  [0x80100020, 'SCARD_E_ICC_INSTALLATION', 'failed', 'the service has no provider for the card', REPORT_DEFECT],
  [0x80100021, 'SCARD_E_ICC_CREATEORDER', 'failed', 'the card cannot create objects in this order', REPORT_DEFECT],
  [0x80100022, 'SCARD_E_UNSUPPORTED_FEATURE', 'failed', 'the reader does not support this function', OTHER_READER],
  [0x80100023, 'SCARD_E_DIR_NOT_FOUND', 'failed', 'the service does not find the folder on the card', REPORT_DEFECT],
  [0x80100024, 'SCARD_E_FILE_NOT_FOUND', 'failed', 'the service does not find the file on the card', REPORT_DEFECT],
  [0x80100025, 'SCARD_E_NO_DIR', 'failed', 'the path on the card is not a folder', REPORT_DEFECT],
  [0x80100026, 'SCARD_E_NO_FILE', 'failed', 'the path on the card is not a file', REPORT_DEFECT],
  [0x80100027, 'SCARD_E_NO_ACCESS', 'not-permitted', 'the service denies this access', REPORT_DEFECT],
  [0x80100028, 'SCARD_E_WRITE_TOO_MANY', 'failed', 'the service has no space on the card', REPORT_DEFECT],
  [0x80100029, 'SCARD_E_BAD_SEEK', 'failed', 'the service cannot seek to this position in the file', REPORT_DEFECT],
  [0x8010002a, 'SCARD_E_INVALID_CHV', 'failed', 'the service used an incorrect PIN', REPORT_DEFECT],
  [0x8010002b, 'SCARD_E_UNKNOWN_RES_MNG', 'failed', 'a layer below answered with an unknown error', RESTART_PCSCD],
  [0x8010002c, 'SCARD_E_NO_SUCH_CERTIFICATE', 'failed', 'the service does not find the certificate', REPORT_DEFECT],
  [0x8010002d, 'SCARD_E_CERTIFICATE_UNAVAILABLE', 'failed', 'the service cannot obtain the certificate', REPORT_DEFECT],
  [
    0x8010002e,
    'SCARD_E_NO_READERS_AVAILABLE',
    'no-reader',
    'no reader is attached',
    'attach one; if one is attached, install its driver for pcscd (Debian: apt install libccid)',
  ],
  [0x8010002f, 'SCARD_E_COMM_DATA_LOST', 'exchange-lost', 'reader and card lost data', REINSERT],
  [0x80100030, 'SCARD_E_NO_KEY_CONTAINER', 'failed', 'the service does not find the key', REPORT_DEFECT],
  [0x80100031, 'SCARD_E_SERVER_TOO_BUSY', 'no-service', 'pcscd is overloaded', RESTART_PCSCD],
  [
    0x80100065,
    'SCARD_W_UNSUPPORTED_CARD',
    'card-mute',
    'the reader does not support the answer to reset',
    OTHER_READER,
  ],
  [0x80100066, 'SCARD_W_UNRESPONSIVE_CARD', 'card-mute', 'the card does not answer to reset', CHECK_CONTACTS],
  [0x80100067, 'SCARD_W_UNPOWERED_CARD', 'exchange-lost', 'the reader does not power the card', REINSERT],
  [0x80100068, 'SCARD_W_RESET_CARD', 'card-reset', 'another program reset the card', OTHER_PROGRAM],
  [0x80100069, 'SCARD_W_REMOVED_CARD', 'card-removed', 'the card was removed', 'insert it and try again'],
  [
    0x8010006a,
    'SCARD_W_SECURITY_VIOLATION',
    'not-permitted',
    'pcscd denies this user access',
    'allow org.debian.pcsc-lite.access_pcsc and access_card in polkit, or log in at the machine itself',
  ],
  [0x8010006b, 'SCARD_W_WRONG_CHV', 'failed', 'the service used an incorrect PIN', REPORT_DEFECT],
  [0x8010006c, 'SCARD_W_CHV_BLOCKED', 'failed', 'the PIN is blocked', REPORT_DEFECT],
  [0x8010006d, 'SCARD_W_EOF', 'failed', 'the end of the file on the card was reached', REPORT_DEFECT],
  [0x8010006e, 'SCARD_W_CANCELLED_BY_USER', 'failed', 'the user pressed Cancel', 'try again'],
  [0x8010006f, 'SCARD_W_CARD_NOT_AUTHENTICATED', 'failed', 'the service requires a PIN', REPORT_DEFECT],
]

const BY_NUMBER: ReadonlyMap<number, ScardRow> = new Map(
  ROWS.map(([scard, name, code, text, advice]) => [scard, { scard, name, code, text, advice }]),
)

/** Describes a PC/SC error number. An unknown number is shown in hexadecimal as the name. */
export const describeScard = (scard: number): ScardRow =>
  BY_NUMBER.get(scard) ?? {
    scard,
    name: `0x${scard.toString(16).toUpperCase().padStart(8, '0')}`,
    code: 'failed',
    text: 'PC/SC returned an unknown error number',
    advice: RESTART_PCSCD,
  }
