import { adviceFor, type ESimFailure, type MobilePlansActivationError, toActivationError } from './operation-status.ts'
import { failure, leavePortal, withCv } from './result-screen.ts'
import type { AppEvent, AppState, AppTransition, Effect, Operation, Screen } from './state.ts'
import { answerUser, isBusy } from './user-actions.ts'

/**
 * The app as a pure function: maps a state and an event to the next state and its effects. An event that does not fit the
 * state, such as a late response, changes nothing.
 */
export const transition = (state: AppState, event: AppEvent): AppTransition => {
  switch (event.kind) {
    case 'user':
      return answerUser(state, event)

    case 'providers': {
      if (state.screen.name !== 'loading') return [state]
      const { country, providers } = event
      return [{ ...state, country, providers, screen: { name: 'catalog', country, providers } }]
    }
    case 'gateway':
      if (state.screen.name !== 'loading' || state.provider === null) return [state]
      return [
        { ...state, gateway: event.page, screen: { name: 'gateway', provider: state.provider, page: event.page } },
      ]
    case 'service-failed':
      if (state.screen.name !== 'loading') return [state]
      return [{ ...state, screen: failure('Mobile Plans is not available', event.text, event.code, 'start') }]

    case 'portal-launched':
      // The headers of this launch contained the failures (reference §3.2).
      return [{ ...state, portalOpen: true, transactionId: event.transactionId, failures: [], listeners: {} }]
    case 'portal-ready':
      if (state.screen.name !== 'portal') return [state]
      return [{ ...state, screen: { ...state.screen, ready: true } }]
    case 'portal-failed':
      if (state.screen.name !== 'portal') return [state]
      return [
        {
          ...state,
          portalOpen: false,
          screen: withCv(failure('This page cannot be shown', event.text, event.code, 'portal'), state),
        },
        { do: 'close-portal' },
      ]

    case 'listen':
      return [{ ...state, listeners: { ...state.listeners, [event.event]: event.script } }]
    case 'download':
      return beginDownload(state, event.operation)
    case 'download-refused':
      return refuseDownload(state, event)
    case 'purchase-cancelled':
      if (!state.portalOpen) return [state]
      return [leavePortal(state, 'cancelled', cancelText(event.metadata.moDirectStatus)), { do: 'close-portal' }]

    case 'progress': {
      if (!isDownloading(state)) return [state]
      const { phase, done, total } = event
      const amount = done === undefined ? {} : { done, ...(total !== undefined && { total }) }
      return [{ ...state, consent: null, download: { phase, text: PHASES[phase], ...amount } }]
    }
    case 'consent-asked':
      if (!isDownloading(state)) return [state]
      return [{ ...state, consent: event.request, download: { phase: 'consent', text: PHASES.consent } }]
    case 'installed': {
      if (state.operation === null) return [state]
      const { iccid } = event
      const operation = { ...state.operation, iccid }
      return [
        { ...state, operation, consent: null, download: { phase: 'enabling', text: PHASES.enabling } },
        { do: 'enable', iccid },
      ]
    }
    case 'download-failed': {
      if (state.operation === null) return [state]
      const { status, at, iccid } = event
      const failed = { status, at, ...(iccid !== undefined && { iccid }) }
      return failOperation(
        { ...state, failures: [...state.failures, failed] },
        status,
        event.detail,
        'download',
        iccid ?? '',
      )
    }
    case 'enabled': {
      const iccid = state.operation?.iccid
      if (iccid === undefined) return [state]
      return [
        { ...state, download: { phase: 'registering', text: PHASES.registering } },
        ...notifyActivation(state, 'success', iccid),
        { do: 'register', iccid },
      ]
    }
    case 'enable-failed':
      if (state.operation === null) return [state]
      return failOperation(state, event.status, event.detail, 'enable', state.operation.iccid ?? '')
    case 'registration':
      return registered(state, event)
    case 'flyout':
      return state.flyout === null ? [state] : [{ ...state, flyout: event.flyout }]
  }
}

