import type { Card } from '../../apdu/channel.ts'
import type { Attachment, Rig } from './rig.ts'

/** What a link gives: the card, and the bytes of a STORE DATA block where the way to it takes fewer than 255. */
export interface Reached {
  readonly card: Card
  readonly segmentSize?: number
}

/** A kind of link: how to see whether a rig's card is there, and how to take it. */
export interface Link {
  look(rig: Rig): Promise<Attachment>
  open(rig: Rig): Promise<Reached>
}
