import type { AppState, Screen } from './state.ts'

/** A failure, and what Try again would do. */
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
/** The launch's transaction id is the value by which the logs of both sides are laid together. */
export const withCv = (screen: Screen, { transactionId }: AppState): Screen =>
  screen.name === 'result' && transactionId !== null ? { ...screen, correlationId: transactionId } : screen

/** What remains when the portal is left: the connected line, or the gateway's operator to start from again. */
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
