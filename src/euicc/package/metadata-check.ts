import { equalBytes, toHex } from '../../asn1/bytes.ts'
import type { OperatorId } from '../../rsp/identifiers.ts'
import type { StoreMetadataRequest } from '../../rsp/metadata.ts'
import type { ErrorReason } from '../../rsp/notification.ts'
import type { EuiccIdentity } from '../state/identity.ts'
import { type CardState, findProfile } from '../state/state.ts'

const RULES = ['ppr1', 'ppr2'] as const
type Rule = (typeof RULES)[number]

/** SGP.22 §5.5.3: why the card rejects a profile with this metadata; undefined if it accepts it. */
export const refuseMetadata = (
  metadata: StoreMetadataRequest,
  state: CardState,
  identity: EuiccIdentity,
): ErrorReason | undefined => {
  const { capabilities, rulesAuthorisationTable } = identity
  const { profileClass, profilePolicyRules = [], profileOwner, icon, iconType } = metadata
  if (findProfile(state, metadata) !== undefined) return 'installFailedDueToIccidAlreadyExistsOnEuicc'
  if (typeof profileClass === 'number') return 'unsupportedProfileClass'
  if (profileClass === 'test' && !capabilities.rsp.includes('testProfileSupport')) return 'unsupportedProfileClass'
  if ((icon === undefined) !== (iconType === undefined)) return 'incorrectInputValues'

  const rules = RULES.filter(rule => profilePolicyRules.includes(rule))
  if (rules.length === 0) return undefined
  if (profileOwner === undefined) return 'incorrectInputValues'
  for (const rule of rules) {
    if (capabilities.forbiddenProfilePolicyRules.includes(rule)) return 'pprNotAllowed'
    if (!mayUse(rule, profileOwner, rulesAuthorisationTable)) return 'pprNotAllowed'
  }
  // A profile with PPR1 must be the only operational one, or it could not be enabled, nor the other one again.
  if (rules.includes('ppr1') && [...state.profiles.values()].some(({ info }) => info.profileClass === 'operational'))
    return 'pprNotAllowed'
  return undefined
}

/** SGP.22 §2.9.3.1: the first entry for this rule and owner applies. */
const mayUse = (rule: Rule, owner: OperatorId, table: EuiccIdentity['rulesAuthorisationTable']): boolean =>
  table.some(
    ({ pprIds, allowedOperators }) =>
      pprIds.includes(rule) && allowedOperators.some(allowed => isOperator(owner, allowed)),
  )

/**
 * Digit 'E' of MCC and MNC matches any digit, an absent GID any GID; an empty GID matches only an owner without one.
 */
export const isOperator = (owner: OperatorId, allowed: OperatorId): boolean =>
  [...toHex(allowed.mccMnc)].every((digit, index) => digit === 'e' || digit === toHex(owner.mccMnc)[index]) &&
  fitsGid(owner.gid1, allowed.gid1) &&
  fitsGid(owner.gid2, allowed.gid2)

const fitsGid = (actual: Uint8Array | undefined, allowed: Uint8Array | undefined): boolean =>
  allowed === undefined || equalBytes(actual ?? new Uint8Array(0), allowed)
