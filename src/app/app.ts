import type { Fetch } from '../rsp/fetch.ts'
import { AppError } from './error.ts'
import { flyoutWithBalance, flyoutWithoutBalance } from './flyout.ts'
import { composeLaunch, type Launch } from './launch.ts'
import type { ESimFailure } from './operation-status.ts'
import {
  type BridgeCall,
  type BridgeRequest,
  type MobilePlansOperationContext,
  mayCall,
  readBridgeCall,
} from './portal/bridge.ts'
import { connectService, type DeviceFacts } from './service-client.ts'
import {
  type AppEvent,
  type AppRegistrationState,
  type AppState,
  CLOSED,
  type ConsentAnswer,
  type ConsentRequest,
  type Effect,
  type UserAction,
} from './state.ts'
import { transition } from './transition.ts'

/** The LPA of the device. It returns errors of the eUICC or the server as `LpaFailure` and does not throw them. */
export interface LpaAccess {
  /** ICCIDs of the profiles on the eUICC. */
  profiles(): Promise<readonly string[]>
  download(
    activationCode: string,
    during: {
      progress(phase: 'contacting' | 'downloading' | 'installing', done?: number, total?: number): void
      /** Shows the metadata and waits for the user. */
      consent(request: ConsentRequest): Promise<ConsentAnswer>
    },
  ): Promise<{ readonly status: 'Success'; readonly iccid: string } | LpaFailure>
  enable(iccid: string): Promise<{ readonly status: 'Success' } | LpaFailure>
}
export interface LpaFailure {
  readonly status: ESimFailure
  /** One sentence for the dialog and the log. */
  readonly detail: string
  readonly iccid?: string
}

/** The modem of the device: searches a network with the enabled profile and reports each change of its state. */
export interface RegistrationAccess {
  register(
    iccid: string,
    changed: (state: AppRegistrationState) => void,
  ): Promise<{ readonly state: AppRegistrationState; readonly operator: string; readonly detail?: string }>
}

/** Shows the portal of the operator: without a person (portal-host.ts) or to a person in a frame (portal-frame.ts). */
export interface PortalView {
  /** Resolves when the first page is loaded. Rejects with an AppError if it cannot be loaded. */
  open(launch: Launch): Promise<void>
  /** Calls a function of the current page. */
  call(script: string, argument: string): void
  close(): void
}
/** Handles bridge calls for the app. The portal view passes the URL of the calling page as `documentUrl`. */
export type Bridge = (call: BridgeCall, documentUrl: string) => MobilePlansOperationContext | undefined

export interface AppSettings {
  readonly device: DeviceFacts
  readonly service: Fetch
  readonly serviceUrl: string
  readonly portal: (bridge: Bridge) => PortalView
  readonly lpa: LpaAccess
  readonly registration: RegistrationAccess
  readonly clock: () => Date
  readonly random: (length: number) => Uint8Array
  readonly onState?: (state: AppState, event: AppEvent) => void
  /** Notes for a tester: deviations of the portal from the contract, refused calls and the reason. */
  readonly note?: (text: string) => void
}

export interface App {
  readonly state: AppState
  act(action: UserAction): void
  /** Resolves with the first state, from now on, that satisfies `wanted`. */
  until(wanted: (state: AppState) => boolean): Promise<AppState>
}

