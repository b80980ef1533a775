import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, FrameLocator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BridgeCall } from '../../../src/app/portal/bridge.ts'
import { createPortalFrame } from '../../../src/app/portal/portal-frame.ts'
import { launchChromium, noChromium } from '../../dashboard/chromium.ts'
import { countingRandom } from '../../server/operator/smdp-stub.ts'
import { createOperatorFixture, launchApp, openPortal } from '../operator-fixture.ts'

/** A page that embeds the frame like the dashboard: sandboxed, with a content policy, forwarding messages. */
const EMBEDDING = `<!doctype html><title>device</title><link rel="icon" href="data:,"><style>body{margin:0}iframe{border:0;width:100vw;height:100vh}</style>
<iframe sandbox="allow-scripts allow-forms" referrerpolicy="no-referrer" src="PATH"></iframe>
<script>const frame = document.querySelector('iframe')
addEventListener('message', event => { if (event.source === frame.contentWindow) tell(event.data) })
window.command = call => frame.contentWindow.postMessage({ esimBench: 'script', call }, '*')</script>`

type Message = { esimBench: 'navigated'; path: string } | { esimBench: 'bridge'; call: BridgeCall }

describe.skipIf(noChromium !== null)(`the portal in a browser’s frame ${noChromium ?? ''}`, () => {
  const world = createOperatorFixture()
  let page: Page
  const frame = createPortalFrame({
    web: world.web,
    root: '/device/frame/',
    random: countingRandom(),
    callScript: call => void page.evaluate(it => Reflect.get(window, 'command')(it), call),
  })
  const { app, notes } = launchApp(world, frame.view)
  let browser: Browser
  let server: Server
  let portal: FrameLocator
  const complaints: string[] = []

  beforeAll(async () => {
    await openPortal(app)
    server = createServer(async (incoming, outgoing) => {
      if (incoming.url === '/') return outgoing.end(EMBEDDING.replace('PATH', frame.shown!.path))
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk)
      const form = { body: Buffer.concat(chunks), headers: { 'Content-Type': incoming.headers['content-type'] ?? '' } }
      const { method } = incoming
      const init = { method: method ?? 'GET', ...(method === 'POST' && form) }
      const response = await frame.serve(new Request(new URL(incoming.url!, 'http://127.0.0.1'), init))
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.end(Buffer.from(await response.arrayBuffer()))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    browser = await launchChromium()
    page = await browser.newPage({ viewport: { width: 800, height: 600 } })
    page.on('pageerror', error => complaints.push(error.message))
    page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
    await page.exposeFunction('tell', (message: Message) =>
      message.esimBench === 'navigated' ? frame.navigated(message.path) : frame.call(message.call),
    )
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    portal = page.frameLocator('iframe')
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    await new Promise(resolve => server?.close(resolve))
  })

  /** PRT-024: no page is wider than the app's window. */
  const arriveAt = async (heading: string): Promise<void> => {
    await portal.getByRole('heading', { level: 1, name: heading }).waitFor()
    for (const width of [800, 480]) {
      await page.setViewportSize({ width, height: 600 })
      const spill = await portal.locator('html').evaluate(html => html.scrollWidth - html.clientWidth)
      expect(spill, `${heading} at ${width}`).toBe(0)
    }
    await page.setViewportSize({ width: 800, height: 600 })
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${heading.replaceAll(' ', '-')}.png` })
  }

  it('A user clicks through the portal to "You are connected"', async () => {
    await arriveAt('Get this device connected')
    await portal.getByRole('link', { name: 'See the plans' }).click()
    await arriveAt('Choose a plan')
    await portal.getByText('Month 20 GB').click()
    await portal.getByRole('button', { name: 'Continue' }).click()
    await arriveAt('Sign in')
    await portal.getByRole('link', { name: 'Create an account' }).click()
    await arriveAt('Create an account')
    await portal.getByLabel('Full name').fill('Ann Example')
    await portal.getByLabel('Email address').fill('ann@example')
    await portal.getByLabel('Password').fill('correct horse')
    await portal.getByRole('button', { name: 'Create account' }).click()
    await portal.getByRole('alert').waitFor()
    await arriveAt('Create an account')
    await portal.getByLabel('Email address').fill('ann@example.com')
    await portal.getByLabel('Password').fill('correct horse')
    await portal.getByRole('button', { name: 'Create account' }).click()
    await arriveAt('Review your order')
    await portal.getByLabel('Test card ending 4242').check()
    await portal.getByLabel('I have read').check()
    await portal.getByRole('button', { name: 'Buy and connect' }).click()
    await portal.getByText('You are connected').waitFor()
    await arriveAt('Order placed')
    expect(app.state).toMatchObject({ download: { phase: 'done' }, line: { registration: 'home' } })
    expect(frame.shown).toMatchObject({ address: 'https://portal.northwind.example/order' })
    await portal.getByRole('button', { name: 'Finish' }).click()
    await arriveAt('All done')
    // Chromium prints a 422 response to a form as a failed resource. Other messages are errors.
    expect(complaints.filter(text => !text.includes('422'))).toEqual([])
    expect(notes).toEqual([])
  }, 60_000)
})
