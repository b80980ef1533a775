import express from 'express'
import type { Stopwatch } from '../evidence/recorder.ts'
import { atMost, closeAll } from '../host/close-all.ts'
import { type AddressBook, createAddressBook } from '../host/net/address-book.ts'
import { openCurvesServer } from '../host/net/curves-server.ts'
import { callerCertificateOf, mountFetch } from '../host/net/mount-fetch.ts'
import { type OpenFetch, openFetch } from '../host/net/open-fetch.ts'
import { type OpenServer, openTlsServer, type ServerIdentity } from '../host/net/tls-server.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../host/pki/web-pki.ts'
import { parseCertificate } from '../rsp/certificates/certificate.ts'
import type { Pki } from '../rsp/certificates/pki-folder.ts'
import { issueSmdsCertificates } from '../rsp/certificates/smds-pki.ts'
import { chooseFetch, type Fetch } from '../rsp/fetch.ts'
import { ROOT_DS_ADDRESS } from '../rsp/identifiers.ts'
import type { Network } from '../server/network/network.ts'
import { createNetwork } from '../server/network/network.ts'
import { createOperator, type Operator } from '../server/operator/operator.ts'
import { createPlansService } from '../server/plans/plans-service.ts'
import { createPortal } from '../server/portal/portal.ts'
import { createSmdp, type SmdpServer } from '../server/smdp/smdp.ts'
import type { SmdpStore } from '../server/smdp/store.ts'
import { createSmds, type SmdsServer } from '../server/smds/smds.ts'
import { callerName } from './caller-name.ts'
import { HOSTS, OPERATOR } from './hosts.ts'
import { plansOperator } from './plans-operator.ts'
import { IN_MEMORY, openSmdpStore } from './store/open-smdp-store.ts'
import { createSubscriberRegister, type SubscriberRegister } from './subscribers.ts'
import { createSwitchboard, type Switchboard } from './switchboard.ts'

/** All servers of the architecture, on ports of this machine. */
export interface Services {
  readonly smdpHost: string
  readonly addresses: AddressBook
  readonly switchboard: Switchboard
  readonly subscribers: SubscriberRegister
  readonly smdp: SmdpServer
  readonly store: SmdpStore
  /** The SM-DS that cards ask for their events. */
  readonly smds: SmdsServer | undefined
  readonly operator: Operator
  readonly network: Network
  /** The Fetch of the device to the service and the portal. */
  readonly toService: Fetch
  readonly toPortal: Fetch
  readonly serviceUrl: string
  close(): Promise<void>
}

export interface ServiceSettings {
  readonly pki: Pki
  readonly homePki: string
  readonly clock: () => Date
  readonly stopwatch: Stopwatch
  readonly random: (length: number) => Uint8Array
  /** Receives each error that a server answered with HTTP 500. */
  readonly report: (error: unknown) => void
  /** The store of the SM-DP+; by default in memory, until the process ends. */
  readonly smdpStore?: { readonly location: string; readonly environment: NodeJS.ProcessEnv }
}

const DELIVERY_INTERVAL_MS = 10_000
/** The time for pending requests to the operator at the end. */
const SETTLE_MS = 2_000
const OPERATOR_IDENTIFIER = 'bench-mobile'

/**
 *   app ──> plans service ──GetBalance──> operator API
 *   app ──> portal ──(same process)──> operator ──ES2+──> SM-DP+ ──HandleDownloadProgressInfo──> operator
 *   LPA ──ES9+──> SM-DP+            device ──AKA──> network ──(registered)──> operator
 */
