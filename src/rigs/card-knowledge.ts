import type { Card } from '../apdu/channel.ts'
import { toHex } from '../asn1/bytes.ts'
import type { IsdrOptions } from '../lpa/card/isdr.ts'
import { orderAids, readIsdRs } from './isd-r-aids.ts'
import { openLearnedFacts } from './learned.ts'
import type { OpenedCard } from './links/link.ts'
import type { Rig } from './rig.ts'

/** How the ISD-R of a rig's card is opened: what the rig file says, then what was learnt, then what all cards are. */
export type IsdrOptionsOf = (rig: Rig, fromLink?: FromLink) => KnownCard

/** What a link says of the way to the card and of the card, as far as it does. */
type FromLink = Pick<OpenedCard, 'segmentSize' | 'way'> & { readonly card?: Pick<Card, 'atr'> | undefined }

export interface KnownCard extends IsdrOptions {
  /** Why blocks are shorter than they could be, for somebody who wonders why it is slow; undefined where they are not. */
  readonly sizeNote?: string | undefined
}

/** A size that was learnt holds so long: what made a block get lost may have been mended, or was a mere accident. */
const SIZE_HOLDS_MS = 7 * 24 * 3600 * 1000
const dayOf = (date: Date): string => date.toISOString().slice(0, 10)

/**
 * `folders` hold the lists of AIDs, the user's last; `learned` is where facts are kept. The size of a rig file is what
 * a person wants and stays; one that was learnt only ever makes the way's own smaller, as long as it holds: for a week,
 * on the same way to a card with the same ATR. Then longer blocks are tried again, which costs one that gets lost.
 */
export const knowCards = (folders: readonly string[], learned: string, clock: () => Date): IsdrOptionsOf => {
  const listed = readIsdRs(folders).map(({ aid }) => aid)
  const facts = openLearnedFacts(learned)
  return (rig, { segmentSize = 255, way = '', card } = {}) => {
    const atr = (): string => toHex(card?.atr ?? new Uint8Array(0)).toUpperCase()
    const sizeThatHolds = (): { bytes: number; until: Date; at: Date } | undefined => {
      const { segmentSize: bytes, segmentSizeOf: of } = facts.of(rig.name)
      if (bytes === undefined || of === undefined || of.way !== way || of.atr !== atr()) return undefined
      const at = new Date(of.at)
      const until = new Date(at.getTime() + SIZE_HOLDS_MS)
      // A clock that was wrong when it was learnt makes it hold no longer.
      return clock() < until && at <= clock() ? { bytes, at, until } : undefined
    }
    return {
      // Asked anew at each session: what one has learnt is for the next, also of the same run.
      get aids() {
        return orderAids(...(rig.card?.aids ?? []), facts.of(rig.name).aid, ...listed)
      },
      get segmentSize() {
        return rig.segmentSize ?? Math.min(segmentSize, sizeThatHolds()?.bytes ?? 255)
      },
      get sizeNote() {
        const size = rig.segmentSize === undefined ? sizeThatHolds() : undefined
        if (size === undefined || size.bytes >= segmentSize) return undefined
        return (
          `blocks of ${size.bytes} bytes go to the card, because longer ones got lost on this rig on ` +
          `${dayOf(size.at)}; longer ones are tried again from ${dayOf(size.until)} on, or with another reader, firmware or card`
        )
      },
      onLearned: fact =>
        facts.learn(
          rig.name,
          'aid' in fact
            ? { aid: toHex(fact.aid).toUpperCase() }
            : { segmentSize: fact.segmentSize, segmentSizeOf: { at: clock().toISOString(), way, atr: atr() } },
        ),
    }
  }
}

/** The same options; the AID that answers is told once, for the evidence of a run. */
export const tellingAid = (options: IsdrOptions, tell: (sentence: string) => void): IsdrOptions => {
  let told: string | undefined
  return {
    get aids() {
      return options.aids
    },
    get segmentSize() {
      return options.segmentSize
    },
    onLearned(fact) {
      options.onLearned?.(fact)
      if (!('aid' in fact) || told === toHex(fact.aid)) return
      told = toHex(fact.aid)
      tell(`the ISD-R answers under the AID ${told.toUpperCase()}`)
    },
  }
}
