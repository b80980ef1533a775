import { beforeAll, describe, expect, it } from 'vitest'
import { createPortalHost } from '../../../src/app/portal/portal-host.ts'
import { prepareWebPages } from '../../../src/app/portal/web-page.ts'
import type { Shopper } from '../../../src/app/shopper.ts'
import { createOperatorFixture, ICCID, launchApp, openPortal, plainLpa, SHOPPER } from '../operator-fixture.ts'

beforeAll(prepareWebPages)

const setUp = (more: Parameters<typeof launchApp>[2] = {}) => {
  const world = createOperatorFixture()
  const host = createPortalHost({ web: world.web, note: text => notes.push(text) })
  const opening: Promise<void>[] = []
  const { app, seen, notes } = launchApp(
    world,
    bridge => {
      const view = host.view(bridge)
      return {
        ...view,
        open: launch => {
          const opened = view.open(launch)
          opening.push(opened)
          return opened
        },
      }
    },
    more,
  )
  /** Resolves also if the first page already ended its visit. */
  const firstPage = (): Promise<unknown> => Promise.allSettled(opening)
  return { world, host, app, seen, notes, firstPage }
}
const shop = (change: Partial<Shopper> = {}): Shopper => ({ ...SHOPPER, ...change })

describe('activation with a simulated user', () => {
  it('The simulated user buys a plan, downloads, registers and sees the balance', async () => {
    const lpa = plainLpa()
    const { world, host, app, seen, notes } = setUp({ lpa })
    await openPortal(app)
    const walk = await host.shop(SHOPPER)
    expect(walk).toEqual({
      end: 'handed-over',
      pages: [
        'Get this device connected',
        'Choose a plan',
        'Sign in',
        'Create an account',
        'Review your order',
        'Order placed',
      ],
    })
    const connected = await app.until(({ download }) => download?.phase === 'done' || download?.phase === 'failed')
    expect(connected).toMatchObject({ download: { phase: 'done' }, line: { iccid: ICCID, registration: 'home' } })
    expect(lpa.codes).toEqual(['1$smdp.bench.example$BENCH-0001'])
    expect(host.seen?.status).toBe('You are connected. Enjoy your plan!')
    await host.finish()
    expect(host.seen?.heading).toBe('All done')
    app.act({ action: 'cancel' })
    expect(app.state.screen).toMatchObject({ name: 'result', outcome: 'connected' })
    app.act({ action: 'open-flyout' })
    const { flyout } = await app.until(state => state.flyout?.state !== 'loading')
    expect(flyout).toMatchObject({
      state: 'shown',
      balance: { headline: '5 GB left', detail: '7 days left' },
      links: [{ text: 'View my account' }],
    })
    // JSB-045: the page receives the activation before the registration.
    expect(seen.map(({ event }) => event.kind)).toEqual(
      expect.arrayContaining(['download', 'progress', 'consent-asked', 'installed', 'enabled', 'registration']),
    )
    expect(world.audit.map(({ what }) => what)).toEqual(['launched', 'ordered', 'finished'])
    expect(notes).toEqual([])
  })

  it('The launch sends the parameters and headers of the contract', async () => {
    const lpa = plainLpa({ profiles: async () => ['8944100000000000021F', '8949000000000000015'] })
    const { world, app } = setUp({ lpa })
    await openPortal(app)
    const launch = world.requests.find(({ url }) => url.includes('transactionId'))!
    const query = new URL(launch.url).searchParams
    expect(Object.fromEntries(query)).toEqual({
      market: 'US',
      location: 'DE',
      transactionId: expect.stringMatching(/^.{1,64}$/),
      eid: '89049032000001000000000000000012',
      imei: '001102000315468',
      iccids: '8944100000000000021', // the ICCID of this operator without filler; the foreign one is not sent
    })
    expect(launch.headers.get('accept-language')).toBe('en-us')
    expect(launch.headers.has('x-mp-lpaerror-codes')).toBe(false)
  })

  it('The simulated user signs in to an existing account', async () => {
    const { world, host, app } = setUp()
    await world.operator.createAccount(SHOPPER.account)
    await openPortal(app)
    const walk = await host.shop(shop({ account: { ...SHOPPER.account, isNew: false } }))
    expect(walk.pages).not.toContain('Create an account')
    expect(walk.end).toBe('handed-over')
  })

  it('The web view stores an HttpOnly cookie that no script can read', async () => {
    const { world, host, app } = setUp()
    await openPortal(app)
    await host.shop(SHOPPER)
    const sent = world.requests.filter(({ headers }) => headers.get('cookie')?.startsWith('__Host-portal='))
    expect(sent.length).toBeGreaterThan(5)
  })

  it.each(['Get this device', 'Choose a plan', 'Sign in', 'Create an account', 'Review'])(
    'E2E-011 Cancel on "%s" orders nothing and notifies the app',
    async cancelAt => {
      const { world, host, app } = setUp()
      await openPortal(app)
      expect((await host.shop(shop({ cancelAt }))).end).toBe('cancelled')
      expect(app.state.screen).toMatchObject({ name: 'result', outcome: 'cancelled', text: 'Nothing was bought.' })
      expect(world.smdp.calls).toEqual([])
      expect(host.seen).toBeNull()
    },
  )

  it.each<[string, Partial<Shopper>, RegExp]>([
    ['a plan that is not offered', { plan: 'Gold' }, /no plan "Gold"/],
    ['a payment that is not offered', { payment: 'gold bars' }, /no payment "gold bars"/],
    ['a payment that is declined', { payment: 'declined' }, /did not accept the payment/],
    ['a wrong password', { account: { ...SHOPPER.account, isNew: false } }, /address or the password is wrong/],
    ['a password that is too short', { account: { ...SHOPPER.account, password: 'x' } }, /at least 8 characters/],
  ])('A visit with %s ends in portal-stuck with the page and the reason', async (_what, change, why) => {
    const { host, app } = setUp()
    await openPortal(app)
    await expect(host.shop(shop(change))).rejects.toMatchObject({
      code: 'portal-stuck',
      message: expect.stringMatching(why),
    })
  })

  it('A refused order ends in portal-stuck with the support reference of the operator', async () => {
    const { world, host, app } = setUp()
    world.smdp.faults.push({ on: 'ConfirmOrder', refuse: { subjectCode: '8.1.1', reasonCode: '3.8' } })
    await openPortal(app)
    await expect(host.shop(SHOPPER)).rejects.toMatchObject({ code: 'portal-stuck' })
    expect(world.audit.at(-1)).toMatchObject({
      what: 'order-refused',
      detail: 'smdp-refused ConfirmOrder 8.1.1/3.8',
    })
  })
})

