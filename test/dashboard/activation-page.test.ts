import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBackend } from '../../src/bench/api/bench-backend.ts'
import type { RunSummary } from '../../src/bench/api-contract.ts'
import { openContext } from '../../src/bench/context.ts'
import { openBench } from '../../src/bench/run/bench.ts'
import { openPageServer, type PageServer } from '../../src/cli/run/page-server.ts'
import { createCliFixture } from '../cli/runtime.ts'
import { buildDashboard, launchChromium, noChromium, photographRun } from './chromium.ts'

describe.skipIf(noChromium !== null)(`dashboard of a complete bench${noChromium ? ` (${noChromium})` : ''}`, () => {
  const place = createCliFixture()
  const opened: (() => unknown)[] = []
  let server: PageServer
  let browser: Browser
  const reported: unknown[] = []
  const foreign: string[] = []

  beforeAll(async () => {
    const { runtime } = place.runtimeOf(new AbortController().signal)
    const dashboard = await buildDashboard()
    const context = openContext(runtime, { curve: 'nist' })
    const bench = await openBench({ ...runtime, workplace: context, signal: runtime.interrupt })
    const { backend, close } = createBackend(bench, { ...runtime, chosen: await bench.choose(), rig: undefined })
    server = await openPageServer(backend, 0, error => reported.push(error), { folder: dashboard.folder })
    browser = await launchChromium()
    opened.push(
      () => place.remove(),
      () => dashboard.remove(),
      () => context.close(),
      () => bench.close(),
      () => close(),
      () => server.close(),
      () => browser.close(),
    )
  })
  afterAll(async () => {
    for (const close of opened.reverse()) await close()
  })

  const openPage = async (hash: string): Promise<Page> => {
    const page = await browser.newPage()
    page.on('request', request => {
      if (!request.url().startsWith(server.address) && !/^(data|blob):/.test(request.url())) foreign.push(request.url())
    })
    page.on('pageerror', error => reported.push(error))
    await page.goto(`${server.address}${hash}`)
    return page
  }
  const runs = async (): Promise<RunSummary[]> =>
    (await (await fetch(`${server.address}api/runs`)).json()) as RunSummary[]

  it('a user completes the activation on the device page, and the run passes', async () => {
    const page = await openPage('#/device')
    const lastPages: string[] = []
    page.on('request', request => {
      if (request.url().endsWith('/order')) lastPages.push(request.method())
    })
    await page.locator('.app-tile').click()
    await page.locator('button.provider').click()
    await page.locator('.gateway .app-primary, .gateway-buttons button').first().click()

    const portal = page.frameLocator('iframe')
    const heading = portal.locator('h1')
    const goOn = async (press: () => Promise<void>): Promise<void> => {
      const before = await heading.textContent()
      await press()
      await expect.poll(() => heading.textContent()).not.toBe(before)
    }
    // Follow the first button of each portal page until the page for a new account.
    for (let pages = 0; pages < 6; pages++) {
      await heading.waitFor()
      if ((await portal.locator('input[autocomplete=new-password]').count()) > 0) break
      if ((await portal.locator('input[type=password]').count()) > 0)
        await goOn(() =>
          portal
            .getByRole('link', { name: /create|open an account/i })
            .first()
            .click(),
        )
      else {
        const plan = portal.locator('input[name=plan]').first()
        if ((await plan.count()) > 0) await plan.check({ force: true })
        await goOn(() => portal.locator('main').locator('a.button, button:not(.quiet)').first().click())
      }
    }
    await portal.locator('input[name=name]').fill('Bench User')
    await portal.locator('input[name=email]').fill('user@device.bench.example')
    await portal.locator('input[name=password]').fill('correct horse battery')
    await portal.getByRole('button', { name: 'Create account' }).click()
    await portal.locator('input[name=payment]').first().check({ force: true })
    await portal.locator('input[name=terms]').check({ force: true })
    await portal.getByRole('button', { name: 'Buy and connect' }).click()

    await page.locator('.dialog button[type=submit]').click()
    await page.locator('[data-phase=done]').waitFor()
    // The app notifies the page in the frame through the bridge.
    await portal
      .getByRole('status')
      .filter({ hasText: /connected/i })
      .first()
      .waitFor()
    // The portal delivers the activation code once, so the frame must load its last page only once.
    expect(lastPages).toEqual(['GET'])
    await page.getByLabel('Network').click()
    await page.getByText('5 GB left').first().waitFor()
    await expect.poll(async () => (await runs())[0]).toMatchObject({ state: 'ended', verdict: 'pass' })
    expect(reported).toEqual([])
    expect(foreign).toEqual([])
    await page.close()
  })

  it('a run that the API starts appears on the page and passes', async () => {
    const page = await openPage('')
    const before = (await runs()).length
    const answer = await page.evaluate(() =>
      fetch('/api/runs', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"scenario":"activate"}',
      }).then(response => response.status),
    )
    expect(answer).toBe(202)
    await page.locator('.run [data-verdict=pass]').first().waitFor()
    await expect.poll(async () => (await runs())[0]?.verdict).toBe('pass')
    expect((await runs()).length).toBe(before + 1)
    expect(reported).toEqual([])
    expect(foreign).toEqual([])
    await page.close()
  })
  /** `README_PICTURE=docs/images/run.png npm test` updates the picture of the README. */
  it('photographRun writes the picture of the README after a run', async () => {
    const file = resolve(process.env.README_PICTURE ?? join(place.home, 'run.png'))
    await photographRun(browser, server.address, file)
    const picture = readFileSync(file)
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1280, 800])
    expect(picture.length).toBeGreaterThan(50_000)
  })
})