export const createApp = (settings: AppSettings): App => {
  const { device, lpa, clock, random, note = () => {} } = settings
  const service = connectService(settings.service, settings.serviceUrl, device)
  let state = CLOSED
  let bridgeHost = ''
  let launches = 0
  let answerConsent: ((answer: ConsentAnswer) => void) | undefined
  let waiting: { wanted: (state: AppState) => boolean; resolve: (state: AppState) => void }[] = []

  const send = (event: AppEvent): void => {
    const [next, ...effects] = transition(state, event)
    state = next
    settings.onState?.(state, event)
    const met = waiting.filter(({ wanted }) => wanted(state))
    waiting = waiting.filter(one => !met.includes(one))
    for (const { resolve } of met) resolve(state)
    for (const effect of effects) void perform(effect)
  }

  const bridge: Bridge = (call, documentUrl) => {
    if (!mayCall(documentUrl, bridgeHost)) {
      note(
        `${call.object}.${call.method} was called by a page that is not allowed to (${documentUrl.slice(0, 80)}); the call is ignored`,
      )
      return undefined
    }
    const request = readBridgeCall(call)
    const Id = call.operationId ?? Buffer.from(random(16)).toString('hex')
    if ('findings' in request) for (const finding of request.findings) note(`${call.method}: ${finding}`)
    if ('reason' in request) note(`${call.method}: ${request.reason}`)
    // Return the context first: the page may register its listeners after the call.
    const event = eventOf(request, Id)
    if (event !== undefined && event.kind === 'listen') send(event)
    else if (event !== undefined) queueMicrotask(() => send(event))
    return request.ask === 'download' || request.ask === 'download-refused' ? { Id } : undefined
  }
  const portal = settings.portal(bridge)

  const perform = async (effect: Effect): Promise<void> => {
    switch (effect.do) {
      case 'fetch-providers':
        return fetchProviders()
      case 'fetch-gateway':
        return service.gateway(effect.provider.id).then(
          page => send({ kind: 'gateway', page }),
          (error: unknown) => send({ kind: 'service-failed', at: 'gateway', ...problemOf(error) }),
        )
      case 'open-portal':
        return openPortal(effect)
      case 'close-portal':
        return portal.close()
      case 'notify-page':
        return portal.call(effect.script, effect.argument)
      case 'download':
        return download(effect.operation.activationCode)
      case 'answer-consent':
        answerConsent?.(effect.answer)
        answerConsent = undefined
        return
      case 'enable': {
        const outcome = await lpa.enable(effect.iccid).catch(asFailure)
        if (outcome.status === 'Success') send({ kind: 'enabled' })
        else send({ kind: 'enable-failed', status: outcome.status, detail: outcome.detail })
        return
      }
      case 'register':
        return register(effect.iccid)
      case 'fetch-balance': {
        const line = { operator: effect.line.operator, registration: state.flyout?.registration ?? 'none' } as const
        return service.balance(effect.line.iccid, effect.country).then(
          ({ balance }) => send({ kind: 'flyout', flyout: flyoutWithBalance(line, balance) }),
          (error: unknown) => send({ kind: 'flyout', flyout: flyoutWithoutBalance(line, problemOf(error).text) }),
        )
      }
    }
  }

  const fetchProviders = async (): Promise<void> => {
    if (device.eid === undefined)
      return send({ kind: 'service-failed', at: 'start', code: 'no-esim', text: 'This device has no active eSIM.' })
    try {
      send({ kind: 'providers', ...(await service.providers()) })
    } catch (error) {
      send({ kind: 'service-failed', at: 'start', ...problemOf(error) })
    }
  }

  const openPortal = async (effect: Extract<Effect, { do: 'open-portal' }>): Promise<void> => {
    // At most 64 characters, unique for each launch (reference §3.1).
    const transactionId = `${Buffer.from(random(12)).toString('base64')}.${++launches}`
    try {
      const profiles = await lpa.profiles()
      const launch = composeLaunch({ ...effect, device, profiles, transactionId })
      bridgeHost = launch.bridgeHost
      send({ kind: 'portal-launched', transactionId })
      await portal.open(launch)
      send({ kind: 'portal-ready' })
    } catch (error) {
      send({ kind: 'portal-failed', ...problemOf(error) })
    }
  }

  const download = async (activationCode: string): Promise<void> => {
    const outcome = await lpa
      .download(activationCode, {
        progress: (phase, done, total) =>
          send({ kind: 'progress', phase, ...(done !== undefined && { done }), ...(total !== undefined && { total }) }),
        consent: request =>
          new Promise(resolve => {
            answerConsent = resolve
            send({ kind: 'consent-asked', request })
          }),
      })
      .catch(asFailure)
    answerConsent = undefined
    if (outcome.status === 'Success') send({ kind: 'installed', iccid: outcome.iccid })
    else send({ kind: 'download-failed', at: clock(), ...outcome })
  }

  const register = async (iccid: string): Promise<void> => {
    const changed = (next: AppRegistrationState): void =>
      send({ kind: 'registration', state: next, operator: '', final: false })
    const outcome = await settings.registration
      .register(iccid, changed)
      .catch((error: unknown) => ({ state: 'none' as const, operator: '', detail: messageOf(error) }))
    send({ kind: 'registration', final: true, ...outcome })
  }

  return {
    get state() {
      return state
    },
    act: action => send({ kind: 'user', ...action }),
    until: wanted =>
      new Promise(resolve => {
        if (wanted(state)) resolve(state)
        else waiting.push({ wanted, resolve })
      }),
  }
}

const eventOf = (request: BridgeRequest, id: string): AppEvent | undefined => {
  switch (request.ask) {
    case 'listen':
      return { kind: 'listen', event: request.event, script: request.script }
    case 'download':
      return {
        kind: 'download',
        operation: { id, activationCode: request.activationCode, metadata: request.metadata },
      }
    case 'download-refused':
      return { kind: 'download-refused', error: request.error, reason: request.reason }
    case 'cancel':
      return { kind: 'purchase-cancelled', metadata: request.metadata }
    case 'nothing':
      return undefined
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
const problemOf = (error: unknown): { code: string; text: string } => ({
  code: error instanceof AppError ? error.code : 'unexpected',
  text: messageOf(error),
})
/** An unexpected error of the LPA becomes a failure, so that the app does not wait forever. */
const asFailure = (error: unknown): LpaFailure => ({ status: 'Other', detail: messageOf(error) })
