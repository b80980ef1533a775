import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '../../src/asn1/bytes.ts'
import { type Address, createAddressBook } from '../../src/host/net/address-book.ts'
import { type CurveIdentity, openCurvesServer } from '../../src/host/net/curves-server.ts'
import { mountFetch } from '../../src/host/net/mount-fetch.ts'
import { type CheckServer, type FetchSettings, openFetch } from '../../src/host/net/open-fetch.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../src/host/pki/web-pki.ts'
import { rspServerTrust } from '../../src/lpa/server/server-trust.ts'
import type { Credential } from '../../src/rsp/certificates/issue.ts'
import type { Pki } from '../../src/rsp/certificates/pki-folder.ts'
import { issueSmdsCertificates } from '../../src/rsp/certificates/smds-pki.ts'
import type { CurveName } from '../../src/rsp/crypto/curve.ts'
import type { Fetch } from '../../src/rsp/fetch.ts'
import { callerName, nameOfCaller } from '../../src/services/caller-name.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { ADDRESS, START, testPki } from '../server/smdp/smdp-fixture.ts'
import { SMDS } from '../server/smds/smds-fixture.ts'

export const OPERATOR_A = 'operator-a.example'
export const OPERATOR_B = 'operator-b.example'
export const ROOT = 'root.example.com'
const CURVES = ['P-256', 'brainpoolP256r1'] as const
const clock = (): Date => START

/** A server on a port of its own; who answers there is another one for each test. */
export interface End {
  readonly port: number
  answer: Fetch
  close(): Promise<void>
}

const nobody: Fetch = async () => new Response('nobody is here', { status: 599 })

export const openEnd = async (
  identities: readonly CurveIdentity[],
  admit?: (certificate: Uint8Array | undefined) => boolean,
): Promise<End> => {
  const place = { host: '127.0.0.1', port: 0, option: '--port', ...(admit && { admit }) }
  const server = await openCurvesServer(
    // Mounted anew for each request, as what answers there may say for itself how it is to be called.
    (incoming, outgoing) => void mountFetch(end.answer, { limit: 4 << 20 })(incoming, outgoing),
    identities,
    place,
  )
  const end: End = { port: server.port, answer: nobody, close: () => server.close() }
  return end
}

/** What an answer of the RSP always has; whatever the function said. */
const checkAnswer = (request: Request, response: Response): Response => {
  const said = response.headers.get('X-Admin-Protocol')
  const asked = request.headers.get('X-Admin-Protocol')
  if (response.status >= 500) throw new Error(`${request.url} was answered with ${response.status}`)
  if (said === null || (asked?.startsWith('gsma/rsp/v2.') && said !== asked))
    throw new Error(`X-Admin-Protocol: ${asked} was answered in ${said}`)
  return response
}

/** Calls go to `host`, whatever the URL says: the fixtures call the server by one name of theirs. */
export const towards =
  (host: string, fetch: Fetch): Fetch =>
  async request => {
    const url = new URL(request.url)
    url.host = host
    const body = await request.arrayBuffer()
    const { method, headers } = request
    const moved = new Request(url, { method, headers, ...(body.byteLength > 0 && { body }) })
    return checkAnswer(moved, await fetch(moved))
  }

export const tlsIdentityOf = (pki: Pick<Pki, 'ci'>, credential: Credential, host: string): CurveIdentity => ({
  ...serverIdentity(credential),
  ciKeyId: toHex(pki.ci.certificate.subjectKeyId!),
  host,
})

/** The trust of an LPA: the list of CIs that its eUICC has. */
export const trustOf = (...pkis: readonly Pick<Pki, 'ci'>[]): CheckServer =>
  rspServerTrust({
    ciPkIds: pkis.map(({ ci }) => ci.certificate.subjectKeyId!),
    certificates: pkis.map(({ ci }) => ci.certificate.der),
    clock,
    kind: 'either',
  })

/**
 * All the ports that the tests need, each with TLS as the bench serves it: ES9+ and ES11 authenticate the server alone,
 * ES2+, ES12 and the operator's callbacks both ends.
 */
export const openSockets = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  const web = openWebPki(folder, { random: seededRandom('web'), now: START })
  /** Certificates of the same CA that ended years ago. */
  const formerWeb = openWebPki(folder, { random: seededRandom('former web'), now: new Date('2020-01-01') })
  const strangers = openWebPki(join(folder, 'strangers'), { random: seededRandom('strangers'), now: START })
  const admit = (certificate: Uint8Array | undefined): boolean =>
    nameOfCaller([web.ca], clock, certificate) !== undefined
  const open: { close(): Promise<void> }[] = []
  const opened = async (...given: Parameters<typeof openEnd>): Promise<End> => {
    const end = await openEnd(...given)
    open.push(end)
    return end
  }
  const pkis = CURVES.map(curve => testPki(curve))
  const smdsTls = CURVES.map(curve => {
    const pki = testPki(curve)
    const { dsTls } = issueSmdsCertificates(pki, { random: seededRandom(`sockets ${curve}`), now: START, host: SMDS })
    return tlsIdentityOf(pki, dsTls, SMDS)
  })
  const webIdentity = (host: string) => serverIdentity(web.issue(host))
  const ends = {
    es9: await opened(pkis.map(pki => tlsIdentityOf(pki, pki.dpTls, ADDRESS))),
    es2: await opened([webIdentity(ADDRESS)], admit),
    es11: await opened(smdsTls),
    es12: await opened([webIdentity(SMDS)], admit),
    root: await opened([webIdentity(ROOT)], admit),
    operator: await opened([webIdentity(OPERATOR_A)], admit),
  }

  const client = (settings: Omit<FetchSettings, 'addresses'>, at: ReadonlyMap<string, Address>): Fetch => {
    const { fetch, close } = openFetch({ addresses: createAddressBook(at), ...settings })
    open.push({ close })
    return fetch
  }
  const here = (port: number): Address => ({ host: '127.0.0.1', port })
  const lpas = new Map<string, Fetch>()
  /** As an LPA whose eUICC lists the CI of `curve` first. */
  const lpa = (end: 'es9' | 'es11', host: string, curve: CurveName = 'P-256'): Fetch => {
    const key = `${end} ${curve}`
    const known =
      lpas.get(key) ?? client({ check: trustOf(...pkis), prefer: curve }, new Map([[host, here(ends[end].port)]]))
    lpas.set(key, known)
    return towards(host, known)
  }
  const callers = new Map<string, Fetch>()
  /** As another server, which shows a certificate in its name. */
  const caller = (name: string, end: 'es2' | 'es12' | 'root' | 'operator', host: string): Fetch => {
    const key = `${name} ${end}`
    const identity = serverIdentity(web.issue(name))
    const known =
      callers.get(key) ??
      client({ check: checkWebServer(web.ca, clock), identity }, new Map([[host, here(ends[end].port)]]))
    callers.set(key, known)
    return known
  }
  return {
    ends,
    web,
    formerWeb,
    strangers,
    client,
    here,
    lpa,
    caller,
    requesterOf: (request: Request) => callerName([web.ca], clock, request),
    async close() {
      for (const each of open.reverse()) await each.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
export type Sockets = Awaited<ReturnType<typeof openSockets>>
