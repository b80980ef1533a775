/** Why the device is not on the network, or there is no device. Code branches on these, never on the message. */
export type ModemErrorCode =
  | 'no-usim' // the card has no USIM application: no profile is enabled, or it holds none
  | 'pin-required' // a PIN must be verified first
  | 'pin-blocked'
  | 'bad-card-data' // a file or an answer of the USIM does not say what TS 31.102 has it say
  | 'bad-network-data' // the network's challenge cannot be put to a USIM
  | 'network-not-genuine' // the USIM refused the network's MAC (9862): their keys differ
  | 'out-of-step' // the USIM asked for resynchronisation again after one
  | 'refused' // the network said no; `reason` is its word
  | 'no-serialport' // npm serialport does not load
  | 'no-port' // the serial port is not there
  | 'port-held' // another program holds it
  | 'port-forbidden' // this user may not open it
  | 'no-profile' // no modem profile has that name
  | 'no-modem' // the port is there and nothing on it answers AT
  | 'another-modem' // a modem came back, and it is not the one that went
  | 'stale-profile' // the modem goes on with the profile that was enabled before
  | 'not-registered' // no network took it: `reason` is how the waiting ended
  | 'no-sim' // the modem says that its card is not there, or cannot be used
  | 'radio-off'
  | 'modem-silent' // it stopped answering
  | 'modem-refused' // it said no in its own name, and nothing of the card
  | 'modem-garbled' // its answer cannot be read

/** `fault` says on whose side it lies; `status` is the card's status word, `reason` the network's word. */
export class ModemError extends Error {
  readonly code: ModemErrorCode
  readonly fault: 'card' | 'network' | 'user' | 'rig' | 'modem'
  readonly status: number | undefined
  readonly reason: string | undefined

  constructor(
    code: ModemErrorCode,
    fault: ModemError['fault'],
    message: string,
    at: { status?: number | undefined; reason?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: at.cause })
    this.name = 'ModemError'
    this.code = code
    this.fault = fault
    this.status = at.status
    this.reason = at.reason
  }
}
