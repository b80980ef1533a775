import { encode, keep } from '../../asn1/schema.ts'
import { EUICCInfo1, EUICCInfo2, ExtCardResource } from '../../rsp/euicc-info.ts'
import type { ES10b } from '../../rsp/interfaces/es10b.ts'
import type { ES10c } from '../../rsp/interfaces/es10c.ts'
import type { Es10Handlers } from '../commands/answer.ts'
import { type EuiccIdentity, getCiPKId } from '../state/identity.ts'
import { type CardState, getUsedMemory } from '../state/state.ts'

const asOctets = (number: number): Uint8Array => {
  const out = new Uint8Array(4)
  new DataView(out.buffer).setUint32(0, number)
  return out
}

export const getFreeMemory = (state: CardState, { capabilities }: EuiccIdentity): number =>
  Math.max(0, capabilities.nonVolatileMemory - getUsedMemory(state))

/** The capabilities of the card, signed in a session as part of EuiccSigned1. */
export const createEuiccInfo2 = (state: CardState, identity: EuiccIdentity): EUICCInfo2 => {
  const { capabilities, credentials } = identity
  const ciPKIds = credentials.map(getCiPKId)
  return {
    profileVersion: capabilities.profileVersion,
    svn: capabilities.svn,
    euiccFirmwareVer: capabilities.firmwareVersion,
    // The value of ExtCardResource, without its tag.
    extCardResource: encode(ExtCardResource, {
      installedApplication: asOctets(state.profiles.size),
      freeNonVolatileMemory: asOctets(getFreeMemory(state, identity)),
      freeVolatileMemory: asOctets(capabilities.volatileMemory),
    }).subarray(2),
    uiccCapability: capabilities.uicc,
    ts102241Version: capabilities.ts102241Version,
    globalplatformVersion: capabilities.globalplatformVersion,
    rspCapability: capabilities.rsp,
    euiccCiPKIdListForVerification: ciPKIds,
    euiccCiPKIdListForSigning: ciPKIds,
    euiccCategory: 'mediumEuicc',
    ...(capabilities.forbiddenProfilePolicyRules.length > 0
      ? { forbiddenProfilePolicyRules: capabilities.forbiddenProfilePolicyRules }
      : {}),
    ppVersion: capabilities.ppVersion,
    sasAcreditationNumber: capabilities.sasAccreditationNumber,
  }
}

/** SGP.22 §5.7.8, §5.7.20 and §5.7.22: properties of the card. */
export const euiccInfoAnswers: Es10Handlers<
  Pick<typeof ES10b, 'GetEUICCInfo1' | 'GetEUICCInfo2' | 'GetRAT'> & Pick<typeof ES10c, 'GetEID'>
> = {
  GetEUICCInfo1: (_request, { identity }) => {
    const ciPKIds = identity.credentials.map(getCiPKId)
    return {
      response: keep(EUICCInfo1, {
        svn: identity.capabilities.svn,
        euiccCiPKIdListForVerification: ciPKIds,
        euiccCiPKIdListForSigning: ciPKIds,
      }),
    }
  },

  GetEUICCInfo2: (_request, { state, identity }) => ({ response: keep(EUICCInfo2, createEuiccInfo2(state, identity)) }),

  GetRAT: (_request, { identity }) => ({ response: { rat: identity.rulesAuthorisationTable } }),

  // The tag list must be '5A'; other data does not exist (6A88).
  GetEID: ({ tagList }, { identity }) =>
    tagList[0] === 0x5a ? { response: { eidValue: identity.eid } } : { status: 0x6a88 },
}
