import type { AppState, Screen } from './state.ts'

/** Creates the failure screen. `retry` is the action of its Try again button. */
export const failure = (
  title: string,
  text: string,
  errorCode: string,
  retry?: 'start' | 'portal' | 'download' | 'enable',
): Screen => ({
  name: 'result',
  outcome: 'failed',
  title,
  text,
  errorCode,
  ...(retry !== undefined && { retry }),
})
/** Adds the transaction id of the launch, which correlates the logs of app and portal. */
export const withCv = (screen: Screen, { transactionId }: AppState): Screen =>
  screen.name === 'result' && transactionId !== null ? { ...screen, correlationId: transactionId } : screen

/** The state after leaving the portal: the connected line, or the gateway of the operator. */
export const leavePortal = (state: AppState, outcome: 'connected' | 'cancelled', text: string): AppState => ({
  ...state,
  portalOpen: false,
  leaving: false,
  listeners: {},
  screen: {
    name: 'result',
    outcome,
    title: outcome === 'connected' ? 'You are connected' : 'Cancelled',
    text,
  },
})
