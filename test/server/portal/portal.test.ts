import { describe, expect, it } from 'vitest'
import type { PlacedOrder, PortalOrder, PortalPlan, RefusedOrder } from '../../../src/server/portal/operator-side.ts'
import { createPortal } from '../../../src/server/portal/portal.ts'
import type { PortalAuditEntry } from '../../../src/server/portal/visit.ts'
import { countingRandom } from '../operator/smdp-stub.ts'
import { createVisitor, getData, heading } from './visitor.ts'

const EID = '89049032000001000000000000000012'
const LAUNCH = `/?market=US&location=DE&transactionId=%2F7RBTuSJt02OZbX8.4&eid=${EID}&imei=001102000315468&foo=1`
const plan: PortalPlan = {
  id: 'travel-5',
  name: 'Travel <5> GB',
  description: 'A week & more',
  type: 'MODIRECTPAYG',
  dataMB: 5120,
  days: 7,
  price: { amount: 9, currency: 'EUR' },
  locations: ['DE'],
}
const ANN = { name: 'Ann', email: 'ann@example.com', password: 'correct horse' }

const setUp = (place?: (order: PortalOrder) => Promise<PlacedOrder | RefusedOrder>) => {
  const time = { now: new Date('2026-03-01T12:00:00Z') }
  const audit: PortalAuditEntry[] = []
  const orders: PortalOrder[] = []
  const defects: unknown[] = []
  const accounts = new Map<string, typeof ANN>()
  const portal = createPortal({
    onDefect: error => defects.push(error),
    brand: { name: 'Northwind "Mobile"', support: { email: 'help@northwind.example', phone: '0800 1' } },
    operator: {
      plans: location => (location === 'DE' ? [plan] : []),
      signIn: async (email, password) =>
        accounts.get(email)?.password === password ? { id: email, email, name: accounts.get(email)!.name } : undefined,
      createAccount: async who => {
        if (accounts.has(who.email)) return 'account-exists'
        accounts.set(who.email, { ...who })
        return { id: who.email, email: who.email, name: who.name }
      },
      paymentMethods: () => [
        { id: 'card', label: 'Test card', instrument: 'new' },
        { id: 'bad', label: 'Declined card', instrument: 'new' },
      ],
      placeOrder: async order => {
        orders.push(order)
        if (place !== undefined) return place(order)
        return { orderId: 'B-1', iccid: '8944100000000000013', activationCode: '1$smdp.example$ABC' }
      },
    },
    clock: () => time.now,
    random: countingRandom(),
    audit: entry => audit.push(entry),
  })
  const visitor = createVisitor(portal)
  const toCheckout = async () => {
    await visitor.get(LAUNCH)
    await visitor.get('/plans')
    await visitor.post('/plans', { plan: 'travel-5' })
    await visitor.get('/register')
    return visitor.post('/register', ANN)
  }
  return { portal, visitor, audit, defects, orders, accounts, time, toCheckout }
}
const PAY = { payment: 'card', terms: 'accepted' }

