/** What became of a card, in the words of this bench; the table below says which numbers mean which. */
export type PcscErrorCode =
  | 'no-binding' // neither npm package loads, or the one that was asked for does not
  | 'no-service' // pcscd does not run or cannot be reached
  | 'not-permitted' // pcscd runs and refuses this user
  | 'no-reader' // no reader, or none of that name
  | 'reader-gone' // the reader left
  | 'reader-busy' // another program holds the card
  | 'no-card' // the reader's slot is empty
  | 'wrong-card' // none of the cards is the one that was asked for
  | 'card-removed' // the card left
  | 'card-mute' // the card is there and does not answer to reset
  | 'card-reset' // another program reset the card
  | 'no-protocol' // card and reader have neither T=0 nor T=1 in common
  | 'exchange-lost' // reader and card broke an exchange off
  | 'timed-out'
  | 'reader-timeout' // a call has not come back, and nothing more can be asked of the reader
  | 'failed' // anything else; the message carries PC/SC's own name for it

export interface ScardRow {
  readonly scard: number
  readonly name: string
  readonly code: PcscErrorCode
  /** What happened. */
  readonly text: string
  /** What a person should do about it. */
  readonly advice: string
}

const PLUG_AGAIN = 'take the card out and put it back; clean its contacts if that does not help'
const OTHER_PROGRAM = 'end the other program (scdaemon, pcsc_scan, another bench) or wait for it'
const START_PCSCD = 'start it: systemctl start pcscd.socket (Debian: apt install pcscd)'
const RESTART_PCSCD = 'restart it: systemctl restart pcscd; journalctl -u pcscd says more'
const REPORT = 'this bench asks for no such thing: report it with the evidence of the run'
const OTHER_READER = 'use another reader'
const WRONG_WAY = 'see that the card lies the right way round, then clean its contacts'

type Row = readonly [number, string, PcscErrorCode, string, string]

