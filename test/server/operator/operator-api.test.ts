import { describe, expect, it } from 'vitest'
import type { ClientCertificate } from '../../../src/server/operator/caller-check.ts'
import { createOperatorApi, type OperatorApiSettings } from '../../../src/server/operator/operator-api.ts'
import { PLANS } from '../../../src/server/operator/plan.ts'
import { createSubscriptions } from '../../../src/server/operator/subscriptions.ts'

const ICCID = '8944100000000000013'
const SUBJECT = 'C=US, ST=WA, L=Redmond, O=Microsoft Corporation, CN=partners.datamart.windows.com'

/** The operator API with one active subscriber and an adjustable clock. */
const setUp = (more: Partial<OperatorApiSettings> = {}) => {
  const time = { now: new Date('2026-03-01T12:00:00Z') }
  const subscriptions = createSubscriptions()
  subscriptions.add({
    orderId: 'B-1',
    accountId: 'acc-1',
    iccid: ICCID,
    eid: '89049032000001000000000000000012',
    plan: PLANS[0]!, // 5120 MB, 7 days, prepaid
    orderedAt: time.now,
    state: 'ordered',
    usedMB: 0,
  })
  subscriptions.markRegistered(ICCID, time.now, { plmn: '23415', kind: 'home' })
  const api = createOperatorApi({ basePath: '/v1', subscriptions, clock: () => time.now, ...more })
  const get = (pathAndQuery: string, init: RequestInit = {}): Promise<Response> =>
    api(new Request(`https://api.bench.example/v1/${pathAndQuery}`, init))
  const balances = async (query = '', iccid = ICCID): Promise<unknown[]> => {
    const response = await get(`sims/${iccid}/balances${query}`)
    expect(response.status).toBe(200)
    return ((await response.json()) as { balances: unknown[] }).balances
  }
  return { time, subscriptions, get, balances }
}

describe('GetBalance response', () => {
  it('BAL-001 The template basic has type, data and time', async () => {
    const { get } = setUp()
    const response = await get(`sims/${ICCID}/balances?fieldsTemplate=basic&limit=1&location=US`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.json()).toEqual({
      balances: [{ type: 'MODIRECTPAYG', dataRemainingInMB: 5120, timeRemaining: 'P7D' }],
    })
  })
  it('BAL-002 The template full has all properties', async () => {
    const { balances } = setUp()
    expect(await balances('?fieldsTemplate=full')).toEqual([
      {
        id: 'B-1',
        type: 'MODIRECTPAYG',
        dataRemainingInMB: 5120,
        timeRemaining: 'P7D',
        locations: ['DE', 'FR', 'GB', 'NL', 'US'],
      },
    ])
  })
  it('BAL-028, BAL-029 Data and time decrease', async () => {
    const { balances, subscriptions, time } = setUp()
    subscriptions.consume(ICCID, 10)
    time.now = new Date(time.now.getTime() + 3_600_000)
    expect(await balances()).toEqual([{ type: 'MODIRECTPAYG', dataRemainingInMB: 5110, timeRemaining: 'P6DT23H' }])
  })
  it('BAL-024, BAL-025 A used-up plan is NONE with zeros', async () => {
    const { balances, subscriptions } = setUp()
    subscriptions.consume(ICCID, 5120)
    expect(await balances()).toEqual([{ type: 'NONE', dataRemainingInMB: 0, timeRemaining: 'PT0S' }])
  })
  it('BAL-026 An expired plan is NONE with zeros', async () => {
    const { balances, time } = setUp()
    time.now = new Date(time.now.getTime() + 7 * 86_400_000)
    expect(await balances()).toEqual([{ type: 'NONE', dataRemainingInMB: 0, timeRemaining: 'PT0S' }])
  })
  it('BAL-017 A country outside the plan has a balance of zeros with status 200', async () => {
    const { balances } = setUp()
    expect(await balances('?location=JP')).toEqual([
      { type: 'MODIRECTPAYG', dataRemainingInMB: 0, timeRemaining: 'PT0S' },
    ])
  })
  it('BAL-037 A SIM outside Mobile Plans is NOTSUPPORTED', async () => {
    const { balances } = setUp({ isExcluded: iccid => iccid.startsWith('8944999') })
    expect(await balances('', '8944999000000000011')).toEqual([
      { type: 'NOTSUPPORTED', dataRemainingInMB: 0, timeRemaining: 'PT0S' },
    ])
  })
  it('A profile has no balance before its registration', async () => {
    const { balances, subscriptions } = setUp()
    subscriptions.add({ ...subscriptions.find(ICCID)!, iccid: '8944100000000000021', activatedAt: undefined } as never)
    expect(await balances('', '8944100000000000021')).toMatchObject([{ type: 'NONE' }])
  })
  it.each([
    ['bare digits', ICCID],
    ['iccid:', `iccid:${ICCID}`],
    ['percent-encoded', `iccid%3A${ICCID}`],
    ['a blank behind the colon', `iccid:%20${ICCID}`],
    ['the filler of EF.ICCID', `${ICCID}F`],
  ])('BAL-020..022 The SIM id %s is accepted', async (_form, id) => {
    const { balances } = setUp()
    expect(await balances('', id)).toHaveLength(1)
  })
})

