import { flyoutWithoutPlan } from './flyout.ts'
import { leavePortal } from './result-screen.ts'
import { type AppState, type AppTransition, CLOSED, type UserAction } from './state.ts'

/** A download is in progress, from the call of the page until its end. */
export const isBusy = ({ download }: AppState): boolean =>
  download !== null && download.phase !== 'done' && download.phase !== 'failed'

/** Executes a button of the screen. A button that the screen does not offer has no effect. */
export const answerUser = (state: AppState, event: UserAction): AppTransition => {
  const { screen } = state
  switch (event.action) {
    case 'open':
      if (screen.name !== 'closed' && screen.name !== 'result') return [state]
      return start(state)
    case 'choose-provider': {
      const provider = state.providers.find(({ id }) => id === event.provider)
      if (screen.name !== 'catalog' || provider === undefined) return [state]
      // Do not report the failures of one operator to another operator.
      const failures = state.provider === null || state.provider.id === provider.id ? state.failures : []
      const loading = { name: 'loading', text: `Opening ${provider.brandName}…` } as const
      return [
        { ...state, provider, failures, gateway: null, screen: loading },
        { do: 'fetch-gateway', provider },
      ]
    }
    case 'choose-another':
      if (screen.name !== 'gateway' || state.country === null) return [state]
      return [{ ...state, screen: { name: 'catalog', country: state.country, providers: state.providers } }]
    case 'continue':
      return screen.name === 'gateway' ? openPortal(state) : [state]
    case 'consent':
      if (state.consent === null) return [state]
      return [
        { ...state, consent: null },
        {
          do: 'answer-consent',
          answer: {
            accept: event.accept,
            ...(event.confirmationCode !== undefined && { confirmationCode: event.confirmationCode }),
          },
        },
      ]
    case 'cancel':
      return cancel(state)
    case 'leave':
      if (!state.leaving) return [state]
      return event.confirm ? leave(state) : [{ ...state, leaving: false }]
    case 'try-again':
      return tryAgain(state)
    case 'dismiss-banner':
      return [{ ...state, banner: null }]
    case 'open-flyout':
      return openFlyout(state)
    case 'close-flyout':
      return [{ ...state, flyout: null }]
  }
}

const start = (state: AppState): AppTransition => {
  if (isBusy(state)) return [state]
  // Failures (for the next launch) and the line in use remain after a visit.
  const { failures, line, provider } = state
  return [
    { ...CLOSED, failures, line, provider, screen: { name: 'loading', text: 'Searching for operators…' } },
    ...(state.portalOpen ? [{ do: 'close-portal' } as const] : []),
    { do: 'fetch-providers' },
  ]
}

const openPortal = (state: AppState): AppTransition => {
  const { provider, country, failures } = state
  if (provider === null || country === null) return [state]
  return [
    { ...state, download: null, operation: null, screen: { name: 'portal', provider, ready: false } },
    { do: 'open-portal', provider, country, failures },
  ]
}

/** Leaving the portal needs a confirmation, unless the purchase is complete. */
const cancel = (state: AppState): AppTransition => {
  const { screen } = state
  if (screen.name === 'portal') return state.download?.phase === 'done' ? leave(state) : [{ ...state, leaving: true }]
  if (screen.name === 'result') return close(state)
  return screen.name === 'closed' ? [state] : [{ ...state, screen: { name: 'closed' } }]
}

/** Closing a result returns to the gateway after a failure, otherwise to the desktop. */
const close = (state: AppState): AppTransition => {
  const { screen, provider, gateway } = state
  const failed = screen.name === 'result' && screen.outcome !== 'connected'
  const shut = state.portalOpen ? ([{ do: 'close-portal' }] as const) : []
  if (failed && provider !== null && gateway !== null)
    return [
      { ...state, portalOpen: false, listeners: {}, screen: { name: 'gateway', provider, page: gateway } },
      ...shut,
    ]
  return [{ ...state, portalOpen: false, listeners: {}, screen: { name: 'closed' } }, ...shut]
}

/** A started download continues without its page. */
const leave = (state: AppState): AppTransition => {
  const connected = state.download?.phase === 'done'
  const text = connected ? (state.download?.text ?? '') : 'You have left the operator’s pages.'
  return [leavePortal(state, connected ? 'connected' : 'cancelled', text), { do: 'close-portal' }]
}

const tryAgain = (state: AppState): AppTransition => {
  const { screen, provider, operation } = state
  if (screen.name !== 'result' || screen.retry === undefined) return [state]
  switch (screen.retry) {
    case 'start':
      return start(state)
    case 'portal':
      return openPortal(state)
    case 'download': // with the same code, which remains valid after a failure (reference §8.2)
      if (operation === null || provider === null) return [state]
      return [
        {
          ...state,
          screen: { name: 'portal', provider, ready: true },
          download: { phase: 'contacting', text: 'Contacting the operator’s server…' },
        },
        { do: 'download', operation },
      ]
    case 'enable':
      if (operation?.iccid === undefined || provider === null) return [state]
      return [
        {
          ...state,
          screen: { name: 'portal', provider, ready: true },
          download: { phase: 'enabling', text: 'Enabling the profile…' },
        },
        { do: 'enable', iccid: operation.iccid },
      ]
  }
}

const openFlyout = (state: AppState): AppTransition => {
  const { line, country } = state
  if (line === null) return [{ ...state, flyout: flyoutWithoutPlan() }]
  const { operator, registration } = line
  const shown = registration === 'partner' ? 'roaming' : registration === 'deregistered' ? 'none' : registration
  return [
    { ...state, flyout: { state: 'loading', operator, registration: shown, links: [] } },
    { do: 'fetch-balance', line, country: country ?? '' },
  ]
}
