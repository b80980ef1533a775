import type { Es10Handlers } from '../../../src/euicc/commands/answer.ts'
import type { ES10bExtension } from './row.ts'

/** SGP.32 §5.9.17. The card stores the address; it has no state for the flag and the OID yet. */
export const immediateEnablingAnswers: Es10Handlers<typeof ES10bExtension> = {
  ConfigureImmediateProfileEnabling: ({ defaultSmdpAddress }, { state }) => ({
    response: { configImmediateEnableResult: 'ok' },
    ...(defaultSmdpAddress === undefined
      ? {}
      : { state: { ...state, root: { ...state.root, defaultDpAddress: defaultSmdpAddress } } }),
  }),
}
