/** Errors of the bench. The message states the reason and the correction; programs use the code. */
export type BenchErrorCode =
  | 'usage' // a command line that makes no sense
  | 'home-newer' // state written by a newer esim-bench
  | 'home-in-use' // another process holds the state folder
  | 'home-damaged' // state that no power cut explains
  | 'card-in-use' // another process holds this card of the state folder
  | 'no-such-card' // no card of that name in the state folder
  | 'no-program' // a program or package that is not installed
  | 'rig-file' // a YAML mistake
  | 'no-such-rig'
  | 'protected' // a card or profile on the rig's `protected` list
  | 'rig-not-attached'
  | 'certificates' // a certificate folder with a missing, expired or mismatched file
  | 'profile-file' // not a profile package
  | 'activation-code'
  | 'no-default-smdp' // nothing else was given, and the card holds none
  | 'qr-image' // no image, or one without a QR code
  | 'inventory' // stock or orders that a file or the command line describes wrongly
  | 'order-refused' // the SM-DP+ refused what an order command asked
  | 'port-in-use'
  | 'file-unreadable'
  | 'store-unreachable' // the database of the SM-DP+: a file or server that cannot be used
  | 'store-busy' // another process holds it
  | 'store-damaged'
  | 'store-newer' // written by a newer esim-bench
  | 'store-key' // a key that is none, or that does not open its secrets
  | 'no-such-profile' // the card has none of that name
  | 'no-such-notification'
  | 'no-such-event' // the SM-DS has none of that number or id
  | 'no-such-run'
  | 'busy' // one run at a time
  | 'declined' // the user refused
  | 'unavailable-action' // the screen of the device does not offer it

export class BenchError extends Error {
  readonly code: BenchErrorCode
  readonly data: Readonly<Record<string, string | number>>

  constructor(
    code: BenchErrorCode,
    message: string,
    more: { data?: Readonly<Record<string, string | number>>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause })
    this.name = 'BenchError'
    this.code = code
    this.data = more.data ?? {}
  }
}

const NOT_A_MISTAKE: readonly BenchErrorCode[] = [
  'order-refused',
  'rig-not-attached',
  'no-such-profile',
  'no-such-notification',
  'no-such-event',
  'home-damaged',
  'declined',
]

/** The exit code of the process: 1 if the command line was correct and the command could not succeed, else 2. */
export const exitCodeOf = (error: BenchError): 1 | 2 => (NOT_A_MISTAKE.includes(error.code) ? 1 : 2)
