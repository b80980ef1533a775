import { toHex } from '../../asn1/bytes.ts'
import type { IsdrOptions } from '../../lpa/isdr.ts'
import { orderAids, readIsdRs } from './isd-r-aids.ts'
import { type LearnedFacts, openLearnedFacts } from './learned.ts'
import type { Rig } from './rig.ts'

/** How the ISD-R of a rig's card is opened: what the rig file says, then what was learnt, then what all cards are. */
export type IsdrOptionsOf = (rig: Rig, fromLink?: { readonly segmentSize?: number | undefined }) => IsdrOptions

/**
 * `folders` hold the lists of AIDs, the user's last; `learned` is where facts are kept. The size of a rig file is what
 * a person wants and stays; one that was learnt only ever makes the way's own smaller.
 */
export const knowCards = (folders: readonly string[], learned: string): IsdrOptionsOf => {
  const listed = readIsdRs(folders).map(({ aid }) => aid)
  const facts = openLearnedFacts(learned)
  return (rig, { segmentSize = 255 } = {}) => {
    const known = facts.of(rig.name)
    return {
      aids: orderAids(...(rig.card?.aids ?? []), known.aid, ...listed),
      segmentSize: rig.segmentSize ?? Math.min(segmentSize, known.segmentSize ?? 255),
      onLearned: learning(facts, rig.name),
    }
  }
}

const learning =
  (facts: LearnedFacts, rig: string): NonNullable<IsdrOptions['onLearned']> =>
  fact =>
    facts.learn(rig, 'aid' in fact ? { aid: toHex(fact.aid).toUpperCase() } : { segmentSize: fact.segmentSize })
