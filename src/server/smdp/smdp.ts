import type { Fetch } from '../../rsp/fetch.ts'
import { ES2p } from '../../rsp/interfaces/es2p.ts'
import { ES9p } from '../../rsp/interfaces/es9p.ts'
import { ES9pAsn1 } from '../../rsp/interfaces/es9p-asn1.ts'
import { bindAsn1 } from '../rsp-server/asn1-binding.ts'
import { createFunctionServer } from '../rsp-server/function-server.ts'
import { anyLpa } from '../rsp-server/http-layers.ts'
import { bindJson, type FunctionHandlers } from '../rsp-server/json-binding.ts'
import { addProfile, type ProfileToAdd } from './add-profile.ts'
import { checkCredentials } from './credentials.ts'
import { getSmdpStatusCode } from './error.ts'
import { createCancelOrder, createReleaseProfile } from './es2p/close-order.ts'
import { createConfirmOrder } from './es2p/confirm-order.ts'
import { createDownloadOrder } from './es2p/download-order.ts'
import { createRepeatedCalls } from './es2p/repeated-calls.ts'
import { createAuthenticateClient } from './es9p/authenticate-client.ts'
import { createCancelSession } from './es9p/cancel-session.ts'
import { createGetBoundProfilePackage } from './es9p/get-bound-profile-package.ts'
import { createHandleNotification } from './es9p/handle-notification.ts'
import { createInitiateAuthentication } from './es9p/initiate-authentication.ts'
import { createProgressReports } from './es9p/progress.ts'
import { watchEvents } from './events.ts'
import { injectContentFaults } from './faults/content-faults.ts'
import { injectTransportFaults } from './faults/transport-faults.ts'
import { createRetention } from './retention.ts'
import { DEFAULTS, type Smdp, type SmdpSettings } from './settings.ts'

export interface SmdpServer {
  /** LPAs call here (SGP.22 §5.6). */
  readonly es9p: Fetch
  /** Operators call here (SGP.22 §5.3). */
  readonly es2p: Fetch
  /** Adds a profile to the stock. Throws SmdpError `iccid-taken` or `bad-profile`. */
  addProfile(profile: ProfileToAdd): Promise<void>
  /** Delivers stored reports to operators and SM-DSs, and applies the retention limits. Call it at the start and periodically. */
  deliverProgress(): Promise<void>
  /** Resolves when no delivery is running. */
  settled(): Promise<void>
}

/**
 *   LPA ──es9p──> sessions ─┐
 *                           ├─ orders ── stock          (all in the store)
 *   operator ──es2p─────────┘      │
 *   operator <──progress───────────┤
 *   SM-DS <──es12── events ────────┘
 *
 * Throws SmdpError `bad-settings`.
 */
export const createSmdp = (settings: SmdpSettings): SmdpServer => {
  checkCredentials(settings.credentials)
  const { operatorOf, smdsOf = () => undefined, crls = () => [], faults, outerLayers = {}, ...given } = settings
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as typeof given
  const complete = { ...DEFAULTS, ...present, crls, smdsOf }
  const progress = createProgressReports({ ...complete, operatorOf })
  const smdp: Smdp = {
    ...complete,
    store: watchEvents(settings.store, progress.start),
    reportProgress: progress.report,
    reportNotification: progress.reportNotification,
    startDelivery: progress.start,
  }
  const repeatable = createRepeatedCalls(smdp.store)
  const dropOld = createRetention(smdp)

  const es9pFunctions: FunctionHandlers<typeof ES9p> = {
    InitiateAuthentication: createInitiateAuthentication(smdp),
    AuthenticateClient: createAuthenticateClient(smdp),
    GetBoundProfilePackage: createGetBoundProfilePackage(smdp),
    HandleNotification: createHandleNotification(smdp),
    CancelSession: createCancelSession(smdp),
  }
  const es9pHandlers = faults ? injectContentFaults(smdp, es9pFunctions, faults) : es9pFunctions
  const { HandleDownloadProgressInfo: _, HandleNotification: __, ...es2pTable } = ES2p
  const es2pHandlers: FunctionHandlers<typeof es2pTable> = {
    DownloadOrder: repeatable('DownloadOrder', createDownloadOrder(smdp)),
    ConfirmOrder: repeatable('ConfirmOrder', createConfirmOrder(smdp)),
    ReleaseProfile: repeatable('ReleaseProfile', createReleaseProfile(smdp)),
    CancelOrder: repeatable('CancelOrder', createCancelOrder(smdp)),
  }
  const hooks = { synced: smdp.store.synced, getStatusCode: getSmdpStatusCode, onDefect: smdp.onDefect }
  return {
    // TLS authenticates the server only; the functions authenticate the card.
    es9p: createFunctionServer({
      ...hooks,
      bindings: [bindAsn1(ES9pAsn1, es9pHandlers), bindJson(ES9p, es9pHandlers, { hasHeader: false, ...hooks })],
      requesterOf: anyLpa,
      faults: faults && injectTransportFaults(faults),
      outerLayers: outerLayers.es9p,
    }),
    es2p: createFunctionServer({
      ...hooks,
      bindings: [bindJson(es2pTable, es2pHandlers, { hasHeader: true, ...hooks })],
      requesterOf: smdp.requesterOf,
      outerLayers: outerLayers.es2p,
    }),
    addProfile: profile => addProfile(smdp, profile),
    async deliverProgress() {
      await dropOld()
      await progress.deliver()
    },
    settled: progress.settled,
  }
}
