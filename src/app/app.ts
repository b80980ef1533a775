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

/** The device's LPA as the app uses it; it never throws for what an eSIM or a server can do wrong. */
export interface LpaAccess {
  /** ICCIDs of the profiles on the eSIM. */
  profiles(): Promise<readonly string[]>
  download(
    activationCode: string,
    during: {
      progress(phase: 'contacting' | 'downloading' | 'installing', done?: number, total?: number): void
      /** Shows the metadata, and waits for the user. */
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

/** The device's modem: looks for a network with the enabled profile, and says what becomes of it. */
export interface RegistrationAccess {
  register(
    iccid: string,
    changed: (state: AppRegistrationState) => void,
  ): Promise<{ readonly state: AppRegistrationState; readonly operator: string; readonly detail?: string }>
}

/** Where the operator's portal is shown: to a lone user (portal-host.ts), or to a person in a frame (portal-frame.ts). */
export interface PortalView {
  /** Resolves when the first page is there. Rejects with an AppError when it cannot be had. */
  open(launch: Launch): Promise<void>
  /** Calls a function of the page that is shown now. */
  call(script: string, argument: string): void
  close(): void
}
/** The app's side of the bridge, given to a portal view. `documentUrl` is the page that calls. */
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
  /** What a tester wants to know: where the portal differs from the contract, what was refused and why. */
  readonly note?: (text: string) => void
}

export interface App {
  readonly state: AppState
  act(action: UserAction): void
  /** The first state, from now on, that is as asked. */
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
      note(`${call.object}.${call.method} was called by a page that may not (${documentUrl.slice(0, 80)}); passed over`)
      return undefined
    }
    const request = readBridgeCall(call)
    const Id = call.operationId ?? Buffer.from(random(16)).toString('hex')
    if ('findings' in request) for (const finding of request.findings) note(`${call.method}: ${finding}`)
    if ('reason' in request) note(`${call.method}: ${request.reason}`)
    // The page gets its context before anything happens: it may register its listeners after the call.
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
      case 'tell-page':
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
    // At most 64 characters, different for each launch (reference §3.1).
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
/** A fault of whoever plays the LPA here is told as one, and does not leave the app hanging. */
const asFailure = (error: unknown): LpaFailure => ({ status: 'Other', detail: messageOf(error) })
