import type { Card } from '../apdu/channel.ts'
import { toHex } from '../asn1/bytes.ts'
import type { IsdrOptions } from '../lpa/card/isdr.ts'
import { orderAids, readIsdRs } from './isd-r-aids.ts'
import { openLearnedFacts } from './learned.ts'
import type { OpenedCard } from './links/link.ts'
import type { Rig } from './rig.ts'

/** The options to open the ISD-R of a rig: from the rig file, then learned facts, then defaults. */
export type IsdrOptionsOf = (rig: Rig, fromLink?: FromLink) => KnownCard

/** Facts that a link reports about transport and card. */
type FromLink = Pick<OpenedCard, 'segmentSize' | 'way'> & { readonly card?: Pick<Card, 'atr'> | undefined }

export interface KnownCard extends IsdrOptions {
  /** A sentence that explains a reduced segment size; undefined if it is not reduced. */
  readonly sizeNote?: string | undefined
}

/** How long a learned size is valid. The cause of the lost segment may have been temporary. */
const SIZE_HOLDS_MS = 7 * 24 * 3600 * 1000
const dayOf = (date: Date): string => date.toISOString().slice(0, 10)

/**
 * `folders` contain the lists of AIDs, the user's last; `learned` contains the facts. The segment size of the rig file has
 * priority. A learned size reduces the size of the transport for a week, with the same transport and ATR; then longer
 * segments are tried again.
 */
export const knowCards = (folders: readonly string[], learned: string, clock: () => Date): IsdrOptionsOf => {
  const listed = readIsdRs(folders).map(({ aid }) => aid)
  const facts = openLearnedFacts(learned)
  return (rig, { segmentSize = 255, way = '', card } = {}) => {
    const atr = (): string => toHex(card?.atr ?? new Uint8Array(0)).toUpperCase()
    const validSize = (): { bytes: number; until: Date; at: Date } | undefined => {
      const { segmentSize: bytes, segmentSizeOf: of } = facts.of(rig.name)
      if (bytes === undefined || of === undefined || of.way !== way || of.atr !== atr()) return undefined
      const at = new Date(of.at)
      const until = new Date(at.getTime() + SIZE_HOLDS_MS)
      // A time in the future comes from a wrong clock.
      return clock() < until && at <= clock() ? { bytes, at, until } : undefined
    }
    return {
      // Read at each session: facts of one session are for the next, also in the same run.
      get aids() {
        return orderAids(...(rig.card?.aids ?? []), facts.of(rig.name).aid, ...listed)
      },
      get segmentSize() {
        return rig.segmentSize ?? Math.min(segmentSize, validSize()?.bytes ?? 255)
      },
      get sizeNote() {
        const size = rig.segmentSize === undefined ? validSize() : undefined
        if (size === undefined || size.bytes >= segmentSize) return undefined
        return (
          `The segment size is ${size.bytes} bytes, because longer segments were lost on this rig on ` +
          `${dayOf(size.at)}. Longer segments are tried again from ${dayOf(size.until)}, or with another reader, firmware or card.`
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

/** `options` that report the AID of the ISD-R once, for the evidence of a run. */
export const reportingAid = (options: IsdrOptions, report: (sentence: string) => void): IsdrOptions => {
  let reported: string | undefined
  return {
    get aids() {
      return options.aids
    },
    get segmentSize() {
      return options.segmentSize
    },
    onLearned(fact) {
      options.onLearned?.(fact)
      if (!('aid' in fact) || reported === toHex(fact.aid)) return
      reported = toHex(fact.aid)
      report(`the ISD-R has the AID ${reported.toUpperCase()}`)
    },
  }
}
