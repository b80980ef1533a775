import type { Card } from '../../apdu/channel.ts'
import type { ModemCard } from '../../modem/at-card.ts'
import type { Availability, Rig } from '../rig.ts'

/** What a link gives: the card, and what is to be known of the way to it. */
export interface OpenedCard {
  readonly card: Card
  /** The card says that it is a software eUICC; asked only where the way says nothing of the card. */
  readonly isSoftware?: boolean | undefined
  /** What kind of way it is, the same for as long as nobody changes it: the reader's model, the modem's and its firmware. */
  readonly way?: string | undefined
  /** Bytes of a STORE DATA block where the way takes fewer than 255. */
  readonly segmentSize?: number | undefined
  /** Whether to ask for REFRESH when a profile is switched, where the way has a wish (SGP.22 §3.2.1). */
  readonly refreshFlag?: boolean | undefined
  /** The modem that the card is in, for what only a modem can tell. */
  readonly modem?: ModemCard | undefined
  /** What the way is, for the evidence: `reader ACS ACR39U 00 00, T=1, through smartcard`. */
  readonly facts?: readonly string[]
  /** Sentences for a person: what was found on the way and did not matter. */
  readonly notes?: readonly string[]
}

/** A kind of link: how to see whether a rig's card is there, and how to take it. */
export interface Link {
  look(rig: Rig): Promise<Availability>
  open(rig: Rig): Promise<OpenedCard>
}