describe('unreachable portal', () => {
  it.each<[string, (() => Promise<Response>) | undefined, string]>([
    ['PRT-028 is unreachable', undefined, 'portal-unreachable'],
    ['PRT-029 answers 500', async () => new Response('oops', { status: 500 }), 'portal-failed'],
    [
      'redirects for ever',
      async () => new Response(null, { status: 303, headers: { Location: '/again' } }),
      'portal-failed',
    ],
    [
      'leads away from https',
      async () => new Response(null, { status: 302, headers: { Location: 'http://portal.northwind.example/' } }),
      'portal-failed',
    ],
  ])('The app shows a page with a CV and Try again if the portal %s', async (_what, answer, errorCode) => {
    const { world, app } = setUp()
    const real = world.hosts['portal.northwind.example']!
    if (answer === undefined) delete world.hosts['portal.northwind.example']
    else world.hosts['portal.northwind.example'] = answer
    const { screen } = await openPortal(app)
    expect(screen).toMatchObject({ name: 'result', outcome: 'failed', errorCode, retry: 'portal' })
    expect(screen).toHaveProperty('correlationId', expect.stringMatching(/^.{1,64}$/))
    world.hosts['portal.northwind.example'] = real
    app.act({ action: 'try-again' })
    await app.until(state => state.screen.name === 'portal' && state.screen.ready)
  })

  it('PRT-022 The app notes a redirect to a foreign host', async () => {
    const { world, app, notes } = setUp()
    const real = world.hosts['portal.northwind.example']!
    world.hosts['ads.example'] = real
    world.hosts['portal.northwind.example'] = async () =>
      new Response(null, { status: 302, headers: { Location: 'https://ads.example/terms' } })
    await openPortal(app)
    expect(notes).toEqual(['the portal redirects from portal.northwind.example to ads.example'])
  })
})

