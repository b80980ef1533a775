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
  return (rig, { segmentSize = 255 } = {}) => ({
    // Asked anew at each session: what one has learnt is for the next, also of the same run.
    get aids() {
      return orderAids(...(rig.card?.aids ?? []), facts.of(rig.name).aid, ...listed)
    },
    get segmentSize() {
      return rig.segmentSize ?? Math.min(segmentSize, facts.of(rig.name).segmentSize ?? 255)
    },
    onLearned: learning(facts, rig.name),
  })
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

const learning =
  (facts: LearnedFacts, rig: string): NonNullable<IsdrOptions['onLearned']> =>
  fact =>
    facts.learn(rig, 'aid' in fact ? { aid: toHex(fact.aid).toUpperCase() } : { segmentSize: fact.segmentSize })