describe('GetBalance query', () => {
  it.each([
    ['no parameter at all', ''],
    ['an empty location', '?location='],
    ['a limit', '?limit=1'],
    ['the greatest limit', '?limit=2147483647'],
    ['Basic with a capital', '?fieldsTemplate=Basic'],
    ['an unknown parameter', '?foo=1'],
  ])('GetBalance accepts %s', async (_what, query) => {
    const { balances } = setUp()
    expect(await balances(query)).toHaveLength(1)
  })
  it('A lower-case location is accepted with a warning', async () => {
    const { get } = setUp()
    const response = await get(`sims/${ICCID}/balances?location=us`)
    expect(response.status).toBe(200)
    expect(response.headers.get('warning')).toContain('case-sensitive')
  })
  it.each([
    ['fieldsTemplate', 'fieldsTemplate=bogus'],
    ['limit', 'limit=0'],
    ['limit', 'limit=-1'],
    ['limit', 'limit=2147483648'],
    ['limit', 'limit=abc'],
    ['limit', 'limit=1&limit=2'],
    ['location', 'location=XX'],
    ['location', 'location=12'],
    ['location', 'location=USA'],
  ])('BAL-004..015, BAL-050 An invalid %s "%s" is answered with 400 and its name', async (parameter, query) => {
    const { get } = setUp()
    const response = await get(`sims/${ICCID}/balances?${query}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ parameter })
  })
  it.each([
    ['an unknown ICCID', '8944100000000000099'],
    ['a malformed ICCID', 'iccid:12'],
    ['a broken escape', '%E0%A4%A'],
  ])('BAL-018, BAL-019 GetBalance answers 404 for %s', async (_what, id) => {
    const { get } = setUp()
    expect((await get(`sims/${id}/balances`)).status).toBe(404)
  })
  it.each(['sims', `sims/${ICCID}`, `sims/${ICCID}/balances/B-1`, 'orders'])(
    'The operator API has no resource %s',
    async path => {
      const { get } = setUp()
      expect((await get(path)).status).toBe(404)
    },
  )
  it('BAL-051 The operator API is read-only', async () => {
    const { get } = setUp()
    const response = await get(`sims/${ICCID}/balances`, { method: 'POST' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET'])
  })
})

describe('GetBalance caller', () => {
  it('BAL-041, BAL-042 The response returns the transaction id, and its second use within the window is rejected', async () => {
    const { get, time } = setUp()
    const call = () => get(`sims/${ICCID}/balances`, { headers: { 'X-MS-DM-TransactionId': 'MSFT-1' } })
    const first = await call()
    expect([first.status, first.headers.get('x-ms-dm-transactionid')]).toEqual([200, 'MSFT-1'])
    const second = await call()
    expect([second.status, second.headers.get('x-ms-dm-transactionid')]).toEqual([409, 'MSFT-1'])
    time.now = new Date(time.now.getTime() + 10 * 60_000)
    expect((await call()).status).toBe(200)
  })
  it('An invalid transaction id is rejected', async () => {
    const { get } = setUp()
    const response = await get(`sims/${ICCID}/balances`, { headers: { 'X-MS-DM-TransactionId': 'x'.repeat(129) } })
    expect(response.status).toBe(400)
  })
  it('BAL-047 Too many calls are answered with 429 and Retry-After', async () => {
    const { get, time } = setUp({ limits: { transactionWindow: 1000, calls: 2, period: 10_000 } })
    await get(`sims/${ICCID}/balances`)
    time.now = new Date(time.now.getTime() + 4_000)
    await get(`sims/${ICCID}/balances`)
    const third = await get(`sims/${ICCID}/balances`)
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '6'])
    time.now = new Date(time.now.getTime() + 6_000)
    expect((await get(`sims/${ICCID}/balances`)).status).toBe(200)
  })
  it.each([
    ['right', 'Basic dXNlcjpwYXNz', 200],
    ['wrong', 'Basic dXNlcjpwYXN4', 401],
    ['missing', '', 401],
  ])('BAL-044, BAL-045 Basic credentials: %s', async (_what, authorization, status) => {
    const { get } = setUp({ callers: { basic: 'user:pass' } })
    const response = await get(`sims/${ICCID}/balances`, { headers: { Authorization: authorization } })
    expect(response.status).toBe(status)
    expect(response.headers.has('www-authenticate')).toBe(status === 401)
  })

  const good: ClientCertificate = {
    subject: SUBJECT,
    trusted: true,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
  }
  it.each<[string, ClientCertificate | undefined, string, number]>([
    ['SEC-001 the expected subject', good, 'user:pass', 200],
    [
      'the same subject in another order',
      { ...good, subject: SUBJECT.split(', ').reverse().join('\n') },
      'user:pass',
      200,
    ],
    ['SEC-002 another subject', { ...good, subject: 'CN=someone.example' }, 'user:pass', 403],
    ['SEC-003 no certificate', undefined, 'user:pass', 401],
    ['SEC-004 an expired one', { ...good, notAfter: new Date('2026-02-01T00:00:00Z') }, 'user:pass', 401],
    ['SEC-005 one of the future', { ...good, notBefore: new Date('2026-04-01T00:00:00Z') }, 'user:pass', 403],
    ['SEC-006 an untrusted one', { ...good, trusted: false }, 'user:pass', 403],
    ['SEC-010 a good one with bad Basic', good, 'user:wrong', 401],
    ['SEC-011 a bad one with good Basic', { ...good, trusted: false }, 'user:pass', 403],
  ])('%s', async (_what, certificate, credentials, status) => {
    const { get } = setUp({ callers: { certificate: { of: () => certificate, subject: SUBJECT }, basic: 'user:pass' } })
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    const response = await get(`sims/${ICCID}/balances`, { headers: { Authorization: authorization } })
    expect(response.status).toBe(status)
  })

  it('BAL-049 An unexpected error is answered with 500 and reported', async () => {
    const defects: unknown[] = []
    const { get } = setUp({
      onDefect: error => defects.push(error),
      isExcluded: () => {
        throw new Error('the subscriber database is away')
      },
    })
    const response = await get(`sims/${ICCID}/balances`)
    expect(response.status).toBe(500)
    expect(await response.json()).toMatchObject({ detail: 'the subscriber database is away' })
    expect(defects).toEqual([new Error('the subscriber database is away')])
  })
})
