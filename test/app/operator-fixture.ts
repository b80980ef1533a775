import {
  type App,
  type Bridge,
  createApp,
  type LpaAccess,
  type PortalView,
  type RegistrationAccess,
} from '../../src/app/app.ts'
import type { DeviceFacts } from '../../src/app/service-client.ts'
import type { Shopper } from '../../src/app/shopper.ts'
import type { AppEvent, AppState } from '../../src/app/state.ts'
import { type Fetch, FetchError } from '../../src/rsp/fetch.ts'
import { createOperator, type Operator } from '../../src/server/operator/operator.ts'
import { createPlansService } from '../../src/server/plans/plans-service.ts'
import { createPortal } from '../../src/server/portal/portal.ts'
import type { PortalAuditEntry } from '../../src/server/portal/visit.ts'
import { countingRandom, createSmdpStub } from '../server/operator/smdp-stub.ts'

export const ICCID = '8944100000000000013'
export const DEVICE: DeviceFacts = {
  eid: '89049032000001000000000000000012',
  imei: '001102000315468',
  make: 'Contoso',
  model: 'Slate',
  market: 'US',
  language: 'en-us',
}
export const SHOPPER: Shopper = {
  plan: 'Travel 5 GB',
  payment: 'ending 4242',
  account: { email: 'ann@example.com', password: 'correct horse', name: 'Ann', isNew: true },
}

/** Maps host names to servers. Other hosts are unreachable. */
export const route =
  (hosts: Readonly<Record<string, Fetch>>): Fetch =>
  async request => {
    const { hostname } = new URL(request.url)
    const server = hosts[hostname]
    if (server === undefined) throw new FetchError('unreachable', `no route to ${hostname}`, { url: request.url })
    return server(request)
  }

/** The servers of the operator in one process, with a stub of the SM-DP+. */
export const createOperatorFixture = () => {
  const now = new Date('2026-03-01T12:00:00Z')
  const clock = (): Date => now
  const smdp = createSmdpStub(ICCID)
  const audit: PortalAuditEntry[] = []
  const operator: Operator = createOperator({
    smdp: {
      fetch: smdp.fetch,
      url: 'https://smdp.bench.example',
      address: 'smdp.bench.example',
      functionRequesterIdentifier: 'operator.bench',
      random: countingRandom(),
    },
    apiPath: '/v1',
    clock,
    random: countingRandom(),
  })
  const hosts: Record<string, Fetch> = {
    'portal.northwind.example': createPortal({
      brand: { name: 'Northwind Mobile', support: { email: 'help@northwind.example', phone: '0800 1' } },
      operator,
      clock,
      random: countingRandom(),
      audit: entry => audit.push(entry),
    }),
    'api.northwind.example': operator.api,
  }
  hosts['plans.bench.example'] = createPlansService({
    operators: [
      {
        id: 'northwind',
        brandName: 'Northwind Mobile',
        countries: ['DE'],
        portalUri: 'https://portal.northwind.example',
        notificationUri: 'https://portal.northwind.example',
        iccidRanges: [{ start: '8944100000000000000', end: '8944109999999999999' }],
        moBaseUrl: 'https://api.northwind.example/v1',
      },
    ],
    fetch: request => route(hosts)(request),
    countryOfCaller: () => 'DE',
    random: countingRandom(),
  })
  const requests: Request[] = []
  const web: Fetch = request => {
    requests.push(request)
    return route(hosts)(request)
  }
  return { hosts, web, operator, smdp, audit, requests, clock }
}
export type OperatorFixture = ReturnType<typeof createOperatorFixture>

/** An LPA that asks for consent and installs. `change` replaces parts of it. */
export const plainLpa = (change: Partial<LpaAccess> = {}): LpaAccess & { codes: string[] } => {
  const codes: string[] = []
  return {
    codes,
    profiles: async () => [],
    async download(code, during) {
      codes.push(code)
      during.progress('contacting')
      const { accept } = await during.consent({
        profileName: 'Travel',
        serviceProviderName: 'Northwind Mobile',
        iccid: ICCID,
        rules: [],
        confirmationCodeRequired: false,
      })
      if (!accept) return { status: 'OperationAborted', detail: 'the user said no' }
      during.progress('downloading', 1, 2)
      during.progress('installing')
      return { status: 'Success', iccid: ICCID }
    },
    enable: async () => ({ status: 'Success' }),
    ...change,
  }
}

export const launchApp = (
  runtime: OperatorFixture,
  portal: (bridge: Bridge) => PortalView,
  more: { lpa?: LpaAccess; registration?: RegistrationAccess; device?: DeviceFacts } = {},
) => {
  const seen: { event: AppEvent; state: AppState }[] = []
  const notes: string[] = []
  const app: App = createApp({
    device: more.device ?? DEVICE,
    service: runtime.web,
    serviceUrl: 'https://plans.bench.example',
    portal,
    lpa: more.lpa ?? plainLpa(),
    registration: more.registration ?? {
      register: async (iccid, changed) => {
        changed('searching')
        runtime.operator.onRegistered({ iccid, plmn: '23415', kind: 'home' })
        return { state: 'home', operator: 'Northwind' }
      },
    },
    clock: runtime.clock,
    random: countingRandom(),
    onState: (state, event) => {
      seen.push({ event, state })
      if (state.consent !== null) queueMicrotask(() => app.act({ action: 'consent', accept: true }))
    },
    note: text => notes.push(text),
  })
  return { app, seen, notes }
}

/** Starts the app and opens the first page of the portal. */
export const openPortal = async (app: App): Promise<AppState> => {
  app.act({ action: 'open' })
  await app.until(({ screen }) => screen.name !== 'loading')
  app.act({ action: 'choose-provider', provider: 'northwind' })
  await app.until(({ screen }) => screen.name !== 'loading')
  app.act({ action: 'continue' })
  return app.until(({ screen }) => (screen.name === 'portal' ? screen.ready : true))
}