const PHASES = {
  contacting: 'Contacting the operator’s server…',
  consent: 'Waiting for your consent…',
  downloading: 'Downloading the profile…',
  installing: 'Installing the profile…',
  enabling: 'Enabling the profile…',
  registering: 'Searching the network…',
} as const

const isDownloading = ({ download, operation }: AppState): boolean =>
  operation !== null &&
  download !== null &&
  ['contacting', 'consent', 'downloading', 'installing'].includes(download.phase)

/** Allows one download at a time: a second call receives `cardBusy`, the first continues. */
const beginDownload = (state: AppState, operation: Operation): AppTransition => {
  if (isBusy(state)) return [state, ...notifyActivation(state, 'cardBusy', '')]
  return [
    { ...state, operation, consent: null, download: { phase: 'contacting', text: PHASES.contacting } },
    { do: 'download', operation },
  ]
}

/** Rejects a call without a usable activation code. A retry is not possible. */
const refuseDownload = (state: AppState, event: Extract<AppEvent, { kind: 'download-refused' }>): AppTransition => {
  const notifications = notifyActivation(state, event.error, '')
  if (isBusy(state)) return [state, ...notifications]
  const text = `The page of the operator sent an unusable activation code: ${event.reason}. Ask the operator.`
  const screen = withCv(failure('The profile could not be installed', text, event.error), state)
  return [{ ...state, operation: null, download: { phase: 'failed', text }, screen }, ...notifications]
}

/** Notifies the page with one JSON string (reference §4.3), if it registered a listener. */
const notifyActivation = (state: AppState, activationResult: MobilePlansActivationError, iccid: string): Effect[] =>
  state.listeners.activation === undefined || !state.portalOpen
    ? []
    : [{ do: 'notify-page', script: state.listeners.activation, argument: JSON.stringify({ activationResult, iccid }) }]

/** Shows the dialog over the portal, which remains open, and notifies the page. */
const failOperation = (
  state: AppState,
  status: ESimFailure,
  detail: string,
  retry: 'download' | 'enable',
  iccid: string,
): AppTransition => {
  const text = `${adviceFor(status)} ${detail}`.trim()
  return [
    {
      ...state,
      consent: null,
      download: { phase: 'failed', text: adviceFor(status) },
      screen: withCv(failure('The profile could not be installed', text, toActivationError(status), retry), state),
    },
    ...notifyActivation(state, toActivationError(status), iccid),
  ]
}

const IS_REGISTERED = ['home', 'roaming', 'partner']

const registered = (state: AppState, event: Extract<AppEvent, { kind: 'registration' }>): AppTransition => {
  const iccid = state.operation?.iccid
  if (iccid === undefined) return [state]
  const { state: registration, operator } = event
  const line = { iccid, registration, operator }
  const notifications: Effect[] =
    state.listeners.registration === undefined || !state.portalOpen
      ? []
      : [
          {
            do: 'notify-page',
            script: state.listeners.registration,
            argument: JSON.stringify({ networkRegistrationState: registration, iccid }),
          },
        ]
  if (!event.final) return [{ ...state, line }, ...notifications]
  if (IS_REGISTERED.includes(registration)) {
    const download = { phase: 'done', text: `Connected to ${operator}.` } as const
    return [{ ...state, line, download, banner: 'Your cellular settings have been updated.' }, ...notifications]
  }
  const text =
    `The profile is installed, but the network rejected the device (${registration}). ${event.detail ?? ''}`.trim()
  const screen: Screen = withCv(
    {
      name: 'result',
      outcome: 'installed-not-registered',
      title: 'Not connected yet',
      text,
      errorCode: registration,
      retry: 'enable',
    },
    state,
  )
  return [{ ...state, line, download: { phase: 'failed', text }, screen }, ...notifications]
}

const cancelText = (moDirectStatus: string): string =>
  moDirectStatus === 'Cancelled' || moDirectStatus === ''
    ? 'Nothing was bought.'
    : `The operator could not complete the purchase (${moDirectStatus}).`
