import type { ES10a } from '../../rsp/interfaces/es10a.ts'
import type { Es10Handlers } from '../commands/answer.ts'

/** SGP.22 §5.7.3, §5.7.4. An empty address deletes the default SM-DP+. */
export const configuredAddressesAnswers: Es10Handlers<typeof ES10a> = {
  GetEuiccConfiguredAddresses: (_request, { state, identity }) => {
    const defaultDpAddress = state.root.defaultDpAddress ?? identity.defaultDpAddress
    return {
      response: {
        ...(defaultDpAddress ? { defaultDpAddress } : {}),
        rootDsAddress: identity.rootDsAddress,
      },
    }
  },

  SetDefaultDpAddress: ({ defaultDpAddress }, { state }) => ({
    response: { setDefaultDpAddressResult: 'ok' },
    state: { ...state, root: { ...state.root, defaultDpAddress } },
  }),
}
