import type { Flyout } from './flyout.ts'
import type { DownloadFailure } from './launch.ts'
import type { ESimFailure, MobilePlansActivationError } from './operation-status.ts'
import type { PurchaseMetadata } from './portal/bridge.ts'
import type { GatewayPageReply, Provider } from './service-client.ts'

/** The content of the app window. */
export type Screen =
  | { readonly name: 'closed' }
  | { readonly name: 'loading'; readonly text: string }
  | { readonly name: 'catalog'; readonly country: string; readonly providers: readonly Provider[] }
  | { readonly name: 'gateway'; readonly provider: Provider; readonly page: GatewayPageReply }
  /** `ready`: the first page is shown. */
  | { readonly name: 'portal'; readonly provider: Provider; readonly ready: boolean }
  | {
      readonly name: 'result'
      readonly outcome: 'connected' | 'installed-not-registered' | 'failed' | 'cancelled'
      readonly title: string
      readonly text: string
      readonly errorCode?: string
      /** Shown as `CV`. */
      readonly correlationId?: string
      /** The action of the Try again button; absent without this button. */
      readonly retry?: 'start' | 'portal' | 'download' | 'enable'
    }

export interface AppDownload {
  readonly phase:
    | 'contacting'
    | 'consent'
    | 'downloading'
    | 'installing'
    | 'enabling'
    | 'registering'
    | 'done'
    | 'failed'
  readonly text: string
  readonly done?: number
  readonly total?: number
}

/** The question to the user before the download of a profile. */
export interface ConsentRequest {
  readonly profileName: string
  readonly serviceProviderName: string
  readonly iccid: string
  /** The profile policy rules as sentences. The user agrees to each of them. */
  readonly rules: readonly string[]
  readonly confirmationCodeRequired: boolean
  /** The message after a wrong confirmation code. */
  readonly problem?: string
}
export interface ConsentAnswer {
  readonly accept: boolean
  readonly confirmationCode?: string
}

/** The download that the page requested. */
export interface Operation {
  readonly id: string
  readonly activationCode: string
  readonly metadata: PurchaseMetadata
  readonly iccid?: string
}

export type AppRegistrationState = 'none' | 'deregistered' | 'searching' | 'home' | 'roaming' | 'partner' | 'denied'

export interface AppState {
  readonly screen: Screen
  readonly download: AppDownload | null
  readonly consent: ConsentRequest | null
  /** The app asks for confirmation because the user wants to leave during a purchase. */
  readonly leaving: boolean
  readonly flyout: Flyout | null
  readonly banner: string | null

  readonly country: string | null
  readonly providers: readonly Provider[]
  /** The operator of the last opened gateway or portal. */
  readonly provider: Provider | null
  readonly gateway: GatewayPageReply | null
  readonly portalOpen: boolean
  readonly transactionId: string | null
  /** Functions of the page that the app notifies. */
  readonly listeners: { readonly activation?: string; readonly registration?: string }
  readonly operation: Operation | null
  /** Failed downloads since the last launch of a portal. */
  readonly failures: readonly DownloadFailure[]
  /** The profile that is registered on the network. */
  readonly line: {
    readonly iccid: string
    readonly registration: AppRegistrationState
    readonly operator: string
  } | null
}

export const CLOSED: AppState = {
  screen: { name: 'closed' },
  download: null,
  consent: null,
  leaving: false,
  flyout: null,
  banner: null,
  country: null,
  providers: [],
  provider: null,
  gateway: null,
  portalOpen: false,
  transactionId: null,
  listeners: {},
  operation: null,
  failures: [],
  line: null,
}

/** An action of the user. */
export type UserAction =
  | { readonly action: 'open' }
  | { readonly action: 'choose-provider'; readonly provider: string }
  /** Returns from the gateway to the catalog. */
  | { readonly action: 'choose-another' }
  | { readonly action: 'continue' }
  | { readonly action: 'consent'; readonly accept: boolean; readonly confirmationCode?: string }
  /** Asks for confirmation during a purchase. */
  | { readonly action: 'cancel' }
  /** The answer to `leaving`. */
  | { readonly action: 'leave'; readonly confirm: boolean }
  | { readonly action: 'try-again' }
  | { readonly action: 'dismiss-banner' }
  | { readonly action: 'open-flyout' }
  | { readonly action: 'close-flyout' }

/** An action of the user or a result of an effect. */
export type AppEvent =
  | ({ readonly kind: 'user' } & UserAction)
  | { readonly kind: 'providers'; readonly country: string; readonly providers: readonly Provider[] }
  | { readonly kind: 'gateway'; readonly page: GatewayPageReply }
  | { readonly kind: 'service-failed'; readonly at: 'start' | 'gateway'; readonly code: string; readonly text: string }
  | { readonly kind: 'portal-launched'; readonly transactionId: string }
  | { readonly kind: 'portal-ready' }
  | { readonly kind: 'portal-failed'; readonly code: string; readonly text: string }
  | { readonly kind: 'listen'; readonly event: 'activation' | 'registration'; readonly script: string }
  | { readonly kind: 'download'; readonly operation: Operation }
  | { readonly kind: 'download-refused'; readonly error: MobilePlansActivationError; readonly reason: string }
  | { readonly kind: 'purchase-cancelled'; readonly metadata: PurchaseMetadata }
  | {
      readonly kind: 'progress'
      readonly phase: 'contacting' | 'downloading' | 'installing'
      readonly done?: number
      readonly total?: number
    }
  | { readonly kind: 'consent-asked'; readonly request: ConsentRequest }
  | { readonly kind: 'installed'; readonly iccid: string }
  | {
      readonly kind: 'download-failed'
      readonly status: ESimFailure
      readonly detail: string
      readonly iccid?: string
      readonly at: Date
    }
  | { readonly kind: 'enabled' }
  | { readonly kind: 'enable-failed'; readonly status: ESimFailure; readonly detail: string }
  | {
      readonly kind: 'registration'
      readonly state: AppRegistrationState
      readonly operator: string
      readonly final: boolean
      readonly detail?: string
    }
  | { readonly kind: 'flyout'; readonly flyout: Flyout }

/** An effect that the app executes. Its result is an event. */
export type Effect =
  | { readonly do: 'fetch-providers' }
  | { readonly do: 'fetch-gateway'; readonly provider: Provider }
  | {
      readonly do: 'open-portal'
      readonly provider: Provider
      readonly country: string
      readonly failures: readonly DownloadFailure[]
    }
  | { readonly do: 'close-portal' }
  | { readonly do: 'download'; readonly operation: Operation }
  | { readonly do: 'answer-consent'; readonly answer: ConsentAnswer }
  | { readonly do: 'enable'; readonly iccid: string }
  | { readonly do: 'register'; readonly iccid: string }
  /** Calls a function of the page with one JSON string (reference §4.3). */
  | { readonly do: 'notify-page'; readonly script: string; readonly argument: string }
  | { readonly do: 'fetch-balance'; readonly line: NonNullable<AppState['line']>; readonly country: string }

/** The next state and the effects to execute. */
export type AppTransition = readonly [AppState, ...Effect[]]