export const openServices = async (settings: ServiceSettings): Promise<Services> => {
  const { pki, clock, random, report } = settings
  const web = openWebPki(settings.homePki, { random, now: clock() })
  const addresses = createAddressBook()
  const switchboard = createSwitchboard(settings.stopwatch)
  const open: { close(): Promise<void> }[] = []
  /** The parts that the servers share until the end. */
  const ends: { close(): Promise<void> }[] = []
  const identities = new Map<string, ServerIdentity>()
  const identityFor = (host: string): ServerIdentity => {
    const identity = identities.get(host) ?? serverIdentity(web.issue(host))
    identities.set(host, identity)
    return identity
  }
  /** A Fetch to the servers of the web CA, with the client certificate of `as`. */
  const clientOf = (as?: string): OpenFetch => {
    const client = openFetch({
      addresses,
      check: checkWebServer(web.ca, clock),
      ...(as === undefined ? {} : { identity: identityFor(as) }),
    })
    open.push(client)
    return client
  }
  const serve = async (host: string, fetch: Fetch, identity: ServerIdentity, ask = false): Promise<void> => {
    const app = express()
      .disable('x-powered-by')
      .use(mountFetch(fetch, { limit: 4 << 20, report }))
    const server: OpenServer = await openTlsServer(app, identity, { askForCertificate: ask })
    open.push(server)
    addresses.serve(host, server.port)
  }
  /** Several host names on one port: an LPA that is sent to one address reaches SM-DS and SM-DP+. */
  const serveLpas = async (...hosts: (readonly [host: string, fetch: Fetch, identity: ServerIdentity])[]) => {
    const [first] = hosts
    const byName = chooseFetch(
      to => (hosts.find(([host]) => host.toLowerCase() === to.host.toLowerCase()) ?? first!)[1],
    )
    const app = express()
      .disable('x-powered-by')
      .use(mountFetch(byName, { limit: 4 << 20, report }))
    const identified = hosts.map(([host, , identity]) => ({ ...identity, host }))
    const server = await openCurvesServer(app, identified, { host: '127.0.0.1', port: 0, option: '--port' })
    open.push(server)
    for (const [host] of hosts) addresses.serve(host, server.port)
  }

  try {
    const smdpHost = pki.dpTls.certificate.dnsNames[0]!
    const operatorClient = clientOf(HOSTS.operator)
    const smdpClient = clientOf(HOSTS.smdpOrders)
    const { location = IN_MEMORY, environment = {} } = settings.smdpStore ?? {}
    const store = await openSmdpStore(location, { environment, random })
    ends.push(store)
    await store.occupy()
    // Without the key of the CI, no certificate for an SM-DS can be issued.
    const smdsCertificates =
      pki.ci.privateKey && issueSmdsCertificates(pki, { random, now: clock(), host: ROOT_DS_ADDRESS })
    const smds =
      smdsCertificates &&
      createSmds({
        address: ROOT_DS_ADDRESS,
        credentials: [smdsCertificates],
        store: store.smds,
        clock,
        random,
        requesterOf: request => callerName([web.ca], clock, request),
        kind: 'root',
        onDefect: report,
      })
    const smdp = createSmdp({
      address: smdpHost,
      credentials: [pki],
      store,
      clock,
      random,
      requesterOf: request => callerName([web.ca], clock, request),
      operatorOf: requester =>
        requester === HOSTS.operator
          ? {
              url: `https://${HOSTS.operator}`,
              fetch: switchboard.traced(smdpClient.fetch, { from: 'smdp', to: 'operator' }),
            }
          : undefined,
      smdsOf: address =>
        smds && address.toLowerCase() === ROOT_DS_ADDRESS
          ? { url: `https://${HOSTS.smdsEvents}`, fetch: smdpClient.fetch }
          : undefined,
      onDefect: report,
    })
    const operator = createOperator({
      smdp: {
        fetch: switchboard.traced(operatorClient.fetch, { from: 'operator', to: 'smdp' }),
        url: `https://${HOSTS.smdpOrders}`,
        functionRequesterIdentifier: OPERATOR_IDENTIFIER,
        random,
        address: smdpHost,
      },
      apiPath: '/v1',
      callers: {
        certificate: {
          of: request => {
            const der = callerCertificateOf(request)
            if (!der) return undefined
            const { subject, notBefore, notAfter } = parseCertificate(der)
            return { subject, notBefore, notAfter, trusted: callerName([web.ca], clock, request) !== undefined }
          },
          subject: parseCertificate(web.issue(HOSTS.service).certificate.der).subject,
        },
      },
      clock,
      random,
      onDefect: report,
    })
    const subscribers = createSubscriberRegister()
    const network = createNetwork({
      here: { plmn: OPERATOR.plmn, name: OPERATOR.name },
      subscribers: subscribers.find,
      clock,
      random,
      onRegistered: ({ iccid, plmn, kind }) => operator.onRegistered({ iccid, plmn, kind }),
    })
    const service = createPlansService({
      operators: [plansOperator()],
      fetch: switchboard.traced(clientOf(HOSTS.service).fetch, { from: 'service', to: 'operator' }),
      countryOfCaller: () => OPERATOR.country,
      random,
    })
    const portal = createPortal({
      brand: { name: OPERATOR.name, support: { email: 'support@operator.bench.example', phone: '+49 30 0000 0000' } },
      operator,
      clock,
      random,
      onDefect: report,
    })
    const isCallback = (request: Request): boolean => new URL(request.url).pathname.startsWith('/gsma/')

    await serveLpas(
      [smdpHost, smdp.es9p, serverIdentity(pki.dpTls)],
      ...(smds && smdsCertificates
        ? [[ROOT_DS_ADDRESS, smds.es11, serverIdentity(smdsCertificates.dsTls)] as const]
        : []),
    )
    if (smds) await serve(HOSTS.smdsEvents, smds.es12, identityFor(HOSTS.smdsEvents), true)
    await serve(HOSTS.smdpOrders, smdp.es2p, identityFor(HOSTS.smdpOrders), true)
    await serve(
      HOSTS.operator,
      request => (isCallback(request) ? operator.es2pCallbacks(request) : operator.api(request)),
      identityFor(HOSTS.operator),
      true,
    )
    await serve(HOSTS.portal, portal, identityFor(HOSTS.portal))
    await serve(HOSTS.service, service, identityFor(HOSTS.service))

    // Deliver the pending reports and events again.
    const again = setInterval(() => void smdp.deliverProgress().catch(report), DELIVERY_INTERVAL_MS).unref()
    open.push({ close: async () => clearInterval(again) })
    const device = clientOf()
    return {
      smdpHost,
      addresses,
      switchboard,
      subscribers,
      smdp,
      store,
      smds,
      operator,
      network,
      toService: switchboard.traced(device.fetch, { from: 'app', to: 'service' }),
      toPortal: switchboard.traced(device.fetch, { from: 'app', to: 'portal' }),
      serviceUrl: `https://${HOSTS.service}`,
      async close() {
        await atMost(SETTLE_MS, smdp.settled())
        // Closing the client ends pending deliveries; until then they need the store.
        await closeAll([...ends, { close: smdp.settled }, ...open])
      },
    }
  } catch (error) {
    await closeAll([...ends, ...open]).catch(report)
    throw error
  }
}
