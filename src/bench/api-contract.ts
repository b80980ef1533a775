/**
 * The HTTP API of the dashboard: its types and content policy. The dashboard imports only types from here.
 *
 * HTTP (JSON, same origin; an error is `ApiError` with a 4xx or 5xx status; POST is refused without `content-type: application/json`
 * and with a foreign `Origin`, since any web page may reach a port on 127.0.0.1):
 *
 *     GET  /api/info                        -> BenchInfo
 *     GET  /api/rigs                        -> RigSummary[]
 *     GET  /api/runs                        -> RunSummary[]      newest first
 *     GET  /api/runs/:runId/events?after=N  -> BenchEvent[]      those with seq > N (N: 0 when absent), in order
 *     POST /api/runs          StartRun      -> 202 StartedRun    409 `rig-busy`
 *     GET  /api/device                      -> DeviceState
 *     POST /api/device/actions DeviceAction -> 200 DeviceState   409 `unavailable-action`: the screen does not offer it
 *     GET|POST /device/frame/...            the operator's portal as the device's web view sees it: proxied, cookies kept by the bench
 *
 * socket.io on the default path, same origin; event names and payloads in `ServerToPage` and `PageToServer`.
 */

import type { Flyout } from '../app/flyout.ts'
import type { BridgeCall } from '../app/portal/bridge.ts'
import type { AppDownload, ConsentRequest, Screen, UserAction } from '../app/state.ts'
import type { BenchEvent, Cause, RigSummary, Verdict } from '../evidence/events.ts'

/** The page draws these types of the app without a change. */
export type { BridgeCall, ConsentRequest, Flyout }
export type DeviceDownload = AppDownload

export interface BenchInfo {
  readonly version: string
  /** The state folder in the form that a user types. */
  readonly home: string
  /** One sentence: which card is used, and why. */
  readonly why: string
}

export interface RunSummary {
  readonly runId: string
  readonly scenario: string
  readonly rig: Pick<RigSummary, 'name' | 'link' | 'subject'>
  /** ISO 8601, UTC. */
  readonly startedAt: string
  /** `interrupted`: the bench stopped before the run did; it has no verdict and will get none. */
  readonly state: 'running' | 'ended' | 'interrupted'
  readonly lastSeq: number
  readonly verdict?: Verdict
  readonly cause?: Cause
  readonly took?: number
  readonly apdus?: number
  readonly summary?: string
}

export interface StartRun {
  readonly scenario: 'activate'
  /** Absent: the bench chooses, as with `npm start`. */
  readonly rig?: string
}
export interface StartedRun {
  readonly runId: string
}

export interface ApiError {
  readonly error: { readonly code: string; readonly message: string }
}

/* ---- live ---- */

/** Events of one run in the order of seq, from the first that the page lacks. */
export interface EventBatch {
  readonly runId: string
  readonly events: readonly BenchEvent[]
}

/**
 * A page follows one run at a time; following another ends the first. The page sends this again with its last seq
 * after each reconnection.
 */
export interface Follow {
  readonly runId: string
  readonly lastSeq: number
}

export interface ServerToPage {
  /** At most ten batches a second; stored events first, then live ones. */
  events(batch: EventBatch): void
  /** New or changed runs; the page merges them by runId. */
  runs(changed: readonly RunSummary[]): void
  device(state: DeviceState): void
  /** The app calls a function that the page of the portal registered (profileActivationCompleteScript, ...). */
  'device-script'(call: ScriptCall): void
}

export interface PageToServer {
  follow(request: Follow): void
}

/* ---- the device ---- */

export interface ProviderCard {
  readonly id: string
  readonly name: string
  /** The subtitle. */
  readonly tagline?: string
  /** CSS hex color of the brand, `#rrggbb`. */
  readonly color?: string
  /** Same-origin path or data: URL of an image. */
  readonly logo?: string
}

/** The template of the enhanced gateway, or the defaults of the standard one; colors are `#rrggbbaa`. */
export interface GatewayTemplate {
  readonly bodyText: string
  readonly buttonText: string
  /** The operator cannot replace this text: it lists the identifiers of the device that will be shared. */
  readonly disclaimer: string
  readonly backgroundColor?: string
  readonly bodyFontColor?: string
  readonly buttonColor?: string
  readonly buttonFontColor?: string
  readonly image?: string
}

export interface PortalFrame {
  /** The path of the frame; begins with `/device/frame/`. */
  readonly path: string
  /**
   * Increases when the *app* navigates (start, back, try again): the page then loads `path`. A click inside the frame
   * does not change it.
   */
  readonly revision: number
  /** The text of the address line: the URL of the operator without the identifiers in its query. */
  readonly address: string
  readonly canGoBack: boolean
}

/** The part of the app's screen that the page draws. */
export type DeviceScreen =
  /** `closed`: the app does not run; the page shows the desktop with the network icon. */
  | Extract<Screen, { readonly name: 'closed' | 'loading' }>
  | { readonly name: 'catalog'; readonly country: string; readonly providers: readonly ProviderCard[] }
  | { readonly name: 'gateway'; readonly provider: ProviderCard; readonly template: GatewayTemplate }
  | { readonly name: 'portal'; readonly provider: ProviderCard; readonly frame: PortalFrame }
  | (Omit<Extract<Screen, { readonly name: 'result' }>, 'retry'> & { readonly canTryAgain?: boolean })

export interface DeviceState {
  /** The run that records this session. */
  readonly runId: string | null
  readonly rig: Pick<RigSummary, 'name' | 'link' | 'subject'>
  readonly screen: DeviceScreen
  /** Drawn over the portal, which the user can still navigate. */
  readonly download: DeviceDownload | null
  readonly consent: ConsentRequest | null
  /** The user leaves before the end, and the app asks for confirmation. */
  readonly leaving: boolean
  readonly flyout: Flyout | null
  /** The bar at the bottom: settings are being updated. */
  readonly banner: string | null
}

export type DeviceAction =
  | UserAction
  | { readonly action: 'back' }
  /** The frame navigated by a link, a form or a redirect. */
  | { readonly action: 'portal-navigate'; readonly path: string }
  /** The page of the portal called the bridge. */
  | { readonly action: 'bridge'; readonly call: BridgeCall }

/*
 * The frame is sandboxed without allow-same-origin, so its pages can neither read the bench's API nor reach the page around them.
 * A script that the bench puts first into each portal page makes the `MobilePlans*` objects out of postMessage to the parent, and
 * answers calls from it. The dashboard takes messages from that one frame only, and passes them on as they are.
 */

export interface ScriptCall {
  readonly name: string
  /** JSON text: the one argument. */
  readonly argument: string
}
/** Frame to dashboard. */
export type FrameMessage =
  | { readonly esimBench: 'bridge'; readonly call: BridgeCall }
  | { readonly esimBench: 'navigated'; readonly path: string }
/** Dashboard to frame. */
export type FrameCommand = { readonly esimBench: 'script'; readonly call: ScriptCall }

/** The page loads only its own files, and runs only scripts of the build. */
export const DASHBOARD_CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
