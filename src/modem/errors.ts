/** Why the device is not registered or not usable. Code branches on these codes, never on the message. */
export type ModemErrorCode =
  | 'no-usim' // the card has no USIM application: no profile is enabled, or it has none
  | 'pin-required' // a PIN must be verified first
  | 'pin-blocked'
  | 'bad-card-data' // a file or response of the USIM is invalid (TS 31.102)
  | 'bad-network-data' // the challenge of the network is invalid
  | 'network-not-genuine' // the USIM rejected the MAC of the network (9862): their keys differ
  | 'out-of-step' // the USIM requested resynchronization twice
  | 'refused' // the network rejected the device; `reason` is its reason
  | 'no-serialport' // npm serialport does not load
  | 'no-port' // the serial port does not exist
  | 'port-held' // another program uses it
  | 'port-forbidden' // this user may not open it
  | 'no-profile' // no modem profile has this name
  | 'no-modem' // the port opens, but no modem answers AT
  | 'another-modem' // another modem came back
  | 'stale-profile' // the modem still uses the previously enabled profile
  | 'not-registered' // no network accepted the modem: `reason` is the result of the wait
  | 'no-sim' // the modem reports that its card is missing or unusable
  | 'radio-off'
  | 'modem-silent' // it stopped answering
  | 'modem-refused' // it rejected the command without an error of the card
  | 'modem-garbled' // its response is invalid

/** `fault` is the responsible part; `status` is the status word of the card, `reason` the reason of the network. */
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
