import type { Card } from '../../apdu/channel.ts'
import { BenchError } from '../error.ts'
import type { RigSummary } from '../events.ts'
import type { Link } from './link.ts'
import { modemLink } from './modem-link.ts'
import { pcscLink } from './pcsc-link.ts'
import { type Attachment, linkOf, type Rig } from './rig.ts'
import { type CardSettings, openSoftwareCard } from './software-card.ts'

/** The card of a rig in hand. */
export interface Device {
  readonly rig: RigSummary
  readonly card: Card
  /** Bytes of a STORE DATA block, where the way to the card takes fewer than 255. */
  readonly segmentSize?: number
  close(): Promise<void>
}

export type Links = Readonly<Record<ReturnType<typeof linkOf>, Link>>

/** Kinds of link that rig files may already name. */
const NOT_YET: Link = {
  look: async () => ({ attached: false, reason: 'this bench does not reach cards this way yet' }),
  open: async rig => {
    throw new BenchError('rig-not-attached', `the rig ${rig.name} cannot be reached: its kind of link is not built yet`)
  },
}

export const createLinks = (cards: string, settings: CardSettings): Links => ({
  software: {
    look: async () => ({ attached: true }),
    open: async rig => ({ card: await openSoftwareCard(cards, rig.name, settings) }),
  },
  pcsc: pcscLink(),
  modem: modemLink(),
  exec: NOT_YET,
  tcp: NOT_YET,
  tape: NOT_YET,
})

export const lookFor =
  (links: Links) =>
  (rig: Rig): Promise<Attachment> =>
    links[linkOf(rig)].look(rig)

export const openDevice = async (links: Links, rig: Rig, summary: RigSummary): Promise<Device> => {
  const { card, segmentSize } = await links[linkOf(rig)].open(rig)
  return {
    rig: summary,
    card,
    ...(segmentSize === undefined ? {} : { segmentSize }),
    close: () => card.close(),
  }
}