describe('visit of the portal', () => {
  it('A visit leads from the launch to an order and its activation code', async () => {
    const { visitor, orders, audit, toCheckout } = setUp()
    const checkout = await toCheckout()
    expect([checkout.path, heading(checkout)]).toEqual(['/checkout', 'Review your order'])
    expect(checkout.text).toContain('Ann (ann@example.com)')
    const last = await visitor.post('/checkout', PAY)
    expect([last.path, heading(last)]).toEqual(['/order', 'Order placed'])
    expect(getData(last, 'handover')).toMatchObject({
      'activation-code': '1$smdp.example$ABC',
      'user-account': 'new',
      'purchase-instrument': 'new',
      start: 'now',
    })
    expect(orders).toMatchObject([{ eid: EID, planId: 'travel-5', transactionId: '/7RBTuSJt02OZbX8.4' }])
    await visitor.post('/finish')
    // PRT-035: the transaction id is in every entry.
    expect(audit.map(({ what, transactionId }) => [what, transactionId])).toEqual(
      ['launched', 'ordered', 'finished'].map(what => [what, '/7RBTuSJt02OZbX8.4']),
    )
    expect(JSON.stringify(audit)).not.toContain(ANN.password)
  })
  it('An existing customer can sign in', async () => {
    const { visitor, accounts } = setUp()
    accounts.set(ANN.email, ANN)
    await visitor.get(LAUNCH)
    await visitor.get('/plans')
    await visitor.post('/plans', { plan: 'travel-5' })
    await visitor.post('/sign-in', { email: ANN.email, password: ANN.password })
    const last = await visitor.post('/checkout', PAY)
    expect(getData(last, 'handover')['user-account']).toBe('existing')
  })
  it('PRT-031 The session gets a new id at sign-in and ends with the last page', async () => {
    const { visitor, toCheckout } = setUp()
    await visitor.get(LAUNCH)
    const before = visitor.cookie
    await toCheckout()
    expect(visitor.cookie).not.toBe(before)
    await visitor.post('/checkout', PAY)
    const ordered = visitor.cookie
    expect(heading(await visitor.get('/checkout'))).toBe('Order placed')
    expect(heading(await visitor.post('/finish'))).toBe('All done')
    expect(visitor.cookie).toBe('')
    visitor.cookie = ordered
    expect(await visitor.get('/order')).toMatchObject({ status: 403 })
  })
  it('The last page passes the code automatically once; a reload waits for a click', async () => {
    const { visitor, toCheckout } = setUp()
    await toCheckout()
    await visitor.post('/checkout', PAY)
    expect(getData(await visitor.get('/order'), 'handover').start).toBe('click')
  })
  it('Repeated clicks place one order', async () => {
    let answer = (): void => {}
    const held = new Promise<void>(resolve => {
      answer = resolve
    })
    const { visitor, orders, toCheckout } = setUp(async () => {
      await held
      return { orderId: 'B-1', iccid: '8944100000000000013', activationCode: '1$smdp.example$ABC' }
    })
    await toCheckout()
    const presses = [visitor.post('/checkout', PAY), visitor.post('/checkout', PAY)]
    answer()
    for (const page of await Promise.all(presses)) expect(page.path).toBe('/order')
    await visitor.send('/checkout', { method: 'GET' })
    expect(orders).toHaveLength(1)
  })
  it('A double click on sign-up creates one account', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH)
    await visitor.get('/plans')
    await visitor.post('/plans', { plan: 'travel-5' })
    await visitor.get('/register')
    const pages = await Promise.all([visitor.post('/register', ANN), visitor.post('/register', ANN)])
    expect(pages.map(heading)).toEqual(['Review your order', 'Review your order'])
  })
  it('PRT-026 The selection remains when the user goes back', async () => {
    const { visitor, toCheckout } = setUp()
    await toCheckout()
    expect((await visitor.get('/plans')).text).toContain('value="travel-5" required checked')
  })
  it.each(['/plans', '/sign-in', '/register', '/checkout', '/order', '/problem', '/continue'])(
    'A direct request for %s redirects to the current step',
    async path => {
      const { visitor } = setUp()
      await visitor.get(LAUNCH)
      expect(heading(await visitor.get(path))).toBe('Choose a plan')
    },
  )
})

describe('form validation', () => {
  it.each([
    ['/plans', { plan: 'gold' }, 'Choose one of the plans'],
    ['/sign-in', { email: 'ann', password: 'x' }, 'Enter an email address like'],
    ['/sign-in', { email: 'ann@example.com', password: '' }, 'Enter your password'],
    ['/sign-in', { email: 'ann@example.com', password: 'wrong' }, 'The email address or the password is wrong'],
    ['/register', { ...ANN, password: 'short' }, 'at least 8 characters'],
    ['/register', { ...ANN, name: ' ' }, 'Enter your name'],
    ['/register', { ...ANN, email: 'taken@example.com' }, 'already exists'],
  ])('%s with %o shows the form again', async (path, fields, sentence) => {
    const { visitor, accounts } = setUp()
    accounts.set('taken@example.com', ANN)
    await visitor.get(LAUNCH)
    await visitor.get('/plans')
    await visitor.post('/plans', { plan: 'travel-5' })
    const page = await visitor.post(path, fields)
    expect(page.status).toBe(422)
    expect(page.text).toContain(sentence)
    expect(page.text).toContain('role="alert"')
    if ('password' in fields && fields.password !== '') expect(page.text).not.toContain(`"${fields.password}"`)
  })
  it.each([
    [{ terms: 'accepted' }, 'Choose how you want to pay'],
    [{ payment: 'cash', terms: 'accepted' }, 'Choose how you want to pay'],
    [{ payment: 'card' }, 'accept the terms'],
  ])('The checkout with %o shows the form again', async (fields, sentence) => {
    const { visitor, orders, toCheckout } = setUp()
    await toCheckout()
    const page = await visitor.post('/checkout', fields)
    expect([page.status, page.text.includes(sentence)]).toEqual([422, true])
    expect(orders).toEqual([])
  })
  it('A form without the token of the visit is rejected', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH)
    expect((await visitor.post('/plans', { plan: 'travel-5', csrf: 'x' })).status).toBe(403)
    expect((await visitor.post('/plans', { plan: 'travel-5', csrf: '' })).status).toBe(403)
  })
  it('A body that is not a form or too long is rejected', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH)
    const json = { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } }
    expect((await visitor.send('/plans', json)).status).toBe(415)
    expect((await visitor.post('/plans', { plan: 'x'.repeat(20_000) })).status).toBe(413)
    expect((await visitor.send('/plans', { method: 'DELETE' })).status).toBe(405)
  })
})

