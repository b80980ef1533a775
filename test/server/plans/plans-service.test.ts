import { describe, expect, it } from 'vitest'
import { type Fetch, FetchError } from '../../../src/rsp/fetch.ts'
import { createPlansService, parseLanguages } from '../../../src/server/plans/plans-service.ts'
import { countingRandom } from '../operator/smdp-stub.ts'

const northwind = {
  id: 'northwind',
  brandName: 'Northwind Mobile',
  countries: ['DE', 'GB'],
  portalUri: 'https://portal.northwind.example',
  notificationUri: 'https://portal.northwind.example',
  iccidRanges: [{ start: '8944100000000000000', end: '8944109999999999999' }],
  moBaseUrl: 'https://api.northwind.example:8443/v1',
}
const operator = (id: string, brandName: string, digit: number, more: object = {}): object => ({
  ...northwind,
  id,
  brandName,
  iccidRanges: [{ start: `89441${digit}0000000000000`, end: `89441${digit}9999999999999` }],
  ...more,
})

const setUp = (
  operators: readonly unknown[] = [northwind],
  fetch: Fetch = async () => Response.json({ balances: [] }),
) => {
  const service = createPlansService({
    operators,
    fetch,
    credentials: () => ({ authorization: 'Basic c2VydmljZTpwYXNz' }),
    countryOfCaller: () => 'DE',
    random: countingRandom(),
  })
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await service(new Request(`https://plans.bench.example${path}`, { headers }))
    // biome-ignore lint/suspicious/noExplicitAny: the tests compare the body, whatever it holds
    return { status: response.status, headers: response.headers, body: (await response.json()) as any }
  }
  return { service, get }
}
const brands = (body: { providers: { brandName: string }[] }): string[] => body.providers.map(p => p.brandName)

describe('the catalogue', () => {
  it('CAT-003 takes the country from the address on Wi-Fi', async () => {
    const { get } = setUp([northwind, operator('far', 'Far Telecom', 1, { countries: ['JP'] })])
    const { body } = await get('/v1/providers')
    expect(body.country).toBe('DE')
    expect(brands(body)).toEqual(['Northwind Mobile'])
  })
  it('CAT-004 and from the network when there is one', async () => {
    const { get } = setUp([northwind, operator('far', 'Far Telecom', 1, { countries: ['JP'] })])
    expect(brands((await get('/v1/providers?mcc=440&mnc=10')).body)).toEqual(['Far Telecom'])
  })
  it('a test network is in no country, so the address decides', async () => {
    const { get } = setUp()
    expect((await get('/v1/providers?mcc=001&mnc=01')).body.country).toBe('DE')
  })
  it('CAT-005 is alphabetical by brand, whatever the letter case', async () => {
    const { get } = setUp([northwind, operator('z', 'zeta', 1), operator('a', 'Alpha', 2), operator('b', 'beta', 3)])
    expect(brands((await get('/v1/providers')).body)).toEqual(['Alpha', 'beta', 'Northwind Mobile', 'zeta'])
  })
  it('CAT-006, CAT-007 shows an OEM operator on its devices only', async () => {
    const { get } = setUp([operator('oem', 'Oem Mobile', 1, { onlyOn: [{ make: 'Contoso', model: 'Slate' }] })])
    expect(brands((await get('/v1/providers?make=Contoso&model=Slate')).body)).toEqual(['Oem Mobile'])
    expect(brands((await get('/v1/providers?make=Contoso&model=Book')).body)).toEqual([])
    expect(brands((await get('/v1/providers')).body)).toEqual([])
  })
  it('CAT-008, CAT-009 hides an operator by model and by EID', async () => {
    const notOn = { models: [{ make: 'Contoso', model: 'Slate' }], eids: ['8904903200000100000000000000'] }
    const { get } = setUp([operator('n', 'Picky', 1, { notOn })])
    expect(brands((await get('/v1/providers?make=contoso&model=slate')).body)).toEqual([])
    expect(brands((await get('/v1/providers?eid=89049032000001000000000000000012')).body)).toEqual([])
    expect(brands((await get('/v1/providers?eid=89049032000002000000000000000012')).body)).toEqual(['Picky'])
  })
  it('CAT-010 is an empty list where nobody sells', async () => {
    const { get } = setUp()
    expect((await get('/v1/providers?mcc=440&mnc=10')).body).toEqual({ country: 'JP', providers: [] })
  })
  it('carries what the app needs to launch the portal and to know its callbacks', async () => {
    const { get } = setUp()
    expect((await get('/v1/providers')).body.providers[0]).toEqual({
      id: 'northwind',
      brandName: 'Northwind Mobile',
      portalUri: northwind.portalUri,
      notificationUri: northwind.notificationUri,
      iccidRanges: northwind.iccidRanges,
    })
  })
  it.each([
    ['/v1/providers?mcc=44', 400, 'mcc'],
    ['/v1/providers?eid=123', 400, 'eid'],
    ['/v1/sims/12/balance', 400, 'iccid'],
    ['/v1/sims/8944100000000000013/balance?location=USA', 400, 'location'],
  ])('refuses %s with %s and names %s', async (path, status, parameter) => {
    const { get } = setUp()
    expect(await get(path)).toMatchObject({ status, body: { error: { parameter } } })
  })
  it.each(['/', '/v1', '/v2/providers', '/v1/providers/northwind', '/v1/sims/1/balance/x'])('has no %s', async path => {
    const { get } = setUp()
    expect(await get(path)).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } })
  })
  it('is read only, and says when the country cannot be told', async () => {
    const { service } = setUp()
    expect((await service(new Request('https://plans.bench.example/v1/providers', { method: 'POST' }))).status).toBe(
      405,
    )
    const lost = createPlansService({
      operators: [northwind],
      fetch: async () => Response.json({}),
      countryOfCaller: () => undefined,
      random: countingRandom(),
    })
    expect((await lost(new Request('https://plans.bench.example/v1/providers'))).status).toBe(422)
  })
  it('reads Accept-Language in the order of its weights', () => {
    const request = new Request('https://x.example', {
      headers: { 'Accept-Language': 'en;q=0.5, de-DE, *;q=0.1, fr;q=0' },
    })
    expect(parseLanguages(request)).toEqual(['de-DE', 'en'])
  })
})

