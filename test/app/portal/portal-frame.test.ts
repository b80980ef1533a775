import { beforeAll, describe, expect, it } from 'vitest'
import { createPortalFrame, type PortalFrameController } from '../../../src/app/portal/portal-frame.ts'
import { prepareWebPages } from '../../../src/app/portal/web-page.ts'
import { countingRandom } from '../../server/operator/smdp-stub.ts'
import { createOperatorFixture, ICCID, launchApp, openPortal, SHOPPER } from '../operator-fixture.ts'

beforeAll(prepareWebPages)

const setUp = () => {
  const world = createOperatorFixture()
  const scripts: { name: string; argument: string }[] = []
  const frame = createPortalFrame({
    web: world.web,
    root: '/device/frame/',
    random: countingRandom(),
    callScript: call => scripts.push(call),
  })
  const { app, notes } = launchApp(world, frame.view)
  return { world, frame, app, scripts, notes, browser: createBrowser(frame) }
}

/** A browser for the frame. It uses paths of the bench only and receives no cookie. */
const createBrowser = (frame: PortalFrameController) => {
  let text = ''
  const go = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await frame.serve(new Request(new URL(path, 'http://127.0.0.1:8080'), init))
    expect(response.headers.getSetCookie()).toEqual([])
    const location = response.headers.get('location')
    if (location !== null) return go(location)
    if (response.headers.get('content-type')?.includes('html')) {
      text = await response.clone().text()
      frame.navigated(path) // what frame.js does
    }
    return response
  }
  return {
    go,
    get text() {
      return text
    },
    heading: (): string | undefined => /<h1>(.*?)<\/h1>/.exec(text)?.[1],
    link: (label: string): string => new RegExp(`<a[^>]*href="([^"]+)"[^>]*>${label}`).exec(text)?.[1] ?? `no ${label}`,
    send(fields: Record<string, string>, at = 1) {
      const form = [...text.matchAll(/<form[^>]*action="([^"]+)"[\s\S]*?<\/form>/g)][at]!
      const csrf = /name="csrf" value="([^"]+)"/.exec(form[0])?.[1] ?? ''
      return go(form[1]!.replaceAll('&amp;', '&'), {
        method: 'POST',
        body: new URLSearchParams({ csrf, ...fields }),
      })
    },
  }
}