describe('interrupted visit', () => {
  it('E2E-013 A declined payment shows advice and allows another payment', async () => {
    let declined = true
    const { visitor, toCheckout } = setUp(async () =>
      declined
        ? { refused: 'payment-declined', reference: 'payment-declined' }
        : { orderId: 'B-2', iccid: '8944100000000000013', activationCode: '1$smdp.example$ABC' },
    )
    await toCheckout()
    const problem = await visitor.post('/checkout', PAY)
    expect(heading(problem)).toBe('The payment was declined')
    expect(problem.text).toContain('href="/checkout"')
    declined = false
    await visitor.get('/checkout')
    expect(heading(await visitor.post('/checkout', PAY))).toBe('Order placed')
  })
  it.each([
    [
      'a refusal',
      async (): Promise<RefusedOrder> => ({ refused: 'service', reference: 'smdp-unreachable' }),
      'smdp-unreachable',
    ],
    ['a fault behind it', async () => Promise.reject(new Error('secret detail')), 'unexpected'],
  ])('An order that fails by %s can be repeated or canceled with its reason', async (_what, place, reference) => {
    const { visitor, toCheckout, defects } = setUp(place)
    await toCheckout()
    const problem = await visitor.post('/checkout', PAY)
    expect(heading(problem)).toBe('We could not place your order')
    expect(defects).toEqual(reference === 'unexpected' ? [new Error('secret detail')] : [])
    expect(problem.text).toContain(reference)
    expect(problem.text).not.toContain('secret detail')
    expect(getData(await visitor.post('/cancel'), 'cancelled')).toMatchObject({
      status: 'serviceError',
      line: 'bailed',
    })
  })
  it('PRT-032 Cancel is on each page of the purchase, ends the visit and notifies the app', async () => {
    for (const path of ['/', '/plans', '/sign-in', '/register', '/checkout']) {
      const { visitor, toCheckout } = setUp()
      if (path === '/checkout') await toCheckout()
      else {
        await visitor.get(LAUNCH)
        await visitor.get('/plans')
        if (path !== '/' && path !== '/plans') await visitor.post('/plans', { plan: 'travel-5' })
      }
      expect((await visitor.get(path)).text, path).toContain('action="/cancel"')
      const page = await visitor.post('/cancel')
      expect(getData(page, 'cancelled').status).toBe('cancelled')
      expect(page.text).toContain('src="/static/cancel.js"')
      expect(await visitor.get('/plans')).toMatchObject({ status: 403 })
    }
  })
  it('E2E-014 A canceled sign-in after a failure reports LogOnFailed', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH)
    await visitor.get('/plans')
    await visitor.post('/plans', { plan: 'travel-5' })
    await visitor.post('/sign-in', { email: ANN.email, password: 'wrong' })
    expect(getData(await visitor.post('/cancel'), 'cancelled')).toMatchObject({
      status: 'logOnFailed',
      'user-account': 'bailed',
    })
  })
  it('A visit ends after 30 minutes without a request', async () => {
    const { visitor, time } = setUp()
    await visitor.get(LAUNCH)
    time.now = new Date(time.now.getTime() + 30 * 60_000 + 1)
    expect(await visitor.get('/plans')).toMatchObject({ status: 403 })
  })
  it('The portal shows no plan in another country', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH.replace('location=DE', 'location=jp'))
    expect((await visitor.get('/plans')).text).toContain('no plan for the country')
  })
  it.each([
    ['no eid', LAUNCH.replace(/&eid=\d+/, '')],
    ['a malformed eid', LAUNCH.replace(EID, '123')],
    ['no imei', LAUNCH.replace(/&imei=\d+/, '')],
    ['a transaction id of 65 characters', LAUNCH.replace('%2F7RBTuSJt02OZbX8.4', 'x'.repeat(65))],
    ['no location', LAUNCH.replace('location=DE&', '')],
    ['a broken iccids', `${LAUNCH}&iccids=8944100000000000013,12`],
    ['PRT-019 a physical SIM without its ICCID', '/?market=us&location=us&imei=001102000311608&transactionId=t&iccid='],
  ])('The portal rejects a launch with %s as ClientError', async (_what, launch) => {
    const { visitor, audit } = setUp()
    const page = await visitor.get(launch)
    expect(page.status).toBe(400)
    expect(getData(page, 'cancelled').status).toBe('clientError')
    expect(audit).toMatchObject([{ what: 'refused' }])
  })
})