describe('the gateway', () => {
  const template = {
    id: 0,
    bodyText: { en: 'Stay connected', de: 'Bleib verbunden' },
    images: [
      { uri: 'https://img.example/a.png', width: 600, height: 300 },
      { uri: 'https://img.example/b.png', width: 1200, height: 600 },
    ],
  }
  const gatewayOf = async (templates: readonly object[], headers: Record<string, string> = {}) =>
    (await setUp([{ ...northwind, promotionTemplates: templates }]).get('/v1/providers/northwind/gateway', headers))
      .body

  it('GWY-001 is the standard one without a template', async () => {
    expect(await gatewayOf([])).toMatchObject({
      kind: 'standard',
      bodyText: 'Northwind Mobile',
      buttonText: 'Continue',
    })
  })
  it('GWY-002, GWY-007..011 has the defaults of the contract', async () => {
    expect(await gatewayOf([template])).toMatchObject({
      templateId: '0',
      kind: 'enhanced',
      backgroundColor: '#ffffffff',
      bodyFontColor: '#000000ff',
      buttonColor: null,
      buttonFontColor: '#ffffffff',
      hyperlinkFontColor: null,
    })
  })
  it('GWY-012 applies colours with their alpha, GWY-014 takes the best picture', async () => {
    const page = await gatewayOf([{ ...template, backgroundColor: '0x11223380' }])
    expect(page.backgroundColor).toBe('#11223380')
    expect(page.image.width).toBe(1200)
  })
  it('GWY-017 speaks the client’s language, else English', async () => {
    expect((await gatewayOf([template], { 'Accept-Language': 'de-AT' })).bodyText).toBe('Bleib verbunden')
    expect((await gatewayOf([template], { 'Accept-Language': 'ja' })).bodyText).toBe('Stay connected')
  })
  it('GWY-018 always tells what is shared', async () => {
    expect((await gatewayOf([template])).disclaimer).toContain('EID')
  })
  it('is not there for an operator that is not offered here', async () => {
    expect((await setUp().get('/v1/providers/northwind/gateway?mcc=440')).status).toBe(404)
    expect((await setUp().get('/v1/providers/other/gateway')).status).toBe(404)
  })
  it.each([
    ['GWY-013 a colour with a #', { backgroundColor: '#112233' }, /0xRRGGBBAA/],
    ['GWY-013 a colour of six digits', { buttonColor: '0x112233' }, /0xRRGGBBAA/],
    ['GWY-015 too large a picture', { images: [{ uri: 'https://i.example/a.png', width: 1201, height: 10 }] }, /1200/],
    [
      'GWY-016 a picture that is not png',
      { images: [{ uri: 'https://i.example/a.jpg', width: 10, height: 10 }] },
      /png/,
    ],
    ['GWY-018 its own disclaimer', { disclaimer: 'none' }, /disclaimer/],
  ])('refuses %s', (_what, change, message) => {
    expect(() => setUp([{ ...northwind, promotionTemplates: [{ ...template, ...change }] }])).toThrow(message)
  })
  it('GWY-022 refuses an id that occurs twice, number or text', () => {
    expect(() => setUp([{ ...northwind, promotionTemplates: [template, { ...template, id: '0' }] }])).toThrow(/twice/)
  })
})