describe('bridge in a page', () => {
  const page = (script: string): string =>
    `<!doctype html><html><head><title>t</title><script src="/s.js"></script></head><body><h1>Mine</h1><p role="status"></p></body></html><!--${script}-->`
  const withPage = async (script: string, more: Parameters<typeof launchApp>[2] = {}) => {
    const setting = setUp(more)
    setting.world.hosts['portal.northwind.example'] = async request =>
      new URL(request.url).pathname === '/s.js'
        ? new Response(script, { headers: { 'Content-Type': 'text/javascript' } })
        : new Response(page(''), { headers: { 'Content-Type': 'text/html' } })
    await openPortal(setting.app)
    await setting.firstPage()
    return setting
  }
  const LISTEN = `window.heard = t => { document.querySelector('[role=status]').textContent = t }
MobilePlansInlineOperations.profileActivationCompleteScript = 'heard'
const md = Object.assign(MobilePlans.createPurchaseMetaData(), { moDirectStatus: MobilePlansMoDirectStatus.complete, planName: 'P' })
`
  it.each([
    [
      'JSB-013 a code with LPA:',
      `MobilePlansInlineOperations.notifyProfileDownload(md, 'LPA:1$a.example$B')`,
      'invalidActivationCode',
    ],
    ['JSB-014 an empty code', `MobilePlansInlineOperations.notifyProfileDownload(md, '')`, 'invalidActivationCode'],
    [
      'JSB-015 a code that wants a confirmation code',
      `MobilePlansInlineOperations.notifyProfileDownload(md, '1$a.example$B$$1')`,
      'confirmationCodeMissing',
    ],
    [
      'JSB-017 metadata that is none',
      `const c = {}; c.c = c; MobilePlansInlineOperations.notifyProfileDownload(c, '1$a.example$B')`,
      'invalidJson',
    ],
    ['a delay', `MobilePlansInlineOperations.notifyProfileDownload(md, '1$a.example$B', 15)`, 'unknownError'],
    [
      'JSB-084 the older name',
      `MobilePlansInlineProfileDownload.notifyInlineProfileDownload(md, 'x')`,
      'invalidActivationCode',
    ],
  ])('The bridge notifies the page about %s', async (_what, call, activationResult) => {
    const { world, host, app } = await withPage(LISTEN + call)
    expect(JSON.parse(host.seen?.status ?? '')).toEqual({ activationResult, iccid: '' })
    expect(world.smdp.calls).toEqual([])
    expect(app.state.operation).toBeNull()
  })

  it('JSB-008, JSB-009 notifyProfileDownload returns a context with a new Id at once', async () => {
    const { app } = await withPage(
      `${LISTEN}const a = MobilePlansInlineOperations.notifyProfileDownload(md, '1$a.example$B'), b = MobilePlansInlineOperations.notifyProfileDownload(md, '1$a.example$B')
if (!(a instanceof MobilePlansOperationContext) || !a.Id || a.Id === b.Id) throw new Error('no context')`,
    )
    await app.until(({ download }) => download?.phase === 'done')
    expect(app.state.operation?.activationCode).toBe('1$a.example$B')
  })

  it('JSB-003 The app ignores calls of a page of another host', async () => {
    const { world, app, notes } = setUp()
    const code = `MobilePlansInlineOperations.notifyProfileDownload({moDirectStatus:'Complete',planName:'P'}, '1$a.example$B')`
    world.hosts['portal.northwind.example'] = async () =>
      new Response(null, { status: 302, headers: { Location: 'https://evil.example/' } })
    world.hosts['evil.example'] = async request =>
      new URL(request.url).pathname === '/s.js' ? new Response(code) : new Response(page(''))
    await openPortal(app)
    expect(app.state.operation).toBeNull()
    expect(notes.join()).toContain('by a page that is not allowed to (https://evil.example/)')
  })

  it('JSB-018..024 The app notes deviating metadata and continues', async () => {
    const { app, notes } = await withPage(
      `MobilePlansInlineOperations.notifyProfileDownload({ modirectStatus: 'Complete', lineType: 'Fancy' }, '1$a.example$B')`,
    )
    await app.until(({ download }) => download?.phase === 'done')
    expect(notes).toEqual(
      [
        'modirectStatus has the name moDirectStatus in the table of the contract',
        'lineType has the name line in the table of the contract',
        'line "Fancy" is not one of New, Existing, Bailed, None',
        'planName is required if a plan was bought',
      ].map(text => `notifyProfileDownload: ${text.replace('’', "'")}`),
    )
  })

  it('JSB-038 The app notes a listener that does not exist', async () => {
    const { app, notes } = await withPage(
      `${LISTEN}MobilePlansInlineOperations.profileActivationCompleteScript = 'nobody'
MobilePlansInlineOperations.notifyProfileDownload(md, '1$a.example$B')`,
    )
    await app.until(({ download }) => download?.phase === 'done')
    expect(notes).toContain('the page has no function nobody')
  })

  it('A page can reach the network only through the fetch of the app', async () => {
    const { notes } = await withPage(`throw new Error([typeof XMLHttpRequest, typeof WebSocket, typeof fetch].join())`)
    expect(notes.join()).toContain('undefined,undefined,function')
  })
})