describe('launch', () => {
  it('PRT-017, PRT-018 A launch accepts parameters in any order, with spaces, and unknown ones', async () => {
    const { visitor } = setUp()
    const launch = `/?bar=2&imei=001102000315468&eid=%20${EID}&iccids=8944100000000000013,%208944100000000000021&location=de&transactionId=t&market=us`
    expect(await visitor.get(launch)).toMatchObject({ status: 200 })
  })
  it('ERR-001 The portal shows an earlier failed download and logs it', async () => {
    const { visitor, audit } = setUp()
    const page = await visitor.get(LAUNCH, {
      'X-MP-LPAError-Codes': 'ServerFailure,ServerNotReachable,<script>',
      'X-MP-LPAError-TimeStamps': '5/18/2018 11:17:23 PM,5/18/2018 11:27:33 PM,x',
    })
    expect(page.text).toContain('(ServerFailure, ServerNotReachable)')
    expect(page.text).not.toContain('<script>')
    expect(audit.map(({ detail }) => detail)).toContain(
      'a previous download failed: ServerFailure 5/18/2018 11:17:23 PM',
    )
  })
  it('A launch starts a new visit and ends the previous one', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH)
    const old = visitor.cookie
    await visitor.get(LAUNCH)
    visitor.cookie = old
    expect(await visitor.get('/plans')).toMatchObject({ status: 403 })
  })
})

describe('each page', () => {
  it('Each page escapes its input', async () => {
    const { visitor, toCheckout } = setUp()
    const checkout = await toCheckout()
    expect(checkout.text).toContain('Travel &#60;5&#62; GB')
    await visitor.get('/sign-in')
    const { visitor: other } = setUp()
    await other.get(LAUNCH)
    await other.get('/plans')
    await other.post('/plans', { plan: 'travel-5' })
    const page = await other.post('/sign-in', { email: '"><script>alert(1)</script>', password: 'x' })
    expect(page.text).not.toContain('<script>alert')
    expect(page.text).toContain('&#34;&#62;&#60;script&#62;')
  })
  it('PRT-021 Each page loads its own files only, has no inline script and hides the cookie from scripts', async () => {
    const { portal, visitor, toCheckout } = setUp()
    const pages = [await visitor.get(LAUNCH), await visitor.get('/plans'), await toCheckout()]
    pages.push(await visitor.post('/checkout', PAY), await visitor.get('/terms'), await visitor.get('/support'))
    for (const page of pages) {
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(page.text).not.toMatch(/(src|href|action)="(https?:|\/\/)/)
      expect(page.text).not.toMatch(/<script(?! src)|\son[a-z]+=|style=|<style|javascript:/i)
      expect(page.text).toMatch(/<html lang="en">/)
      for (const [, path] of page.text.matchAll(/(?:src|href)="(\/static\/[^"]+)"/g))
        expect((await portal(new Request(`https://portal.bench.example${path}`))).status, path).toBe(200)
    }
    const launched = await portal(new Request(`https://portal.bench.example${LAUNCH}`))
    expect(launched.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-portal=[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax$/),
    ])
  })
  it('PRT-034 Terms, privacy and support are reachable with and without a visit', async () => {
    const { visitor } = setUp()
    for (const path of ['/terms', '/privacy', '/support']) expect((await visitor.get(path)).status).toBe(200)
    expect((await visitor.get('/support')).text).toContain('help@northwind.example')
  })
  it('An unknown address answers 404', async () => {
    const { visitor } = setUp()
    await visitor.get(LAUNCH)
    expect(await visitor.get('/admin')).toMatchObject({ status: 404 })
  })
})
