import type { Card, Channel } from '../../apdu/channel.ts'
import { createModemFront, type Schedule } from './at-modem-front.ts'
import { createModemNetwork, type NetworkPlace } from './at-modem-network.ts'
import type { ModemQuirks } from './at-modem-quirks.ts'
import { createModemSim } from './at-modem-sim.ts'

export interface AtModemOptions {
  readonly card: Pick<Card, 'exclusive' | 'reset'>
  readonly manners?: ModemQuirks | undefined
  readonly schedule: Schedule
  /**
   * Attaches to a network with the card, on its basic channel, and resolves with where it then is, or undefined where no
   * network can be heard; rejects where the network or the card says no. Without it there is no network.
   */
  readonly register?: ((channel: Channel) => Promise<NetworkPlace | undefined>) | undefined
}

/** An AT modem with a card in it, as a stream of bytes in and one out. */
export interface AtModem {
  hear(bytes: Uint8Array): void
  /** One listener: where the modem's bytes go. */
  onSay(listener: (bytes: Uint8Array) => void): void
  /** One listener: the USB device leaves (`false`) and is back (`true`); in between nothing is heard or said. */
  onPresence(listener: (isPresent: boolean) => void): void
  /** Every command line that came, echo and all that is private left out. */
  readonly heard: readonly string[]
  /** Resolves when every command that has come so far is answered. */
  idle(): Promise<void>
}

/** Milliseconds for which a modem that re-enumerates is away. */
const AWAY = 2_000

/**
 * The emulated modem.
 *
 *     bytes ── at-modem-front.ts    lines, echo, pieces, news, faults, time
 *              at-modem-sim.ts      CCHO CGLA CCHC CSIM CPIN CIMI ICCID: the card
 *              at-modem-network.ts  CFUN CREG CGREG CEREG C5GREG COPS CSQ: the radio
 */
export const createAtModem = ({ card, manners = {}, schedule, register }: AtModemOptions): AtModem => {
  let isPresent = true
  let presence: (isPresent: boolean) => void = () => {}

  const network = createModemNetwork({
    schedule,
    registersAfter: manners.registersAfter ?? 0,
    attach: register && (() => card.exclusive(channel => register(channel))),
    rejectCause: manners.rejectCause,
    news: line => front.tell(line),
    sim: { powerCycle: () => sim.powerCycle() },
    leave: () => leave(),
  })
  const sim = createModemSim({
    card,
    manners,
    refreshed: () => {
      network.restart()
      if (manners.leavesOnRefresh) leave()
    },
  })
  const front = createModemFront({ manners, schedule, families: [sim.commands, network.commands], sim })

  /** The USB device goes once its answer is out, and comes back with everything forgotten but the card. */
  const leave = (): void => {
    front.onceAnswered(() => {
      isPresent = false
      front.forget()
      presence(false)
      schedule(AWAY, () => {
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
    hear: bytes => {
      if (isPresent) front.hear(bytes)
    },
    onSay: listener => front.onSay(bytes => isPresent && listener(bytes)),
    onPresence: listener => {
      presence = listener
    },
    heard: front.heard,
    idle: front.idle,
  }
}
