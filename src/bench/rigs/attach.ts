import type { Card } from '../../apdu/channel.ts'
import { openPcscCard } from '../../pcsc/card.ts'
import { PcscError } from '../../pcsc/errors.ts'
import { chooseReader, listReaders, type Reader, type ReaderChoice } from '../../pcsc/readers.ts'
import { BenchError } from '../error.ts'
import type { RigSummary } from '../events.ts'
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

/** A kind of link: how to see whether a rig's card is there, and how to take it. */
interface Link {
  look(rig: Rig): Promise<Attachment>
  open(rig: Rig): Promise<Pick<Device, 'card' | 'segmentSize'>>
}

const notYet = (what: string): Link => ({
  look: async () => ({ attached: false, reason: `this version has no driver for ${what} yet` }),
  open: async rig => {
    throw new BenchError('rig-not-attached', `the rig ${rig.name} is not attached: no driver for ${what} yet`)
  },
})

const isPcscRig = (rig: Rig): rig is Rig & { link: { pcsc: ReaderChoice } } => linkOf(rig) === 'pcsc'

/** What a reader's error means for a rig: it is not there, for this reason. */
const reasonOf = (error: unknown): string => {
  if (error instanceof PcscError) return error.message
  throw error
}

const readerLink = (readers: () => Promise<readonly Reader[]>): Link => ({
  async look(rig) {
    if (!isPcscRig(rig)) return { attached: false, reason: 'it names no reader' }
    try {
      chooseReader(await readers(), rig.link.pcsc)
      return { attached: true }
    } catch (error) {
      return { attached: false, reason: reasonOf(error) }
    }
  },
  async open(rig) {
    if (!isPcscRig(rig)) throw new BenchError('rig-not-attached', `the rig ${rig.name} names no reader`)
    try {
      return { card: await openPcscCard(rig.link.pcsc) }
    } catch (error) {
      throw new BenchError('rig-not-attached', `the rig ${rig.name} cannot be used: ${reasonOf(error)}`, {
        data: { rig: rig.name },
        cause: error,
      })
    }
  },
})

export type Links = Readonly<Record<ReturnType<typeof linkOf>, Link>>

export const createLinks = (cards: string, settings: CardSettings): Links => ({
  software: {
    look: async () => ({ attached: true }),
    open: async rig => ({ card: await openSoftwareCard(cards, rig.name, settings) }),
  },
  pcsc: readerLink(listReaders),
  modem: notYet('modems'),
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
