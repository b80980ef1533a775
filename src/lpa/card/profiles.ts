import type { Card } from '../../apdu/channel.ts'
import { isApduError } from '../../apdu/errors.ts'
import { equalBytes, fromHex } from '../../asn1/bytes.ts'
import { iccidFromDigits, iccidToDigits } from '../../rsp/identifiers.ts'
import { ES10c } from '../../rsp/interfaces/es10c.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import { isLpaError, LpaError } from '../errors.ts'
import { silent } from '../report.ts'
import { functionRefused, type Isdr, type IsdrOptions, withIsdr } from './isdr.ts'
import {
  type ProfileName,
  type SwitchRefusal,
  type SwitchVariant,
  switchWithFallbacks,
} from './profile-switch-retry.ts'

/** All tags of ProfileInfo in SGP.22 v2; without a tag list the card omits some (§5.7.15). */
export const WHOLE_PROFILE_INFO = fromHex('5a4f9f709091929394 95b6b799')

export interface ProfileSearch {
  readonly profile?: ProfileName | undefined
  readonly profileClass?: 'test' | 'provisioning' | 'operational' | undefined
  readonly tagList?: Uint8Array | undefined
}

export const listProfiles = async (
  isdr: Isdr,
  { profile, profileClass, tagList }: ProfileSearch = {},
): Promise<readonly ProfileInfo[]> => {
  const searchCriteria = profile !== undefined ? toIdentifier(profile) : profileClass && { profileClass }
  const answer = await isdr.call(ES10c.GetProfilesInfo, {
    ...(searchCriteria === undefined ? {} : { searchCriteria }),
    ...(tagList === undefined ? {} : { tagList }),
  })
  if (answer.profileInfoListOk === undefined) throw functionRefused(ES10c.GetProfilesInfo, answer.profileInfoListError)
  return answer.profileInfoListOk
}

export interface ProfileSwitch {
  /** The card, not a channel: it is reset between the switch and the check, and must be exclusive in between. */
  readonly card: Pick<Card, 'exclusive' | 'reset'>
  readonly profile: ProfileName
  /** Requests a REFRESH from the card (SGP.22 §3.2.1). */
  readonly refreshFlag?: boolean | undefined
  readonly isdrOptions?: IsdrOptions | undefined
}

/** Enables a profile, which disables the enabled one (SGP.22 §3.2.1). Verifies the new state by reading. */
export const enableProfile = (request: ProfileSwitch): Promise<ProfileInfo> =>
  switchProfile(request, 'enabled', async (isdr, body) => {
    const { enableResult } = await isdr.call(ES10c.EnableProfile, body)
    if (enableResult !== 'ok') throw functionRefused(ES10c.EnableProfile, enableResult)
  })

/** Disables the enabled profile (SGP.22 §3.2.2). Verifies the new state by reading. */
export const disableProfile = (request: ProfileSwitch): Promise<ProfileInfo> =>
  switchProfile(request, 'disabled', async (isdr, body) => {
    const { disableResult } = await isdr.call(ES10c.DisableProfile, body)
    if (disableResult !== 'ok') throw functionRefused(ES10c.DisableProfile, disableResult)
  })

type SwitchBody = { readonly profileIdentifier: ReturnType<typeof toIdentifier>; readonly refreshFlag: boolean }

