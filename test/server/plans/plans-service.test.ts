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
    // biome-ignore lint/suspicious/noExplicitAny: the tests compare the whole body
    return { status: response.status, headers: response.headers, body: (await response.json()) as any }
  }
  return { service, get }
}
const brands = (body: { providers: { brandName: string }[] }): string[] => body.providers.map(p => p.brandName)

describe('catalog', () => {
  it('CAT-003 The IP address determines the country on Wi-Fi', async () => {
    const { get } = setUp([northwind, operator('far', 'Far Telecom', 1, { countries: ['JP'] })])
    const { body } = await get('/v1/providers')
    expect(body.country).toBe('DE')
    expect(brands(body)).toEqual(['Northwind Mobile'])
  })
  it('CAT-004 The cellular network determines the country', async () => {
    const { get } = setUp([northwind, operator('far', 'Far Telecom', 1, { countries: ['JP'] })])
    expect(brands((await get('/v1/providers?mcc=440&mnc=10')).body)).toEqual(['Far Telecom'])
  })
  it('The IP address determines the country on a test network', async () => {
    const { get } = setUp()
    expect((await get('/v1/providers?mcc=001&mnc=01')).body.country).toBe('DE')
  })
  it('CAT-005 The catalog is sorted by brand without regard to letter case', async () => {
    const { get } = setUp([northwind, operator('z', 'zeta', 1), operator('a', 'Alpha', 2), operator('b', 'beta', 3)])
    expect(brands((await get('/v1/providers')).body)).toEqual(['Alpha', 'beta', 'Northwind Mobile', 'zeta'])
  })
  it('CAT-006, CAT-007 An OEM operator is listed on its devices only', async () => {
    const { get } = setUp([operator('oem', 'Oem Mobile', 1, { onlyOn: [{ make: 'Contoso', model: 'Slate' }] })])
    expect(brands((await get('/v1/providers?make=Contoso&model=Slate')).body)).toEqual(['Oem Mobile'])
    expect(brands((await get('/v1/providers?make=Contoso&model=Book')).body)).toEqual([])
    expect(brands((await get('/v1/providers')).body)).toEqual([])
  })
  it('CAT-008, CAT-009 An operator can be hidden by model and by EID', async () => {
    const notOn = { models: [{ make: 'Contoso', model: 'Slate' }], eids: ['8904903200000100000000000000'] }
    const { get } = setUp([operator('n', 'Picky', 1, { notOn })])
    expect(brands((await get('/v1/providers?make=contoso&model=slate')).body)).toEqual([])
    expect(brands((await get('/v1/providers?eid=89049032000001000000000000000012')).body)).toEqual([])
    expect(brands((await get('/v1/providers?eid=89049032000002000000000000000012')).body)).toEqual(['Picky'])
  })
  it('CAT-010 The catalog is empty in a country without operators', async () => {
    const { get } = setUp()
    expect((await get('/v1/providers?mcc=440&mnc=10')).body).toEqual({ country: 'JP', providers: [] })
  })
  it('The catalog contains the data for launch and callbacks', async () => {
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
  ])('The service answers %s with %s and the name %s', async (path, status, parameter) => {
    const { get } = setUp()
    expect(await get(path)).toMatchObject({ status, body: { error: { parameter } } })
  })
  it.each(['/', '/v1', '/v2/providers', '/v1/providers/northwind', '/v1/sims/1/balance/x'])(
    'The service has no %s',
    async path => {
      const { get } = setUp()
      expect(await get(path)).toMatchObject({ status: 404, body: { error: { code: 'not-found' } } })
    },
  )
  it('The service is read-only and reports an unknown country', async () => {
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
  it('Accept-Language is evaluated in the order of its weights', () => {
    const request = new Request('https://x.example', {
      headers: { 'Accept-Language': 'en;q=0.5, de-DE, *;q=0.1, fr;q=0' },
    })
    expect(parseLanguages(request)).toEqual(['de-DE', 'en'])
  })
})

describe('gateway', () => {
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

  it('GWY-001 The gateway without a template is the standard one', async () => {
    expect(await gatewayOf([])).toMatchObject({
      kind: 'standard',
      bodyText: 'Northwind Mobile',
      buttonText: 'Continue',
    })
  })
  it('GWY-002, GWY-007..011 The gateway has the defaults of the contract', async () => {
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
  it('GWY-012, GWY-014 The gateway applies colors with alpha and selects the best picture', async () => {
    const page = await gatewayOf([{ ...template, backgroundColor: '0x11223380' }])
    expect(page.backgroundColor).toBe('#11223380')
    expect(page.image.width).toBe(1200)
  })
  it('GWY-017 The gateway uses the language of the client, otherwise English', async () => {
    expect((await gatewayOf([template], { 'Accept-Language': 'de-AT' })).bodyText).toBe('Bleib verbunden')
    expect((await gatewayOf([template], { 'Accept-Language': 'ja' })).bodyText).toBe('Stay connected')
  })
  it('GWY-018 The gateway always lists the shared data', async () => {
    expect((await gatewayOf([template])).disclaimer).toContain('EID')
  })
  it('An operator that is not offered has no gateway', async () => {
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
      /PNG/,
    ],
    ['GWY-018 its own disclaimer', { disclaimer: 'none' }, /disclaimer/],
  ])('The gateway rejects %s', (_what, change, message) => {
    expect(() => setUp([{ ...northwind, promotionTemplates: [{ ...template, ...change }] }])).toThrow(message)
  })
  it('GWY-022 A duplicate template id is rejected, as number or text', () => {
    expect(() => setUp([{ ...northwind, promotionTemplates: [template, { ...template, id: '0' }] }])).toThrow(/twice/)
  })
})

describe('operator configuration', () => {
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
  ])('The configuration with %s is rejected and the value is named', (_what, change, path) => {
    expect(() => setUp([{ ...northwind, ...change }])).toThrow(
      expect.objectContaining({ code: 'bad-configuration', path }),
    )
  })
  it('CFG-006 Overlapping ranges and duplicate ids are rejected', () => {
    expect(() => setUp([northwind, { ...northwind, id: 'other' }])).toThrow(/overlaps/)
    expect(() => setUp([northwind, operator('northwind', 'Twin', 1)])).toThrow(/twice/)
  })
})

describe('balance', () => {
  const ask = (fetch: Fetch) => setUp([northwind], fetch).get('/v1/sims/8944100000000000013F/balance?location=de')

  it("The service sends the contract's request to the operator and forwards the response", async () => {
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
  it("BAL-032 The service accepts the spelling of the contract's samples", async () => {
    const { body } = await ask(async () =>
      Response.json({ balances: [{ Type: 'none', dataRemaininginMB: 0, timeRemaining: 'PT0S' }] }),
    )
    expect(body.balance).toEqual({ type: 'NONE', dataRemainingInMB: 0, timeRemaining: 'PT0S' })
  })
  it('An empty list is no balance', async () => {
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
  ])('The service reports %s with its own code', async (_what, fetch, status, code) => {
    expect(await ask(fetch)).toMatchObject({ status, body: { error: { code } } })
  })
  it('BAL-048 The service forwards Retry-After', async () => {
    const answer = await ask(async () => new Response('{}', { status: 429, headers: { 'Retry-After': '7' } }))
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7'])
  })
  it('BAL-053 The service sends no request for a SIM outside all ranges', async () => {
    let asked = 0
    const { get } = setUp([northwind], async () => Response.json({ balances: [], asked: ++asked }))
    expect(await get('/v1/sims/8999000000000000013/balance')).toMatchObject({
      status: 404,
      body: { error: { code: 'sim-out-of-range' } },
    })
    expect(asked).toBe(0)
  })
})
