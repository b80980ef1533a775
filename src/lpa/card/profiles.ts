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

/** Every component of ProfileInfo that SGP.22 v2 knows; without a tag list the card leaves some out (§5.7.15). */
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
  const searchCriteria = profile !== undefined ? identifierOf(profile) : profileClass && { profileClass }
  const answer = await isdr.call(ES10c.GetProfilesInfo, {
    ...(searchCriteria === undefined ? {} : { searchCriteria }),
    ...(tagList === undefined ? {} : { tagList }),
  })
  if (answer.profileInfoListOk === undefined) throw functionRefused(ES10c.GetProfilesInfo, answer.profileInfoListError)
  return answer.profileInfoListOk
}

export interface ProfileSwitch {
  /** The whole card and not a channel: between act and proof it is reset, and nobody may hold it meanwhile. */
  readonly card: Pick<Card, 'exclusive' | 'reset'>
  readonly profile: ProfileName
  /** Lets the card ask for the REFRESH itself (SGP.22 §3.2.1). */
  readonly refreshFlag?: boolean | undefined
  readonly isdrOptions?: IsdrOptions | undefined
}

/** Enables a profile, the enabled one being disabled by the card (SGP.22 §3.2.1), and reads the new state back. */
export const enableProfile = (request: ProfileSwitch): Promise<ProfileInfo> =>
  switchProfile(request, 'enabled', async (isdr, body) => {
    const { enableResult } = await isdr.call(ES10c.EnableProfile, body)
    if (enableResult !== 'ok') throw functionRefused(ES10c.EnableProfile, enableResult)
  })

/** Disables the enabled profile (SGP.22 §3.2.2), and reads the new state back. */
export const disableProfile = (request: ProfileSwitch): Promise<ProfileInfo> =>
  switchProfile(request, 'disabled', async (isdr, body) => {
    const { disableResult } = await isdr.call(ES10c.DisableProfile, body)
    if (disableResult !== 'ok') throw functionRefused(ES10c.DisableProfile, disableResult)
  })

type SwitchBody = { readonly profileIdentifier: ReturnType<typeof identifierOf>; readonly refreshFlag: boolean }

const switchProfile = async (
  { card, profile, refreshFlag = true, isdrOptions = {} }: ProfileSwitch,
  wanted: 'enabled' | 'disabled',
  act: (isdr: Isdr, body: SwitchBody) => Promise<void>,
): Promise<ProfileInfo> => {
  const onIsdr = <T>(work: (isdr: Isdr) => Promise<T>): Promise<T> =>
    card.exclusive(channel => withIsdr(channel, isdrOptions, work))
  /** The answer got lost on its way: whether it was done is read from the card. */
  let lost: unknown
  const attempt = (way: SwitchVariant): Promise<SwitchRefusal | undefined> =>
    onIsdr(async isdr => {
      try {
        await act(isdr, { profileIdentifier: identifierOf(way.profile), refreshFlag: way.refreshFlag })
        return undefined
      } catch (error) {
        if (isApduError(error, 'exchange-lost')) {
          lost = error
          return undefined
        }
        if (!isLpaError(error, 'card-refused')) throw error
        const isUnknown = error.data.result === 'iccidOrAidNotFound'
        return { error, other: isUnknown ? await otherNameOf(isdr, way.profile) : undefined }
      }
    })
  await switchWithFallbacks({ profile, refreshFlag }, attempt, { card, report: isdrOptions.report ?? silent })
  // A REFRESH of mode UICC reset is done by this reset. With any other, or none, what the device has read of the card
  // is no longer true, and the reset makes it read anew (SGP.22 §3.2.1).
  await card.reset()
  return onIsdr(async isdr => {
    // The whole list: the search of a card that leaves the others out would say nothing of them.
    const all = await listProfiles(isdr)
    const found = all.find(isNamed(profile))
    if (lost !== undefined && found?.profileState !== wanted) throw lost
    const refuse = (seen: string): LpaError =>
      new LpaError('state-not-changed', 'card', `the card said ok, and the profile ${seen}`, {
        step: `ES10c.${wanted === 'enabled' ? 'EnableProfile' : 'DisableProfile'}`,
        field: 'profileState',
      })
    if (found === undefined) throw refuse('is not on the card')
    if (found.profileState !== wanted)
      throw refuse(`is ${String(found.profileState ?? 'in no state it tells')}, not ${wanted}`)
    // One profile is enabled at a time (SGP.22 §2.4.3).
    if (wanted === 'enabled' && all.some(other => other !== found && other.profileState === 'enabled'))
      throw refuse('is enabled, and so is another one')
    return found
  })
}

/** Deletes a disabled profile (SGP.22 §3.2.3), and looks that it is gone. */
export const deleteProfile = async (isdr: Isdr, profile: ProfileName): Promise<void> => {
  const { deleteResult } = await isdr.call(ES10c.DeleteProfile, identifierOf(profile))
  if (deleteResult !== 'ok') throw functionRefused(ES10c.DeleteProfile, deleteResult)
  if ((await listProfiles(isdr)).some(isNamed(profile)))
    throw new LpaError('state-not-changed', 'card', 'the card said ok, and the profile is still on it', {
      step: 'ES10c.DeleteProfile',
    })
}

export const setNickname = async (isdr: Isdr, iccid: string, profileNickname: string): Promise<void> => {
  const { setNicknameResult } = await isdr.call(ES10c.SetNickname, { iccid: iccidBytes(iccid), profileNickname })
  if (setNicknameResult !== 'ok') throw functionRefused(ES10c.SetNickname, setNicknameResult)
}

export type ResetOption = 'deleteOperationalProfiles' | 'deleteFieldLoadedTestProfiles' | 'resetDefaultSmdpAddress'

/** SGP.22 §3.2.5 (eUICC memory reset). False: there was nothing to delete. */
export const resetMemory = async (isdr: Isdr, resetOptions: readonly ResetOption[]): Promise<boolean> => {
  const { resetResult } = await isdr.call(ES10c.eUICCMemoryReset, { resetOptions })
  if (resetResult === 'nothingToDelete') return false
  if (resetResult !== 'ok') throw functionRefused(ES10c.eUICCMemoryReset, resetResult)
  return true
}

/** Digits of the ICCID of a listed profile. */
export const iccidOf = ({ iccid }: ProfileInfo): string | undefined => iccid && iccidToDigits(iccid)

const identifierOf = (profile: ProfileName): { readonly iccid: Uint8Array } | { readonly isdpAid: Uint8Array } =>
  'iccid' in profile ? { iccid: iccidBytes(profile.iccid) } : { isdpAid: profile.isdpAid }

const isNamed = (profile: ProfileName): ((info: ProfileInfo) => boolean) => {
  const name = 'iccid' in profile ? iccidBytes(profile.iccid) : profile.isdpAid
  return ({ iccid, isdpAid }) => {
    const own = 'iccid' in profile ? iccid : isdpAid
    return own !== undefined && equalBytes(own, name)
  }
}

/** The profile by its other name, where the card lists both. */
const otherNameOf = async (isdr: Isdr, profile: ProfileName): Promise<ProfileName | undefined> => {
  const found = (await listProfiles(isdr)).find(isNamed(profile))
  if ('iccid' in profile) return found?.isdpAid && { isdpAid: found.isdpAid }
  return found?.iccid && { iccid: iccidToDigits(found.iccid) }
}

const iccidBytes = (digits: string): Uint8Array => iccidFromDigits(digits)