const switchProfile = async (
  { card, profile, refreshFlag = true, isdrOptions = {} }: ProfileSwitch,
  wanted: 'enabled' | 'disabled',
  act: (isdr: Isdr, body: SwitchBody) => Promise<void>,
): Promise<ProfileInfo> => {
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, isdrOptions, work))
  /** The response was lost: the state of the profile decides. */
  let lost: unknown
  const attempt = (variant: SwitchVariant): Promise<SwitchRefusal | undefined> =>
    onIsdr(async isdr => {
      try {
        await act(isdr, { profileIdentifier: toIdentifier(variant.profile), refreshFlag: variant.refreshFlag })
        return undefined
      } catch (error) {
        if (isApduError(error, 'exchange-lost')) {
          lost = error
          return undefined
        }
        if (!isLpaError(error, 'card-refused')) throw error
        const isUnknown = error.data.result === 'iccidOrAidNotFound'
        return { error, other: isUnknown ? await findOtherName(isdr, variant.profile) : undefined }
      }
    })
  await switchWithFallbacks({ profile, refreshFlag }, attempt, { card, report: isdrOptions.report ?? silent })
  // The reset completes a REFRESH of mode UICC reset. For other modes it makes the device read the card again (SGP.22
  // §3.2.1).
  await card.reset()
  return onIsdr(async isdr => {
    // Read the whole list, which includes the other profiles.
    const all = await listProfiles(isdr)
    const found = all.find(isNamed(profile))
    if (lost !== undefined && found?.profileState !== wanted) throw lost
    const refuse = (state: string): LpaError =>
      new LpaError('state-not-changed', 'card', `the card returned ok, but the profile ${state}`, {
        step: `ES10c.${wanted === 'enabled' ? 'EnableProfile' : 'DisableProfile'}`,
        field: 'profileState',
      })
    if (found === undefined) throw refuse('is not on the card')
    if (found.profileState !== wanted)
      throw refuse(`is ${String(found.profileState ?? 'in an unknown state')}, not ${wanted}`)
    // Only one profile is enabled at a time (SGP.22 §2.4.3).
    if (wanted === 'enabled' && all.some(other => other !== found && other.profileState === 'enabled'))
      throw refuse('and another one are enabled')
    return found
  })
}

/** Deletes a disabled profile (SGP.22 §3.2.3). Verifies that it is no longer listed. */
export const deleteProfile = async (isdr: Isdr, profile: ProfileName): Promise<void> => {
  const { deleteResult } = await isdr.call(ES10c.DeleteProfile, toIdentifier(profile))
  if (deleteResult !== 'ok') throw functionRefused(ES10c.DeleteProfile, deleteResult)
  if ((await listProfiles(isdr)).some(isNamed(profile)))
    throw new LpaError('state-not-changed', 'card', 'the card returned ok, but the profile is still on the card', {
      step: 'ES10c.DeleteProfile',
    })
}

export const setNickname = async (isdr: Isdr, iccid: string, profileNickname: string): Promise<void> => {
  const { setNicknameResult } = await isdr.call(ES10c.SetNickname, { iccid: iccidBytes(iccid), profileNickname })
  if (setNicknameResult !== 'ok') throw functionRefused(ES10c.SetNickname, setNicknameResult)
}

export type ResetOption = 'deleteOperationalProfiles' | 'deleteFieldLoadedTestProfiles' | 'resetDefaultSmdpAddress'

/** eUICC memory reset (SGP.22 §3.2.5). Returns false if there was nothing to delete. */
export const resetMemory = async (isdr: Isdr, resetOptions: readonly ResetOption[]): Promise<boolean> => {
  const { resetResult } = await isdr.call(ES10c.eUICCMemoryReset, { resetOptions })
  if (resetResult === 'nothingToDelete') return false
  if (resetResult !== 'ok') throw functionRefused(ES10c.eUICCMemoryReset, resetResult)
  return true
}

/** The ICCID of a listed profile, as digits. */
export const iccidOf = ({ iccid }: ProfileInfo): string | undefined => iccid && iccidToDigits(iccid)

const toIdentifier = (profile: ProfileName): { readonly iccid: Uint8Array } | { readonly isdpAid: Uint8Array } =>
  'iccid' in profile ? { iccid: iccidBytes(profile.iccid) } : { isdpAid: profile.isdpAid }

const isNamed = (profile: ProfileName): ((info: ProfileInfo) => boolean) => {
  const name = 'iccid' in profile ? iccidBytes(profile.iccid) : profile.isdpAid
  return ({ iccid, isdpAid }) => {
    const own = 'iccid' in profile ? iccid : isdpAid
    return own !== undefined && equalBytes(own, name)
  }
}

/** The other identifier of a profile, if the card lists both. */
const findOtherName = async (isdr: Isdr, profile: ProfileName): Promise<ProfileName | undefined> => {
  const found = (await listProfiles(isdr)).find(isNamed(profile))
  if ('iccid' in profile) return found?.isdpAid && { isdpAid: found.isdpAid }
  return found?.iccid && { iccid: iccidToDigits(found.iccid) }
}

const iccidBytes = (digits: string): Uint8Array => iccidFromDigits(digits)