describe('the configuration of an operator', () => {
  it.each([
    ['PRT-001 a portal over http', { portalUri: 'http://p.example' }, 'operators[0].portalUri'],
    ['PRT-002 a portal with a port', { portalUri: 'https://p.example:443/x' }, 'operators[0].portalUri'],
    ['a portal with a query', { portalUri: 'https://p.example/?a=1' }, 'operators[0].portalUri'],
    ['CFG-005 a notification URI over http', { notificationUri: 'http://p.example' }, 'operators[0].notificationUri'],
    [
      'CFG-005 a notification URI with a port',
      { notificationUri: 'https://p.example:8443' },
      'operators[0].notificationUri',
    ],
    ['CFG-002 a missing brand', { brandName: undefined }, 'operators[0].brandName'],
    ['CFG-004 a country that is none', { countries: ['Germany'] }, 'operators[0].countries[0]'],
    [
      'CFG-006 an inverted range',
      { iccidRanges: [{ start: '8944200000000000000', end: '8944100000000000000' }] },
      'operators[0].iccidRanges[0]',
    ],
    ['an unknown key', { potralUri: 'x' }, 'operators[0]'],
  ])('refuses %s and names it', (_what, change, path) => {
    expect(() => setUp([{ ...northwind, ...change }])).toThrow(
      expect.objectContaining({ code: 'bad-configuration', path }),
    )
  })
  it('CFG-006 refuses ranges that overlap, and an id that occurs twice', () => {
    expect(() => setUp([northwind, { ...northwind, id: 'other' }])).toThrow(/overlaps/)
    expect(() => setUp([northwind, operator('northwind', 'Twin', 1)])).toThrow(/twice/)
  })
})

describe('the balance', () => {
  const ask = (fetch: Fetch) => setUp([northwind], fetch).get('/v1/sims/8944100000000000013F/balance?location=de')

  it('asks the operator in the contract’s words and passes its answer on', async () => {
    const asked: Request[] = []
    const { status, body } = await ask(async request => {
      asked.push(request)
      return Response.json({ balances: [{ type: 'MODIRECTPAYG', dataRemainingInMB: 12.5, timeRemaining: 'P2D' }] })
    })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      provider: { id: 'northwind' },
      balance: { type: 'MODIRECTPAYG', dataRemainingInMB: 12.5, timeRemaining: 'P2D' },
    })
    expect(asked[0]!.url).toBe(
      'https://api.northwind.example:8443/v1/sims/iccid:8944100000000000013/balances?fieldsTemplate=basic&limit=1&location=DE',
    )
    expect(asked[0]!.headers.get('authorization')).toBe('Basic c2VydmljZTpwYXNz')
    expect(asked[0]!.headers.get('x-ms-dm-transactionid')).toMatch(/^MSFT-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(body.transactionId).toBe(asked[0]!.headers.get('x-ms-dm-transactionid'))
  })
  it('BAL-032 reads the spelling of the contract’s samples', async () => {
    const { body } = await ask(async () =>
      Response.json({ balances: [{ Type: 'none', dataRemaininginMB: 0, timeRemaining: 'PT0S' }] }),
    )
    expect(body.balance).toEqual({ type: 'NONE', dataRemainingInMB: 0, timeRemaining: 'PT0S' })
  })
  it('an empty list is no balance', async () => {
    expect((await ask(async () => Response.json({ balances: [] }))).body.balance).toBeNull()
  })
  it.each<[string, () => Promise<Response>, number, string]>([
    ['401', async () => Response.json({}, { status: 401 }), 502, 'operator-refused-service'],
    ['403', async () => Response.json({}, { status: 403 }), 502, 'operator-refused-service'],
    ['404', async () => Response.json({}, { status: 404 }), 404, 'sim-unknown'],
    ['409', async () => Response.json({}, { status: 409 }), 502, 'bad-request'],
    ['400', async () => Response.json({ detail: 'limit' }, { status: 400 }), 502, 'bad-request'],
    ['500', async () => new Response('<html>', { status: 500 }), 502, 'operator-failed'],
    ['a body that is no answer', async () => Response.json([1]), 502, 'bad-answer'],
    [
      'an unknown type',
      async () => Response.json({ balances: [{ type: 'GOLD', dataRemainingInMB: 1, timeRemaining: 'P1D' }] }),
      502,
      'bad-answer',
    ],
    [
      'no answer',
      async () => Promise.reject(new FetchError('unreachable', 'refused', { url: 'x' })),
      502,
      'operator-unreachable',
    ],
  ])('tells the app clearly about %s', async (_what, fetch, status, code) => {
    expect(await ask(fetch)).toMatchObject({ status, body: { error: { code } } })
  })
  it('BAL-048 passes Retry-After on', async () => {
    const answer = await ask(async () => new Response('{}', { status: 429, headers: { 'Retry-After': '7' } }))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7'])
  })
  it('BAL-053 asks nobody for a SIM out of every range', async () => {
    let asked = 0
    const { get } = setUp([northwind], async () => Response.json({ balances: [], asked: ++asked }))
    expect(await get('/v1/sims/8999000000000000013/balance')).toMatchObject({
      status: 404,
      body: { error: { code: 'sim-out-of-range' } },
    })
    expect(asked).toBe(0)
  })
})
