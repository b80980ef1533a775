import type { StepPlan } from '../../evidence/events.ts'

/** The eight steps of an activation, in the order of the reference architecture. */
export const ACTIVATION: readonly StepPlan[] = [
  { step: 1, name: 'The app fetches its base data', from: 'app', to: 'service' },
  { step: 2, name: 'The app opens the portal', from: 'app', to: 'portal' },
  { step: 3, name: 'The operator orders a profile', from: 'operator', to: 'smdp' },
  { step: 4, name: 'The portal returns the activation code', from: 'portal', to: 'app' },
  { step: 5, name: 'The LPA contacts the SM-DP+', from: 'lpa', to: 'smdp' },
  { step: 6, name: 'The profile is installed, the device registers', from: 'lpa', to: 'euicc' },
  { step: 7, name: 'The flyout asks for the balance', from: 'app', to: 'service' },
  { step: 8, name: 'The operator returns the balance', from: 'service', to: 'operator' },
]
