import { equalBytes } from '../../asn1/bytes.ts'
import type { SchemaValue } from '../../asn1/schema.ts'
import type { ES10c } from '../../rsp/interfaces/es10c.ts'
import type { ProfileInfo } from '../../rsp/metadata.ts'
import type { Es10Handlers } from '../commands/answer.ts'
import { type CardState, findProfile, getProfileKey, isEnabled, type Profile } from '../state/state.ts'

/** Tags of ProfileInfo, in the order of the module. */
const COMPONENTS = Object.entries<keyof ProfileInfo>({
  90: 'iccid',
  79: 'isdpAid',
  40816: 'profileState',
  144: 'profileNickname',
  145: 'serviceProviderName',
  146: 'profileName',
  147: 'iconType',
  148: 'icon',
  149: 'profileClass',
  182: 'notificationConfigurationInfo',
  183: 'profileOwner',
  184: 'dpProprietaryData',
  153: 'profilePolicyRules',
  48930: 'serviceSpecificDataStoredInEuicc',
}).map(([tag, name]) => [Number(tag), name] as const)
/** Default tags without a tag list (SGP.22 §5.7.15). */
const DEFAULT_TAGS = [0x5a, 0x4f, 0x9f70, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95]

/** Parses a tag list; undefined if the last tag is incomplete. Unknown tags are allowed. */
const readTagList = (bytes: Uint8Array): readonly number[] | undefined => {
  const tags: number[] = []
  for (let at = 0; at < bytes.length; ) {
    let tag = bytes[at++]!
    if ((tag & 0x1f) === 0x1f)
      do {
        if (at === bytes.length || tag > 0xffff) return undefined
        tag = tag * 256 + bytes[at]!
      } while (bytes[at++]! & 0x80)
    tags.push(tag)
  }
  return tags
}

const describe = (state: CardState, profile: Profile, tags: readonly number[]): ProfileInfo => {
  const whole: ProfileInfo = {
    ...profile.info,
    isdpAid: profile.isdpAid,
    profileState: isEnabled(state, profile) ? 'enabled' : 'disabled',
  }
  return Object.fromEntries(
    COMPONENTS.filter(([tag, name]) => tags.includes(tag) && whole[name] !== undefined).map(([, name]) => [
      name,
      whole[name],
    ]),
  )
}

type SearchCriteria = SchemaValue<(typeof ES10c)['GetProfilesInfo']['request']>['searchCriteria']

const search = (state: CardState, criteria: SearchCriteria): readonly Profile[] => {
  const all = [...state.profiles.values()]
  if (criteria?.isdpAid !== undefined) return all.filter(({ isdpAid }) => equalBytes(isdpAid, criteria.isdpAid))
  if (criteria?.iccid !== undefined) return all.filter(({ info }) => equalBytes(info.iccid, criteria.iccid))
  if (criteria?.profileClass !== undefined)
    return all.filter(({ info }) => (info.profileClass ?? 'operational') === criteria.profileClass)
  return all
}

/** SGP.22 §5.7.15 and §5.7.21. */
export const profilesInfoAnswers: Es10Handlers<Pick<typeof ES10c, 'GetProfilesInfo' | 'SetNickname'>> = {
  GetProfilesInfo: ({ searchCriteria, tagList }, { state }) => {
    const tags = tagList === undefined ? DEFAULT_TAGS : readTagList(tagList)
    if (tags === undefined) return { response: { profileInfoListError: 'incorrectInputValues' } }
    return {
      response: {
        profileInfoListOk: search(state, searchCriteria).map(profile => describe(state, profile, tags)),
      },
    }
  },

  SetNickname: ({ iccid, profileNickname }, { state }) => {
    const profile = findProfile(state, { iccid })
    if (profile === undefined) return { response: { setNicknameResult: 'iccidNotFound' } }
    // An empty nickname deletes the old one.
    const { profileNickname: _old, ...info } = profile.info
    const renamed = { ...profile, info: profileNickname === '' ? info : { ...info, profileNickname } }
    const profiles = new Map(state.profiles).set(getProfileKey(profile), renamed)
    return { response: { setNicknameResult: 'ok' }, state: { ...state, profiles } }
  },
}
