import type { Card } from '../../apdu/channel.ts'
import type { LpaError } from '../errors.ts'
import type { Report } from '../report.ts'

/** How a profile is named: ICCID as digits, or the AID of its ISD-P. */
export type ProfileName = { readonly iccid: string } | { readonly isdpAid: Uint8Array }

/** One way to ask for enabling or disabling. */
export interface SwitchVariant {
  readonly profile: ProfileName
  readonly refreshFlag: boolean
}

/** The card said no; `other` is the name under which it lists a profile that it does not know by the one given. */
export interface SwitchRefusal {
  readonly error: LpaError
  readonly other?: ProfileName | undefined
}

/** The first, and two more: a card that wants yet another way is not met by trying. */
const MAX_ATTEMPTS = 3

/**
 * Firmwares in the field know a profile by its AID alone, take the command only with the other refresh flag, or are
 * still busy with a toolkit command. Where the refusal points to one of these, that way is tried once, and said.
 */
export const switchWithFallbacks = async (
  first: SwitchVariant,
  attempt: (way: SwitchVariant) => Promise<SwitchRefusal | undefined>,
  { card, report }: { card: Pick<Card, 'reset'>; report: Report },
): Promise<void> => {
  let way = first
  const tried = new Set<string>()
  for (let number = 1; ; number++) {
    const refusal = await attempt(way)
    if (refusal === undefined) return
    const { error } = refusal
    const next = number < MAX_ATTEMPTS ? nextVariant(refusal, way, tried) : undefined
    if (next === undefined) throw error
    report({ kind: 'noted', text: `${error.message}; ${next.said}`, error })
    // What the card was busy with does not outlive a reset.
    if (next.reset) await card.reset()
    way = next.way
  }
}

interface Next {
  readonly way: SwitchVariant
  readonly said: string
  readonly reset?: boolean
}

const nextVariant = ({ error, other }: SwitchRefusal, way: SwitchVariant, tried: Set<string>): Next | undefined => {
  const once = (name: string, next: Next): Next | undefined => {
    if (tried.has(name)) return undefined
    tried.add(name)
    return next
  }
  if (other !== undefined)
    return once('name', {
      way: { ...way, profile: other },
      said: `tried again with its ${'iccid' in other ? 'ICCID' : 'AID'}, under which the card lists it`,
    })
  const { result, status } = error.data
  const otherFlag: Next = {
    way: { ...way, refreshFlag: !way.refreshFlag },
    said: `tried again ${way.refreshFlag ? 'without' : 'with'} the refresh flag`,
  }
  if (result === 'catBusy')
    return (
      once('reset', { way, said: 'tried again after a reset', reset: true }) ??
      (way.refreshFlag ? once('flag', otherFlag) : undefined)
    )
  // An answer with a reason of its own is an answer; these say nothing of why.
  if (result === 'undefinedError' || typeof result === 'number' || status !== undefined) return once('flag', otherFlag)
  return undefined
}
