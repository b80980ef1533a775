import type { Card } from '../../apdu/channel.ts'
import type { LpaError } from '../errors.ts'
import type { Report } from '../report.ts'

/** Identifies a profile: the ICCID as digits, or the AID of its ISD-P. */
export type ProfileName = { readonly iccid: string } | { readonly isdpAid: Uint8Array }

/** The parameters of a profile switch. */
export interface SwitchVariant {
  readonly profile: ProfileName
  readonly refreshFlag: boolean
}

/**
 * The card rejected the switch. `other` is the other identifier of a profile that it does not find by the given one.
 */
export interface SwitchRefusal {
  readonly error: LpaError
  readonly other?: ProfileName | undefined
}

/** The first attempt and two fallbacks. */
const MAX_ATTEMPTS = 3

/**
 * Some cards find a profile only by its AID, accept the command only with the other refresh flag, or are busy with a
 * toolkit command. Each matching fallback is tried once and reported.
 */
export const switchWithFallbacks = async (
  first: SwitchVariant,
  attempt: (variant: SwitchVariant) => Promise<SwitchRefusal | undefined>,
  { card, report }: { card: Pick<Card, 'reset'>; report: Report },
): Promise<void> => {
  let variant = first
  const tried = new Set<string>()
  for (let number = 1; ; number++) {
    const refusal = await attempt(variant)
    if (refusal === undefined) return
    const { error } = refusal
    const next = number < MAX_ATTEMPTS ? nextVariant(refusal, variant, tried) : undefined
    if (next === undefined) throw error
    report({ kind: 'noted', text: `${error.message}; ${next.reason}`, error })
    // A reset ends the toolkit command.
    if (next.reset) await card.reset()
    variant = next.variant
  }
}

interface Next {
  readonly variant: SwitchVariant
  readonly reason: string
  readonly reset?: boolean
}

const nextVariant = ({ error, other }: SwitchRefusal, variant: SwitchVariant, tried: Set<string>): Next | undefined => {
  const once = (name: string, next: Next): Next | undefined => {
    if (tried.has(name)) return undefined
    tried.add(name)
    return next
  }
  if (other !== undefined)
    return once('name', {
      variant: { ...variant, profile: other },
      reason: `retrying with the ${'iccid' in other ? 'ICCID' : 'AID'} that the card lists`,
    })
  const { result, status } = error.data
  const otherFlag: Next = {
    variant: { ...variant, refreshFlag: !variant.refreshFlag },
    reason: `retrying ${variant.refreshFlag ? 'without' : 'with'} the refresh flag`,
  }
  if (result === 'catBusy')
    return (
      once('reset', { variant, reason: 'retrying after a reset', reset: true }) ??
      (variant.refreshFlag ? once('flag', otherFlag) : undefined)
    )
  // Only errors without a specific reason justify a retry.
  if (result === 'undefinedError' || typeof result === 'number' || status !== undefined) return once('flag', otherFlag)
  return undefined
}
