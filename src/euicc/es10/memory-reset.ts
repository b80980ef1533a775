import type { ES10c } from '../../rsp/interfaces/es10c.ts'
import type { Es10Handlers } from '../commands/answer.ts'
import { type CardState, getEnabledProfile, isTestProfile } from '../state/state.ts'
import { withoutProfile } from './profile-state.ts'

/** SGP.22 §5.7.19. Deletes profiles in any state and with any policy rule. */
export const memoryResetAnswers: Es10Handlers<Pick<typeof ES10c, 'eUICCMemoryReset'>> = {
  eUICCMemoryReset: ({ resetOptions }, { state, identity, proactiveSession }) => {
    const condemned = [...state.profiles.values()].filter(profile =>
      isTestProfile(profile)
        ? resetOptions.includes('deleteFieldLoadedTestProfiles')
        : resetOptions.includes('deleteOperationalProfiles') && profile.info.profileClass !== 'provisioning',
    )
    const resetsAddress = resetOptions.includes('resetDefaultSmdpAddress')
    if (condemned.length === 0 && !resetsAddress) return { response: { resetResult: 'nothingToDelete' } }
    const current = getEnabledProfile(state)
    const losesEnabled = current !== undefined && condemned.includes(current)
    if (state.root.pendingSwitch || (losesEnabled && proactiveSession)) return { response: { resetResult: 'catBusy' } }

    const { defaultDpAddress, enabled, ...root } = state.root
    const prepared: CardState = {
      ...state,
      root: {
        ...root,
        ...(resetsAddress || defaultDpAddress === undefined ? {} : { defaultDpAddress }),
        ...(losesEnabled || enabled === undefined ? {} : { enabled }),
      },
    }
    return {
      response: { resetResult: 'ok' },
      state: condemned.reduce((next, profile) => withoutProfile(next, identity, profile), prepared),
      ...(losesEnabled ? { profileChange: 'ask-and-switch' } : {}),
    }
  },
}
