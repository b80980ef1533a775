import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Observation } from '../../src/evidence/events.ts'
import { type FetchSettings, openFetch } from '../../src/host/net/open-fetch.ts'
import { ownCertificates } from '../../src/host/pki/card-pki.ts'
import { checkWebServer, openWebPki, serverIdentity } from '../../src/host/pki/web-pki.ts'
import type { Fetch } from '../../src/rsp/fetch.ts'
import { ES2p } from '../../src/rsp/interfaces/es2p.ts'
import { HOSTS } from '../../src/services/hosts.ts'
import { openServices, type Services } from '../../src/services/services.ts'
import { makeSupply, readSupply, stockProfile } from '../../src/services/stock.ts'
import { createCliFixture } from '../cli/runtime.ts'

describe('the services of a bench', () => {
  const place = createCliFixture()
  const { runtime } = place.runtimeOf(new AbortController().signal)
  const context = { random: runtime.random, now: runtime.clock() }
  const opened: { close(): unknown }[] = []
  const reported: unknown[] = []
  let services: Services

  beforeAll(async () => {
    const pki = ownCertificates(place.folder, 'nist', context)
    services = await openServices({ ...runtime, pki, homePki: place.folder, report: error => reported.push(error) })
    opened.push(services)
  })
  afterAll(async () => {
    for (const each of opened.reverse()) await each.close()
    place.remove()
  })

  const client = (identity?: FetchSettings['identity']): Fetch => {
    const web = openWebPki(place.folder, context)
    const made = openFetch({
      addresses: services.addresses,
      check: checkWebServer(web.ca, runtime.clock),
      ...(identity ? { identity } : {}),
    })
    opened.push(made)
    return made.fetch
  }
  const as = (host: string, folder = place.folder) => serverIdentity(openWebPki(folder, context).issue(host))
  const balances = (): Request => new Request(`https://${HOSTS.operator}/v1/sims/iccid:8949001000000000000/balances`)

  it('openServices serves each host name on a port of this machine', () => {
    const places = [services.smdpHost, ...Object.values(HOSTS)].map(host => services.addresses.find(host))
    expect(places.map(found => found?.host)).toEqual(places.map(() => '127.0.0.1'))
    expect(new Set(places.map(found => found?.port)).size).toBe(places.length)
  })

  it('the operator API accepts only the service', async () => {
    expect((await client()(balances())).status).toBe(401)
    expect((await client(as(HOSTS.portal))(balances())).status).toBe(403)
    expect((await client(as(HOSTS.service, `${place.folder}/stranger`))(balances())).status).toBe(403)
    // Known as the service, it hears that there is no such SIM.
    expect((await client(as(HOSTS.service))(balances())).status).toBe(404)
  })

  it('ES2+ accepts only clients with a certificate', async () => {
    const order = (fetch: Fetch): Promise<unknown> =>
      fetch(
        new Request(`https://${HOSTS.smdpOrders}${ES2p.DownloadOrder.path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Admin-Protocol': 'gsma/rsp/v2.2.0' },
          body: JSON.stringify({
            header: { functionRequesterIdentifier: 'x', functionCallIdentifier: `${Math.floor(performance.now())}` },
            profileType: 'bench-usim',
          }),
        }),
      ).then(response => response.json())
    await stockProfile({ ...services, clock: runtime.clock }, makeSupply(runtime.random))
    expect(await order(client())).toMatchObject({
      header: { functionExecutionStatus: { status: 'Failed', statusCodeData: { subjectCode: '1.1' } } },
    })
    expect(await order(client(as(HOSTS.operator)))).toMatchObject({
      header: { functionExecutionStatus: { status: 'Executed-Success' } },
    })
  })

  it('the switchboard reports exchanges only while a watcher is set', async () => {
    const seen: Observation[] = []
    const ask = (): Promise<Response> => services.toService(new Request(`${services.serviceUrl}/v1/providers?mcc=262`))
    await ask()
    services.switchboard.watch({ observe: observation => seen.push(observation) })
    await ask()
    services.switchboard.watch(undefined)
    await ask()
    expect(seen).toMatchObject([{ kind: 'http', from: 'app', to: 'service', label: 'service GET /v1/providers' }])
  })

  it('a run gets no profile that an earlier run left in the stock', async () => {
    const at = { ...services, clock: runtime.clock }
    const left = await stockProfile(at, makeSupply(runtime.random))
    const next = await stockProfile(at, makeSupply(runtime.random))
    expect(await services.store.findOrder(left.iccid)).toMatchObject({ state: 'Unavailable' })
    expect(await services.store.findOrder(next.iccid)).toMatchObject({ state: 'Available' })
  })

  it('no server reported an error', () => expect(reported).toEqual([]))
})

it('readSupply reads a generated profile, and each one has a new identity', () => {
  const place = createCliFixture()
  const { runtime } = place.runtimeOf(new AbortController().signal)
  place.remove()
  const one = makeSupply(runtime.random)
  const other = makeSupply(runtime.random)
  expect(one.subscriber.iccid).toMatch(/^8949001\d{12}$/)
  expect(one.subscriber.iccid).not.toBe(other.subscriber.iccid)
  const read = readSupply(one.package, '/some/folder/profile.der')
  expect(read).toMatchObject({ profileName: 'profile.der', subscriber: { imsi: one.subscriber.imsi } })
})
