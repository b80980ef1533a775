import type { Card, Channel } from '../../apdu/channel.ts'
import { createModemFront, type Schedule } from './at-modem-front.ts'
import { createModemNetwork, type SimulatedRegistration } from './at-modem-network.ts'
import type { ModemQuirks } from './at-modem-quirks.ts'
import { createModemSim } from './at-modem-sim.ts'

export interface AtModemOptions {
  readonly card: Pick<Card, 'exclusive' | 'reset'>
  readonly quirks?: ModemQuirks | undefined
  readonly schedule: Schedule
  /**
   * Attaches with the card on its basic channel. Resolves with the registration, or undefined without a network;
   * rejects if network or card reject it. Absent: no network.
   */
  readonly register?: ((channel: Channel) => Promise<SimulatedRegistration | undefined>) | undefined
}

/** An AT modem with a card, as a byte stream in each direction. */
export interface AtModem {
  receive(bytes: Uint8Array): void
  /** Sets the listener for the bytes of the modem; at most one. */
  onSend(listener: (bytes: Uint8Array) => void): void
  /** Sets the listener for presence: the USB device leaves (`false`) and is back (`true`); no data in between. */
  onPresence(listener: (isPresent: boolean) => void): void
  /** Every received command line, without echo and private data. */
  readonly receivedLines: readonly string[]
  /** Resolves when each received command has its response. */
  idle(): Promise<void>
}

/** Milliseconds for which a re-enumerating modem is away. */
const AWAY_MS = 2_000

/**
 * The simulated modem: at-modem-front.ts has the line protocol, echo, URCs, faults and timing; at-modem-sim.ts the card
 * commands; at-modem-network.ts radio and registration.
 */
export const createAtModem = ({ card, quirks = {}, schedule, register }: AtModemOptions): AtModem => {
  let isPresent = true
  let presence: (isPresent: boolean) => void = () => {}

  const network = createModemNetwork({
    schedule,
    registersAfter: quirks.registersAfter ?? 0,
    attach: register && (() => card.exclusive(channel => register(channel))),
    rejectCause: quirks.rejectCause,
    sendUrc: line => front.sendUrc(line),
    sim: { powerCycle: () => sim.powerCycle() },
    leave: () => leave(),
  })
  const sim = createModemSim({
    card,
    quirks,
    refreshed: () => {
      network.restart()
      if (quirks.leavesOnRefresh) leave()
    },
  })
  const front = createModemFront({ quirks, schedule, handlers: [sim.commands, network.commands], sim })

  /** The USB device leaves after its response, and comes back with default settings and the same card. */
  const leave = (): void => {
    front.onceAnswered(() => {
      isPresent = false
      front.restoreDefaults()
      presence(false)
      schedule(AWAY_MS, () => {
        void sim.powerCycle().then(() => {
          isPresent = true
          network.restart()
          presence(true)
        })
      })
    })
  }

  network.restart()
  return {
    receive: bytes => {
      if (isPresent) front.receive(bytes)
    },
    onSend: listener => front.onSend(bytes => isPresent && listener(bytes)),
    onPresence: listener => {
      presence = listener
    },
    receivedLines: front.receivedLines,
    idle: front.idle,
  }
}
