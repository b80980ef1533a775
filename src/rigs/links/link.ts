import type { Card } from '../../apdu/channel.ts'
import type { CardEvent } from '../../apdu/layers/record.ts'
import type { ModemCard } from '../../modem/at-card.ts'
import type { Availability, Rig } from '../rig.ts'

/** A card that a link opened, with the facts of the transport. */
export interface OpenedCard {
  readonly card: Card
  /** The card itself states that it is a software eUICC. */
  readonly isSoftware?: boolean | undefined
  /** The transport, stable across sessions: the model of the reader, or of the modem with its firmware. */
  readonly way?: string | undefined
  /** Bytes of a STORE DATA segment, if the transport carries fewer than 255. */
  readonly segmentSize?: number | undefined
  /** The refresh flag for profile switches, if the transport requires one (SGP.22 §3.2.1). */
  readonly refreshFlag?: boolean | undefined
  /** The modem that contains the card. */
  readonly modem?: ModemCard | undefined
  /** Sentences about the transport for the evidence, such as `reader ACS ACR39U 00 00, T=1, through smartcard`. */
  readonly facts?: readonly string[]
  /** Sentences for the user about irregularities without consequence. */
  readonly notes?: readonly string[]
  /** Commands that belong to opening the card. `openRig` runs it above the recorder. */
  readonly prepare?: PrepareCard | undefined
}

export type PrepareCard = (card: Card) => Promise<Pick<OpenedCard, 'isSoftware' | 'notes'>>

/** A kind of link: how to probe for the card of a rig, and how to open it. */
export interface Link {
  look(rig: Rig): Promise<Availability>
  open(rig: Rig): Promise<OpenedCard>
}

/** The recording of one session with a card, from its opening to its closing. */
export interface SessionRecording {
  onEvent(event: CardEvent): void
  /** Writes the header, then the events so far. */
  begin(opened: OpenedCard): void
  /** Closes the file. Throws a BenchError `usage` if the file is incomplete. */
  finish(): void
  /** Deletes the file of a session that did not begin. */
  discard(): void
}
