import { equalBytes } from '../../asn1/bytes.ts'
import type { ES10c } from '../../rsp/interfaces/es10c.ts'
import type { Es10Handlers, FunctionContext, FunctionOutcome } from '../commands/answer.ts'
import type { EuiccIdentity } from '../state/identity.ts'
import {
  type CardState,
  findProfile,
  getEnabledProfile,
  getProfileKey,
  hasRule,
  isEnabled,
  isTestProfile,
  type Profile,
  withEntry,
} from '../state/state.ts'
import { withNotifications } from './notifications.ts'

const isAboutToBeEnabled = ({ root }: CardState, { isdpAid }: Profile): boolean =>
  root.pendingSwitch?.enable !== undefined && equalBytes(root.pendingSwitch.enable, isdpAid)

const isBusy = ({ state, proactiveSession }: FunctionContext): boolean =>
  proactiveSession || state.root.pendingSwitch !== undefined

/** Enables `target` (or no profile) instead of the enabled profile, with the notifications of both. */
export const switchProfile = (state: CardState, identity: EuiccIdentity, target: Profile | undefined): CardState => {
  const { pendingSwitch: _done, enabled: _old, beforeTest, ...root } = state.root
  const current = getEnabledProfile(state)
  // A test profile is replaced only by the operational profile that it replaced (SGP.22 §5.7.16).
  const remembered = current !== undefined && isTestProfile(current) ? beforeTest : current?.isdpAid
  const switched: CardState = {
    ...state,
    root: {
      ...root,
      ...(target === undefined ? {} : { enabled: target.isdpAid }),
      ...(target !== undefined && isTestProfile(target) && remembered !== undefined ? { beforeTest: remembered } : {}),
    },
  }
  const disabled = current ? withNotifications(switched, identity, current, 'notificationDisable') : switched
  return target ? withNotifications(disabled, identity, target, 'notificationEnable') : disabled
}

/** Executes the change that waits for REFRESH; undefined if there is none. */
export const completeSwitch = (state: CardState, identity: EuiccIdentity): CardState | undefined => {
  if (state.root.pendingSwitch === undefined) return undefined
  const { enable } = state.root.pendingSwitch
  return switchProfile(state, identity, enable && findProfile(state, { isdpAid: enable }))
}

/** At once, or after the response to REFRESH: until then the old profile remains enabled (SGP.22 §5.7.16, §5.7.17). */
const switchNowOrLater = <Response>(
  { state, identity }: FunctionContext,
  target: Profile | undefined,
  refreshFlag: boolean,
  response: Response,
): FunctionOutcome<Response> =>
  refreshFlag
    ? {
        response,
        state: { ...state, root: { ...state.root, pendingSwitch: target ? { enable: target.isdpAid } : {} } },
        profileChange: 'ask',
      }
    : { response, state: switchProfile(state, identity, target), profileChange: 'switch' }

/** Removes the profile with its package and files. Its notifications remain in the list. */
export const withoutProfile = (state: CardState, identity: EuiccIdentity, profile: Profile): CardState => {
  const key = getProfileKey(profile)
  const { beforeTest, ...root } = state.root
  const removed: CardState = {
    ...state,
    root: beforeTest !== undefined && !equalBytes(beforeTest, profile.isdpAid) ? state.root : root,
    profiles: withEntry(state.profiles, key, undefined),
    packages: withEntry(state.packages, key, undefined),
    files: withEntry(state.files, key, undefined),
  }
  return withNotifications(removed, identity, profile, 'notificationDelete')
}

/** SGP.22 §5.7.16 to §5.7.18. */
export const profileStateAnswers: Es10Handlers<
  Pick<typeof ES10c, 'EnableProfile' | 'DisableProfile' | 'DeleteProfile'>
> = {
  EnableProfile: ({ profileIdentifier, refreshFlag }, situation) => {
    const { state } = situation
    const target = findProfile(state, profileIdentifier)
    const current = getEnabledProfile(state)
    if (target === undefined) return { response: { enableResult: 'iccidOrAidNotFound' } }
    if (isEnabled(state, target)) return { response: { enableResult: 'profileNotInDisabledState' } }
    if (current && hasRule(current, 'ppr1')) return { response: { enableResult: 'disallowedByPolicy' } }
    if (current && isTestProfile(current) && !isTestProfile(target) && !wasEnabledBeforeTest(state, target))
      return { response: { enableResult: 'wrongProfileReenabling' } }
    if (isBusy(situation)) return { response: { enableResult: 'catBusy' } }
    return switchNowOrLater(situation, target, refreshFlag, { enableResult: 'ok' })
  },

  DisableProfile: ({ profileIdentifier, refreshFlag }, situation) => {
    const { state } = situation
    const target = findProfile(state, profileIdentifier)
    if (target === undefined) return { response: { disableResult: 'iccidOrAidNotFound' } }
    if (!isEnabled(state, target)) return { response: { disableResult: 'profileNotInEnabledState' } }
    if (hasRule(target, 'ppr1')) return { response: { disableResult: 'disallowedByPolicy' } }
    if (isBusy(situation)) return { response: { disableResult: 'catBusy' } }
    const { beforeTest } = state.root
    const next = isTestProfile(target) && beforeTest ? findProfile(state, { isdpAid: beforeTest }) : undefined
    return switchNowOrLater(situation, next, refreshFlag, { disableResult: 'ok' })
  },

  DeleteProfile: (identifier, { state, identity }) => {
    const target = findProfile(state, identifier)
    if (target === undefined) return { response: { deleteResult: 'iccidOrAidNotFound' } }
    if (isEnabled(state, target) || isAboutToBeEnabled(state, target))
      return { response: { deleteResult: 'profileNotInDisabledState' } }
    if (hasRule(target, 'ppr2')) return { response: { deleteResult: 'disallowedByPolicy' } }
    return { response: { deleteResult: 'ok' }, state: withoutProfile(state, identity, target) }
  },
}

const wasEnabledBeforeTest = ({ root }: CardState, { isdpAid }: Profile): boolean =>
  root.beforeTest !== undefined && equalBytes(root.beforeTest, isdpAid)
