import type { SchemaValue } from '../asn1/schema.ts'
import type { OperatorId } from '../rsp/identifiers.ts'
import type { ES10b } from '../rsp/interfaces/es10b.ts'
import type { ProfileInfo, StoreMetadataRequest } from '../rsp/metadata.ts'

export type PolicyRule = 'ppr1' | 'ppr2'
type RulesAuthorisationTable = SchemaValue<typeof ES10b.GetRAT.response>['rat']

export type PolicyVerdict =
  /** `consentRequired`: the table requires the user's consent to the rules. */
  | { readonly allowed: true; readonly consentRequired: boolean }
  | { readonly allowed: false; readonly rule: PolicyRule; readonly why: string }

/** The rules that need an authorization: PPR1 forbids disabling, PPR2 forbids deleting (SGP.22 §2.9.2.1). */
export const getPolicyRules = (metadata: Pick<StoreMetadataRequest, 'profilePolicyRules'>): PolicyRule[] =>
  (['ppr1', 'ppr2'] as const).filter(rule => metadata.profilePolicyRules?.includes(rule))

/** Decides whether the card allows a profile with policy rules (SGP.22 §2.9.3, §3.1.3). */
export const judgePolicyRules = (
  metadata: Pick<StoreMetadataRequest, 'profilePolicyRules' | 'profileOwner'>,
  card: {
    readonly rat: RulesAuthorisationTable
    readonly forbidden: readonly string[]
    readonly installed: readonly Pick<ProfileInfo, 'profileClass'>[]
  },
): PolicyVerdict => {
  let consentRequired = false
  for (const rule of getPolicyRules(metadata)) {
    const refuse = (why: string): PolicyVerdict => ({ allowed: false, rule, why })
    if (card.forbidden.includes(rule)) return refuse('the card forbids this rule (forbiddenProfilePolicyRules)')
    const { profileOwner } = metadata
    if (profileOwner === undefined) return refuse('the profile has no owner that the card could authorize')
    // The first entry with this rule and owner decides.
    const authorisation = card.rat.find(
      entry => entry.pprIds.includes(rule) && entry.allowedOperators.some(allowed => covers(allowed, profileOwner)),
    )
    if (authorisation === undefined)
      return refuse("the card's Rules Authorisation Table does not allow it to the owner")
    if (rule === 'ppr1' && card.installed.some(isOperational))
      return refuse('an operational profile is installed, and could not be enabled again')
    consentRequired ||= authorisation.pprFlags.includes('consentRequired')
  }
  return { allowed: true, consentRequired }
}

/** The DEFAULT of the class is operational. */
const isOperational = ({ profileClass = 'operational' }: Pick<ProfileInfo, 'profileClass'>): boolean =>
  profileClass === 'operational'

/**
 * Digit 'E' matches any digit; an absent or empty GID in the table matches any GID (SGP.22 §2.9.3.1, as implemented by
 * devices).
 */
const covers = (allowed: OperatorId, owner: OperatorId): boolean => {
  const digit = (wanted: number, given: number): boolean => wanted === 0x0e || wanted === given
  const sameMccMnc = allowed.mccMnc.every((octet, index) => {
    const given = owner.mccMnc[index]!
    return digit(octet >> 4, given >> 4) && digit(octet & 0x0f, given & 0x0f)
  })
  const sameGid = (wanted: Uint8Array | undefined, given: Uint8Array | undefined): boolean =>
    wanted === undefined || wanted.length === 0 || wanted.join() === given?.join()
  return sameMccMnc && sameGid(allowed.gid1, owner.gid1) && sameGid(allowed.gid2, owner.gid2)
}