describe('portal in a frame', () => {
  it('A visit through the frame ends in an activation and notifies the page', async () => {
    const { frame, app, browser, scripts, notes } = setUp()
    await openPortal(app)
    expect(frame.shown).toMatchObject({ revision: 1, address: 'https://portal.northwind.example/', canGoBack: false })
    await browser.go(frame.shown!.path)
    expect(browser.heading()).toBe('Get this device connected')
    await browser.go(browser.link('See the plans'))
    await browser.send({ plan: 'travel-5' })
    await browser.go(browser.link('Create an account'))
    const { name, email, password } = SHOPPER.account
    await browser.send({ name, email, password })
    await browser.send({ payment: 'test-card', terms: 'accepted' })
    expect(browser.heading()).toBe('Order placed')
    expect(frame.shown).toMatchObject({ address: 'https://portal.northwind.example/order', canGoBack: true })

    // What bridge.js posts when order.js runs.
    const object = 'MobilePlansInlineOperations'
    frame.call({ object, method: 'profileActivationCompleteScript', arguments: ['onProfileActivated'] })
    frame.call({ object, method: 'registrationChangedScript', arguments: ['onRegistrationChanged'] })
    const code = /data-activation-code="([^"]+)"/.exec(browser.text)![1]
    frame.call({
      object,
      method: 'notifyProfileDownload',
      arguments: [{ moDirectStatus: 'Complete', planName: 'Travel 5 GB' }, code],
      operationId: 'abc',
    })
    await app.until(({ download }) => download?.phase === 'done')
    expect(app.state.operation?.id).toBe('abc')
    expect(scripts).toEqual([
      { name: 'onProfileActivated', argument: JSON.stringify({ activationResult: 'success', iccid: ICCID }) },
      {
        name: 'onRegistrationChanged',
        argument: JSON.stringify({ networkRegistrationState: 'searching', iccid: ICCID }),
      },
      { name: 'onRegistrationChanged', argument: JSON.stringify({ networkRegistrationState: 'home', iccid: ICCID }) },
    ])
    expect(notes).toEqual([])
  })

  it('Each address remains in the frame, and the bridge script runs before the scripts of the page', async () => {
    const { frame, app, browser } = setUp()
    await openPortal(app)
    const page = await browser.go(frame.shown!.path)
    const prefix = /^\/device\/frame\/[0-9a-f]{32}/.exec(frame.shown!.path)![0]
    const addresses = [...browser.text.matchAll(/ (?:href|src|action)="([^"]+)"/g)].map(match => match[1]!)
    expect(addresses.length).toBeGreaterThan(5)
    for (const address of addresses) expect(address).toMatch(new RegExp(`^(#|${prefix}/)`))
    expect(browser.text.indexOf(`${prefix}/frame.js`)).toBeLessThan(browser.text.indexOf(`${prefix}/bridge.js`))
    expect(browser.text).toMatch(new RegExp(`<head><script src="${prefix}/frame.js">`))
    expect(page.headers.get('content-security-policy')).toContain('sandbox allow-scripts allow-forms')
    for (const path of addresses.filter(address => !/^#|cancel$/.test(address)))
      expect((await frame.serve(new Request(`http://127.0.0.1${path}`))).status, path).toBeLessThan(400)
    // The identifiers of the device went to the portal, not into the browser's address.
    expect(frame.shown!.path).not.toContain('eid')
  })

  it('The back button loads the previous page in the frame', async () => {
    const { frame, app, browser } = setUp()
    await openPortal(app)
    const first = frame.shown!.path
    await browser.go(first)
    await browser.go(browser.link('See the plans'))
    expect(frame.shown).toMatchObject({ revision: 1, canGoBack: true })
    frame.back()
    expect(frame.shown).toMatchObject({ path: first, revision: 2, canGoBack: false })
    frame.back()
    expect(frame.shown).toMatchObject({ path: first, revision: 2 })
  })

  it('The frame answers 404 with a wrong token and after the portal is closed', async () => {
    const { frame, app } = setUp()
    await openPortal(app)
    const { path } = frame.shown!
    const ask = async (at: string): Promise<number> => (await frame.serve(new Request(`http://127.0.0.1${at}`))).status
    expect(await ask(path.replace(/[0-9a-f]{32}/, '0'.repeat(32)))).toBe(404)
    expect(await ask('/device/frame/')).toBe(404)
    app.act({ action: 'cancel' })
    app.act({ action: 'leave', confirm: true })
    expect([await ask(path), frame.shown]).toEqual([404, null])
  })

  it('An unreachable page shows an error page with CV', async () => {
    const { world, frame, app, browser } = setUp()
    await openPortal(app)
    await browser.go(frame.shown!.path)
    delete world.hosts['portal.northwind.example']
    const response = await browser.go(browser.link('See the plans'))
    expect([response.status, browser.text.includes(`CV: ${app.state.transactionId}`)]).toEqual([502, true])
  })

  it('A page of another host gets no bridge and its calls are ignored', async () => {
    const { world, frame, app, browser, notes } = setUp()
    const real = world.hosts['portal.northwind.example']!
    world.hosts['evil.example'] = async () =>
      new Response('<h1>Evil</h1><a target="_blank" href="http://plain.example/">x</a>', {
        headers: { 'Content-Type': 'text/html' },
      })
    world.hosts['portal.northwind.example'] = async request =>
      new URL(request.url).pathname === '/plans'
        ? new Response(null, { status: 302, headers: { Location: 'https://evil.example/' } })
        : real(request)
    await openPortal(app)
    await browser.go(frame.shown!.path)
    await browser.go(browser.link('See the plans'))
    expect(browser.heading()).toBe('Evil')
    expect(browser.text).not.toMatch(/bridge\.js|target=|http:/)
    frame.call({ object: 'x', method: 'notifyProfileDownload', arguments: [{}, '1$a.example$B'] })
    expect(app.state.operation).toBeNull()
    expect(notes.join()).toContain('is not allowed to (https://evil.example/)')
  })

  it('A page cannot report the path of another frame', async () => {
    const { frame, app } = setUp()
    await openPortal(app)
    const { path } = frame.shown!
    frame.navigated('/device/frame/other/evil.example/')
    frame.navigated(path.replace(/\/portal.*/, '/frame.js'))
    expect(frame.shown).toMatchObject({ path, canGoBack: false })
  })
})
