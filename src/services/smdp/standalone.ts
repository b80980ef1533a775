import type { X509Certificate } from 'node:crypto'
import { atMost, closeAll } from '../../host/close-all.ts'
import { createAddressBook } from '../../host/net/address-book.ts'
import { type CurvesServer, openCurvesServer } from '../../host/net/curves-server.ts'
import { mountFetch } from '../../host/net/mount-fetch.ts'
import { type CheckServer, openFetch } from '../../host/net/open-fetch.ts'
import { checkForeignServer } from '../../host/pki/foreign-server.ts'
import { checkWebServer, serverIdentity, type WebPki } from '../../host/pki/web-pki.ts'
import { issueSmdsCertificates } from '../../rsp/certificates/smds-pki.ts'
import { chooseFetch, compose, type Fetch, type FetchLayer } from '../../rsp/fetch.ts'
import { ES2p } from '../../rsp/interfaces/es2p.ts'
import { ES9p } from '../../rsp/interfaces/es9p.ts'
import { ES11 } from '../../rsp/interfaces/es11.ts'
import { ES12 } from '../../rsp/interfaces/es12.ts'
import type { Faults } from '../../server/smdp/faults/faults.ts'
import { isOver, type Order } from '../../server/smdp/order.ts'
import type { Dropped, Retention } from '../../server/smdp/retention.ts'
import { createSmdp, type SmdpServer } from '../../server/smdp/smdp.ts'
import { createSmds } from '../../server/smds/smds.ts'
import { type CallerAuthority, callerName, nameOfCaller } from '../caller-name.ts'
import type { InventoryOperator } from '../inventory/inventory.ts'
import type { OpenSmdpStore } from '../store/open-smdp-store.ts'
import { type CalledFunction, logFunctions } from './function-log.ts'
import { ciKeyIdOf, type StandalonePki, tlsIdentities } from './standalone-pki.ts'
import type { Random } from './stock-copies.ts'

/** A stand-alone SM-DP+ on ports of this machine. */
export interface Standalone {
  readonly host: string
  readonly smdp: SmdpServer
  readonly ports: {
    readonly es9: number
    readonly es2: number | undefined
    readonly es11: number | undefined
    readonly es12: number | undefined
  }
  readonly smdsHost: string | undefined
  /** Waits for the requests in progress. */
  close(graceMs?: number): Promise<void>
}

export interface StandaloneSettings {
  readonly pki: StandalonePki
  readonly web: WebPki
  /** CAs whose client certificates ES2+ accepts, in addition to the web CA. */
  readonly authorities: readonly CallerAuthority[]
  /** The permitted operators; if absent, every client with a certificate is permitted. */
  readonly operators: readonly InventoryOperator[]
  /** CAs of the callback servers, in addition to the bench's own and those of one operator. */
  readonly operatorAuthorities?: readonly X509Certificate[]
  readonly retention?: Retention | undefined
  /** Called when entries over the limits were dropped. */
  readonly onDropped?: ((dropped: Dropped) => void) | undefined
  readonly store: OpenSmdpStore
  readonly listen: string
  readonly ports: { readonly es9: number; readonly es2?: number; readonly es11?: number; readonly es12?: number }
  readonly smdsHost: string
  readonly clock: () => Date
  readonly stopwatch: () => number
  readonly random: Random
  /** Called after each function call; without it, messages are not inspected. */
  readonly log?: ((called: CalledFunction) => void) | undefined
  readonly report: (error: unknown) => void
  readonly faults?: Faults | undefined
  /** Called before each function call of ES9+. */
  readonly beforeCall?: (() => void) | undefined
}

/** The time for pending reports to operators at the end. The next start delivers the others. */
const SETTLE_MS = 2_000