/** PC/SC Workgroup specification part 5, appendix A, and pcsclite.h of pcsc-lite 2: all of them, asked for or not. */
const ROWS: readonly Row[] = [
  [0x80100001, 'SCARD_F_INTERNAL_ERROR', 'failed', 'pcscd failed inside', RESTART_PCSCD],
  [0x80100002, 'SCARD_E_CANCELLED', 'failed', 'the call was cancelled', 'try again'],
  [0x80100003, 'SCARD_E_INVALID_HANDLE', 'reader-gone', 'pcscd no longer knows this session', 'try again'],
  [0x80100004, 'SCARD_E_INVALID_PARAMETER', 'failed', 'pcscd took a parameter for wrong', REPORT],
  [0x80100005, 'SCARD_E_INVALID_TARGET', 'failed', 'the start information of the service is damaged', RESTART_PCSCD],
  [0x80100006, 'SCARD_E_NO_MEMORY', 'failed', 'pcscd is out of memory', RESTART_PCSCD],
  [0x80100007, 'SCARD_F_WAITED_TOO_LONG', 'timed-out', 'pcscd waited in vain for itself', RESTART_PCSCD],
  [0x80100008, 'SCARD_E_INSUFFICIENT_BUFFER', 'failed', 'the response is longer than a response can be', OTHER_READER],
  [0x80100009, 'SCARD_E_UNKNOWN_READER', 'reader-gone', 'the reader is no longer attached', 'plug it in again'],
  [0x8010000a, 'SCARD_E_TIMEOUT', 'timed-out', 'the reader did not answer in time', PLUG_AGAIN],
  [0x8010000b, 'SCARD_E_SHARING_VIOLATION', 'reader-busy', 'another program holds the card', OTHER_PROGRAM],
  [0x8010000c, 'SCARD_E_NO_SMARTCARD', 'no-card', 'there is no card in the reader', 'put it in'],
  [0x8010000d, 'SCARD_E_UNKNOWN_CARD', 'failed', 'the service knows no card of that name', REPORT],
  [0x8010000e, 'SCARD_E_CANT_DISPOSE', 'failed', 'the reader cannot leave the card as asked', PLUG_AGAIN],
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
    'plug the reader in again',
  ],
  [0x80100011, 'SCARD_E_INVALID_VALUE', 'failed', 'pcscd took a value for wrong', REPORT],
  [0x80100012, 'SCARD_E_SYSTEM_CANCELLED', 'failed', 'the system cancelled the call, to shut down', 'try again'],
  [0x80100013, 'SCARD_F_COMM_ERROR', 'exchange-lost', 'reader and card do not understand each other', PLUG_AGAIN],
  [0x80100014, 'SCARD_F_UNKNOWN_ERROR', 'failed', 'pcscd does not say what failed', RESTART_PCSCD],
  [0x80100015, 'SCARD_E_INVALID_ATR', 'card-mute', 'the answer to reset is none', WRONG_WAY],
  [0x80100016, 'SCARD_E_NOT_TRANSACTED', 'exchange-lost', 'the exchange broke off', PLUG_AGAIN],
  [0x80100017, 'SCARD_E_READER_UNAVAILABLE', 'reader-gone', 'the reader was unplugged', 'plug it in again'],
  [0x80100018, 'SCARD_P_SHUTDOWN', 'no-service', 'pcscd is shutting down', START_PCSCD],
  [0x80100019, 'SCARD_E_PCI_TOO_SMALL', 'failed', 'the protocol information does not fit', REPORT],
  [0x8010001a, 'SCARD_E_READER_UNSUPPORTED', 'no-reader', 'the driver of the reader does too little', OTHER_READER],
  [
    0x8010001b,
    'SCARD_E_DUPLICATE_READER',
    'no-reader',
    'two readers have one name',
    `unplug one of them, then ${RESTART_PCSCD}`,
  ],
  [0x8010001c, 'SCARD_E_CARD_UNSUPPORTED', 'card-mute', 'the card does too little for the service', OTHER_READER],
  [0x8010001d, 'SCARD_E_NO_SERVICE', 'no-service', 'pcscd does not run', START_PCSCD],
  [0x8010001e, 'SCARD_E_SERVICE_STOPPED', 'no-service', 'pcscd was stopped', START_PCSCD],
  // pcsclite.h has two names for this number; Windows has the second as 80100022.
  [
    0x8010001f,
    'SCARD_E_UNSUPPORTED_FEATURE',
    'failed',
    'the reader has no such function, or the card did something unexpected (SCARD_E_UNEXPECTED)',
    OTHER_READER,
  ],
  [0x80100020, 'SCARD_E_ICC_INSTALLATION', 'failed', 'the service has no provider for the card', REPORT],
  [0x80100021, 'SCARD_E_ICC_CREATEORDER', 'failed', 'the card cannot create objects in this order', REPORT],
  [0x80100022, 'SCARD_E_UNSUPPORTED_FEATURE', 'failed', 'the reader has no such function', OTHER_READER],
  [0x80100023, 'SCARD_E_DIR_NOT_FOUND', 'failed', 'the service finds no such folder on the card', REPORT],
  [0x80100024, 'SCARD_E_FILE_NOT_FOUND', 'failed', 'the service finds no such file on the card', REPORT],
  [0x80100025, 'SCARD_E_NO_DIR', 'failed', 'the path on the card names no folder', REPORT],
  [0x80100026, 'SCARD_E_NO_FILE', 'failed', 'the path on the card names no file', REPORT],
  [0x80100027, 'SCARD_E_NO_ACCESS', 'not-permitted', 'the service refuses this access', REPORT],
  [0x80100028, 'SCARD_E_WRITE_TOO_MANY', 'failed', 'the service finds no room on the card', REPORT],
  [0x80100029, 'SCARD_E_BAD_SEEK', 'failed', 'the service cannot go there in the file', REPORT],
  [0x8010002a, 'SCARD_E_INVALID_CHV', 'failed', 'the service had a wrong PIN', REPORT],
  [0x8010002b, 'SCARD_E_UNKNOWN_RES_MNG', 'failed', 'a layer below answered with an unknown error', RESTART_PCSCD],
  [0x8010002c, 'SCARD_E_NO_SUCH_CERTIFICATE', 'failed', 'the service finds no such certificate', REPORT],
  [0x8010002d, 'SCARD_E_CERTIFICATE_UNAVAILABLE', 'failed', 'the service cannot get the certificate', REPORT],
  [
    0x8010002e,
    'SCARD_E_NO_READERS_AVAILABLE',
    'no-reader',
    'no reader is attached',
    'plug one in; if it is, see that pcscd has its driver (Debian: apt install libccid)',
  ],
  [0x8010002f, 'SCARD_E_COMM_DATA_LOST', 'exchange-lost', 'reader and card lost data', PLUG_AGAIN],
  [0x80100030, 'SCARD_E_NO_KEY_CONTAINER', 'failed', 'the service finds no such key', REPORT],
  [0x80100031, 'SCARD_E_SERVER_TOO_BUSY', 'no-service', 'pcscd has too much to do', RESTART_PCSCD],
  [
    0x80100065,
    'SCARD_W_UNSUPPORTED_CARD',
    'card-mute',
    'the answer to reset is not one the reader can work with',
    OTHER_READER,
  ],
  [0x80100066, 'SCARD_W_UNRESPONSIVE_CARD', 'card-mute', 'the card does not answer to reset', WRONG_WAY],
  [0x80100067, 'SCARD_W_UNPOWERED_CARD', 'exchange-lost', 'the reader gives the card no power', PLUG_AGAIN],
  [0x80100068, 'SCARD_W_RESET_CARD', 'card-reset', 'another program reset the card', OTHER_PROGRAM],
  [0x80100069, 'SCARD_W_REMOVED_CARD', 'card-removed', 'the card was taken out', 'put it back and try again'],
  [
    0x8010006a,
    'SCARD_W_SECURITY_VIOLATION',
    'not-permitted',
    'pcscd refuses this user',
    'allow org.debian.pcsc-lite.access_pcsc and access_card in polkit, or work at the machine itself',
  ],
  [0x8010006b, 'SCARD_W_WRONG_CHV', 'failed', 'the service had a wrong PIN', REPORT],
  [0x8010006c, 'SCARD_W_CHV_BLOCKED', 'failed', 'the PIN is blocked', REPORT],
  [0x8010006d, 'SCARD_W_EOF', 'failed', 'the file on the card ends', REPORT],
  [0x8010006e, 'SCARD_W_CANCELLED_BY_USER', 'failed', 'somebody pressed Cancel', 'try again'],
  [0x8010006f, 'SCARD_W_CARD_NOT_AUTHENTICATED', 'failed', 'the service wants a PIN', REPORT],
]

const BY_NUMBER: ReadonlyMap<number, ScardRow> = new Map(
  ROWS.map(([scard, name, code, text, advice]) => [scard, { scard, name, code, text, advice }]),
)

/** What a number of PC/SC means. A number that is not in the table keeps its digits in the name. */
export const describeScard = (scard: number): ScardRow =>
  BY_NUMBER.get(scard) ?? {
    scard,
    name: `0x${scard.toString(16).toUpperCase().padStart(8, '0')}`,
    code: 'failed',
    text: 'PC/SC answered with a number this bench does not know',
    advice: RESTART_PCSCD,
  }