export const openStandalone = async (settings: StandaloneSettings): Promise<Standalone> => {
  const { pki, web, store, clock, random, listen, ports, operators, smdsHost, report } = settings
  const { host, sets } = pki
  const open: { close(graceMs?: number): Promise<void> }[] = []
  const authorities: readonly CallerAuthority[] = [web.ca, ...settings.authorities]
  const isOperator = (name: string | undefined): boolean =>
    name !== undefined && (operators.length === 0 || operators.some(operator => operator.name === name))
  const requesterOf = (request: Request): string | undefined => {
    const name = callerName(authorities, clock, request)
    return isOperator(name) ? name : undefined
  }
  const addresses = createAddressBook()
  const client = openFetch({
    addresses,
    allowUnlistedHosts: true,
    check: checkOperators(settings),
    identity: serverIdentity(web.issue(host)),
  })
  open.push(client)

  const { log, beforeCall } = settings
  const logLayers = (rows: Parameters<typeof logFunctions>[0]): readonly FetchLayer[] =>
    log === undefined ? [] : [logFunctions(rows, { ...settings, log })]
  const { smdsCalls, ...smds } = openSmds(settings, requesterOf)
  const smdp = createSmdp({
    address: host,
    credentials: sets,
    store,
    clock,
    random,
    requesterOf,
    operatorOf: name => {
      const callback = operators.find(operator => operator.name === name)?.callback
      return callback === undefined ? undefined : { url: callback, fetch: client.fetch }
    },
    ...(ports.es12 !== undefined && {
      smdsOf: (address: string) =>
        address.toLowerCase() === smdsHost.toLowerCase() ? { url: `https://${smdsHost}`, fetch: smdsCalls } : undefined,
    }),
    ...(settings.faults && { faults: settings.faults }),
    outerLayers: {
      es9p: [...(beforeCall ? [notifyBeforeCall(beforeCall)] : []), ...logLayers(Object.values(ES9p))],
      es2p: logLayers(Object.values(ES2p)),
    },
    onDefect: report,
    ...(settings.retention && { retention: settings.retention }),
    ...(settings.onDropped && { onDropped: settings.onDropped }),
  })

  const serve = async (
    fetch: Fetch,
    identities: Parameters<typeof openCurvesServer>[1],
    port: number | undefined,
    option: string,
    isMutual = false,
  ): Promise<CurvesServer | undefined> => {
    if (port === undefined) return undefined
    const server = await openCurvesServer(mountFetch(fetch, { limit: 4 << 20, report }), identities, {
      host: listen,
      port,
      option,
      hostOption: '--listen',
      ...(isMutual && { admit: certificate => isOperator(nameOfCaller(authorities, clock, certificate)) }),
    })
    open.push(server)
    return server
  }
  try {
    const own = [serverIdentity(web.issue(host))]
    const { es9p, es2p } = smdp
    const es11p = compose(smds.es11, logLayers(Object.values(ES11)))
    const es12p = compose(smds.es12, logLayers(Object.values(ES12)))
    const hasSmds = ports.es11 !== undefined || ports.es12 !== undefined
    // The port of ES9+ also serves the host name of the SM-DS, so that an LPA reaches both at one address.
    const byName = chooseFetch(({ host }) => (hasSmds && host.toLowerCase() === smdsHost.toLowerCase() ? es11p : es9p))
    const identities = [...tlsIdentities(pki), ...(hasSmds ? smds.identities : [])]
    const es9 = await serve(byName, identities, ports.es9, '--es9-port')
    const es2 = await serve(es2p, own, ports.es2, '--es2-port', true)
    const es11 = await serve(es11p, smds.identities, ports.es11, '--es11-port')
    const forSmds = [serverIdentity(web.issue(smdsHost))]
    const es12 = await serve(es12p, forSmds, ports.es12, '--es12-port', true)
    return {
      host,
      smdp,
      ports: { es9: es9!.port, es2: es2?.port, es11: es11?.port, es12: es12?.port },
      smdsHost: es11 || es12 ? smdsHost : undefined,
      async close(graceMs) {
        await atMost(SETTLE_MS, smdp.settled())
        const inTime = open.map(each => ({ close: () => each.close(graceMs) }))
        // Closing the client ends pending deliveries; until then they need the store.
        await closeAll([{ close: smdp.settled }, ...inTime])
      },
    }
  } catch (error) {
    await closeAll(open).catch(report)
    throw error
  }
}

const notifyBeforeCall =
  (beforeCall: () => void): FetchLayer =>
  next =>
    async function notifyBeforeCall(request) {
      beforeCall()
      return await next(request)
    }

/** Checks the callback server of an operator: under the bench's CA, or under a CA named for it or for all. */
const checkOperators = ({ web, clock, operators, operatorAuthorities = [] }: StandaloneSettings): CheckServer => {
  const own = checkWebServer(web.ca, clock)
  return (chain, host) => {
    const named = operators.flatMap(({ callback, authorities = [] }) =>
      callback !== undefined && new URL(callback).hostname === host ? authorities : [],
    )
    const foreign = [...operatorAuthorities, ...named]
    if (foreign.length === 0) return own(chain, host)
    try {
      own(chain, host)
    } catch {
      checkForeignServer(foreign, clock)(chain, host)
    }
  }
}

/** Registers the events of the orders of a file at the SM-DS, as ConfirmOrder over ES2+ does. */
export const raiseEvents = async (
  { smds }: OpenSmdpStore,
  orders: readonly Order[],
  at: { readonly host: string; readonly smdsHost: string; readonly now: Date },
): Promise<void> => {
  for (const { eid, eventId, smdsAddress, ...order } of orders) {
    if (eid === undefined || eventId === undefined || smdsAddress !== at.smdsHost) continue
    if (isOver({ ...order, eid, eventId }) || (await smds.findEvent(eid, eventId)) !== undefined) continue
    await smds.addEvent({
      eid,
      eventId,
      rspServerAddress: at.host,
      owner: at.host,
      callIdentifier: `register ${eventId}`,
      at: at.now,
      atRoot: 'not-asked',
      isWithdrawn: false,
      revision: 1,
    })
  }
}

/** The SM-DS of the same process. The SM-DP+ calls it without a socket, under its own name. */
const openSmds = (
  { pki: { host, sets }, store, smdsHost, clock, random, report }: StandaloneSettings,
  requesterOf: (request: Request) => string | undefined,
) => {
  const fromHere = new WeakSet<Request>()
  const withKey = sets.filter(set => set.ci.privateKey !== undefined)
  const certificates = withKey.map(set => issueSmdsCertificates(set, { random, now: clock(), host: smdsHost }))
  const none: Fetch = async () => new Response(null, { status: 404 })
  if (certificates.length === 0) return { es11: none, es12: none, smdsCalls: none, identities: [] }
  const smds = createSmds({
    address: smdsHost,
    credentials: certificates,
    store: store.smds,
    clock,
    random,
    requesterOf: request => (fromHere.has(request) ? host : requesterOf(request)),
    kind: 'root',
    onDefect: report,
  })
  return {
    es11: smds.es11,
    es12: smds.es12,
    smdsCalls: ((request: Request) => {
      fromHere.add(request)
      return smds.es12(request)
    }) as Fetch,
    identities: certificates.map(({ dsTls }, index) => ({
      ...serverIdentity(dsTls),
      ciKeyId: ciKeyIdOf(withKey[index]!),
      host: smdsHost,
    })),
  }
}
