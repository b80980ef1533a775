import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DeviceState } from '../../src/bench/api-contract.ts'
import { buildDashboard, launchChromium, noChromium, photographRun } from './chromium.ts'
import { openSampleBench, type SampleBench } from './sample-bench.ts'
import { HARDWARE_RIG, SOFTWARE_RIG, sampleRun } from './sample-run.ts'

const CLOSED: DeviceState = {
  runId: null,
  rig: SOFTWARE_RIG,
  screen: { name: 'closed' },
  download: null,
  consent: null,
  leaving: false,
  flyout: null,
  banner: null,
}

describe.skipIf(noChromium)(`dashboard in Chromium${noChromium ? ` (${noChromium})` : ''}`, () => {
  let browser: Browser
  let built: Awaited<ReturnType<typeof buildDashboard>>
  let bench: SampleBench
  let page: Page
  let requests: string[]
  let complaints: string[]

  beforeAll(async () => {
    built = await buildDashboard()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await built?.remove()
  })
  beforeEach(async () => {
    bench = await openSampleBench({
      folder: built.folder,
      rigs: [SOFTWARE_RIG, HARDWARE_RIG],
      device: CLOSED,
      onStart: started => {
        started.addRun(sampleRun({ runId: 'started', startedAt: '2026-11-22T21:00:00.000Z' }))
        return 'started'
      },
    })
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
    requests = []
    complaints = []
    page.on('request', request => requests.push(request.url()))
    page.on('websocket', socket => requests.push(socket.url()))
    page.on('console', message => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(error.message))
  })
  afterEach(async () => {
    await page.close()
    await bench.close()
  })
  const open = async (hash = ''): Promise<void> => {
    await page.goto(bench.url + hash)
    await page.locator('[data-connection="live"]').waitFor()
  }
  const steps = () => page.locator('#outline [data-step]:not([data-step="0"])')
  const states = () => steps().evaluateAll(rows => rows.map(row => row.getAttribute('data-state')))
  const openStep = (step: number) => page.locator(`#outline [data-step="${step}"]`).click()

  it('the run page without runs explains how to start one', async () => {
    await open()
    await page.getByRole('heading', { name: 'No runs yet' }).waitFor()
    await page.getByText('npx esim-bench run activate').waitFor()
  })

  it('the run page shows eight steps, eight parts and the verdict, and sends requests only to the local host', async () => {
    bench.addRun(sampleRun())
    await open()
    await page.locator('[data-verdict="pass"]').waitFor()
    expect(await states()).toEqual(Array(8).fill('pass'))
    expect(await page.locator('.picture [data-part]').count()).toBe(8)
    expect(await page.locator('.picture [data-step]').count()).toBe(8)
    expect(await page.locator('.plot canvas').count()).toBe(1)
    expect(new Set(requests.map(url => new URL(url).hostname))).toEqual(new Set(['127.0.0.1']))
    expect(requests.length).toBeGreaterThan(5)
    expect(complaints).toEqual([])
    expect(await page.title()).toBe('Pass in software · esim-bench')
  })

  it('the details show an APDU decoded and as raw bytes', async () => {
    bench.addRun(sampleRun())
    await open()
    await openStep(5)
    await page.getByText('ES10b.AuthenticateServer').click()
    const detail = page.locator('[data-exchange]')
    await detail.getByText('euiccSigned1').waitFor()
    expect(await detail.locator('[data-half="command"]').textContent()).toContain('serverSigned1')
    expect(await detail.locator('[data-half="response"]').textContent()).toContain('A-1042-7F')
    await page.getByRole('tab', { name: 'Raw' }).click()
    expect(await detail.locator('[data-half="command"]').textContent()).toMatch(
      /CLA\s*81\s*channel 1\s*INS\s*C0\s*GET RESPONSE/,
    )
    expect(await page.evaluate(() => location.hash)).toMatch(/^(#\/|)$|#\/run\/newest\/\d+/)
  })

  it('the details show the decoded request and response of an HTTP exchange', async () => {
    bench.addRun(sampleRun())
    await open()
    await page.getByRole('searchbox').fill('initiateAuthentication')
    await page.locator('[data-kind="http"]').click()
    expect(await page.locator('[data-half="request"]').textContent()).toContain('smdpAddress')
    expect(await page.locator('[data-half="response"]').textContent()).toContain('Executed-Success')
    expect(await page.locator('.filter-count').textContent()).toBe('1 of 56')
  })

  it('the run page highlights and announces the running step and shows its progress', async () => {
    bench.addRun(sampleRun().slice(0, 54))
    await open()
    await page.locator('[data-lit-step="6"]').waitFor({ state: 'attached' })
    expect((await states()).filter(state => state === 'running')).toHaveLength(1)
    await expect.poll(() => page.locator('[data-announcer]').textContent()).toContain('Step 6')
    await page.getByText('Profile to the card: 1.4 KB of 2.8 KB').waitFor()
    bench.append(sampleRun().slice(54))
    await page.locator('[data-verdict="pass"]').waitFor()
    await expect.poll(() => page.locator('[data-announcer]').textContent()).toContain('The run ended: pass')
  })

  it('the page marks runs on the software eUICC, and no others', async () => {
    bench.addRun(sampleRun({ runId: 'hard', startedAt: '2026-11-22T19:00:00.000Z', rig: HARDWARE_RIG }))
    bench.addRun(sampleRun({ runId: 'soft' }))
    await open('#/run/soft')
    await page.getByText('software eUICC — not a hardware result').waitFor()
    expect(await page.locator('[data-verdict="pass"]').textContent()).toContain('in software')
    expect(await page.locator('[data-run="soft"][data-subject="software"]').first().textContent()).toContain(
      'not hardware',
    )
    await page.locator('button[data-run="hard"]').click()
    await page.locator('.run[data-run="hard"] [data-verdict="pass"]').waitFor()
    expect(await page.locator('[data-mark="software"]').count()).toBe(0)
    expect(await page.locator('[data-verdict="pass"]').textContent()).not.toContain('software')
  })

  it('the four verdicts have four colors, and only pass is green', async () => {
    const looks = new Map<string, string>()
    for (const verdict of ['pass', 'fail', 'inapplicable', 'blocked'] as const)
      bench.addRun(
        sampleRun({ runId: verdict, rig: HARDWARE_RIG, verdict, ...(verdict !== 'pass' && { cause: 'card' }) }),
      )
    await open()
    for (const verdict of ['pass', 'fail', 'inapplicable', 'blocked']) {
      await page.locator(`button[data-run="${verdict}"]`).click()
      const badge = page.locator(`.run[data-run="${verdict}"] [data-verdict="${verdict}"]`)
      await badge.waitFor()
      if (verdict !== 'pass') expect(await badge.textContent()).toContain('the card')
      looks.set(verdict, await badge.evaluate(element => getComputedStyle(element).color))
    }
    expect(new Set(looks.values()).size).toBe(4)
    for (const [verdict, color] of looks) {
      const [red, green, blue] = color.match(/\d+/g)!.map(Number) as [number, number, number]
      expect(green > red * 1.3 && green > blue * 1.3, `${verdict} is ${color}`).toBe(verdict === 'pass')
    }
  })

  it('the page continues after a reconnect and shows no event twice', async () => {
    const events = sampleRun()
    bench.addRun(events.slice(0, 40))
    await open()
    await page.getByRole('button', { name: 'Open all' }).click()
    await page.locator('[data-kind="http"]').first().waitFor()
    await page.evaluate(() => {
      const shown = document.querySelector<HTMLElement>('[data-connection]')!
      document.body.dataset.seen = 'live'
      new MutationObserver(() => {
        document.body.dataset.seen += ` ${shown.dataset.connection}`
      }).observe(shown, { attributeFilter: ['data-connection'] })
    })
    bench.overlap = 7
    bench.cutConnections()
    bench.append(events.slice(40))
    await page.locator('[data-verdict="pass"]').waitFor()
    expect(bench.follows).toEqual([
      { runId: 'run-1', lastSeq: 0 },
      { runId: 'run-1', lastSeq: 40 },
    ])
    const facts = await page.locator('.run-header .facts').textContent()
    expect(facts).toMatch(/APDUs\s*37/)
    expect(facts).toMatch(/Requests\s*12/)
    expect(await page.evaluate(() => document.body.dataset.seen)).toBe('live reconnecting live')
    await page.setViewportSize({ width: 1280, height: 2600 })
    await page.locator('[data-kind="note"]').last().waitFor()
    const shown = await page
      .locator('[data-seq]')
      .evaluateAll(rows => rows.map(row => Number(row.getAttribute('data-seq'))))
    expect(new Set(shown).size).toBe(shown.length)
    expect(shown.length).toBe(events.filter(({ kind }) => ['apdu', 'reset', 'http', 'note'].includes(kind)).length)
  })

  it('the page ignores a response that is older than pushed state', async () => {
    const events = sampleRun()
    bench.addRun(events.slice(0, 40))
    let release: () => void = () => undefined
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    await page.route('**/api/runs', async route => {
      const response = await route.fetch()
      await held
      await route.fulfill({ response })
    })
    const answered = page.waitForResponse('**/api/runs')
    await open()
    bench.append(events.slice(40))
    const mark = page.locator('.run-item [role=img]')
    await expect.poll(() => mark.getAttribute('aria-label')).toBe('Pass')
    release()
    await (await answered).finished()
    await page.evaluate(() => new Promise(resolve => setTimeout(resolve)))
    expect(await mark.getAttribute('aria-label')).toBe('Pass')
  })

  it('the button starts a run on the selected rig and opens it', async () => {
    bench.addRun(sampleRun())
    await open()
    await page.getByLabel('Rig').selectOption('desk-left')
    await page.getByRole('button', { name: 'Start a run' }).click()
    await page.locator('.run[data-run="started"]').waitFor()
    expect(bench.started).toEqual([{ scenario: 'activate', rig: 'desk-left' }])
  })

  it('photographRun writes a picture of 1280 x 800 pixels', async () => {
    bench.addRun(sampleRun())
    const file = join(built.folder, 'run.png')
    await photographRun(browser, bench.url, file)
    const picture = await readFile(file)
    expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1280, 800])
    expect(picture.length).toBeGreaterThan(50_000)
  })

  it('the page shows why the bench did not start a run', async () => {
    const busy = await openSampleBench({ folder: built.folder, rigs: [SOFTWARE_RIG], device: CLOSED })
    await page.goto(busy.url)
    await page.getByRole('button', { name: 'Start a run' }).click()
    await page.getByRole('alert').getByText('The rig is in use by another run.').waitFor()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    expect(await page.getByRole('alert').count()).toBe(0)
    await busy.close()
  })

  it('the keys move through steps, entries and failures', async () => {
    bench.addRun(sampleRun({ rig: HARDWARE_RIG, verdict: 'fail', cause: 'card' }))
    await open()
    await page.locator('[data-verdict="fail"]').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.press('ArrowDown')
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight'])
      await page.keyboard.press(key)
    expect(await page.locator('#outline').getAttribute('aria-activedescendant')).toMatch(/^entry-/)
    await page.locator('.detail').getByText('portal GET /').first().waitFor()
    await page.keyboard.press('ArrowLeft')
    expect(await page.locator('#outline').getAttribute('aria-activedescendant')).toBe('step-2')
    await page.keyboard.press('.')
    await page.locator('.detail').getByText('STORE DATA 24/24').waitFor()
    await page.locator('.detail').getByText('6A80 incorrect data').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('Run summary').waitFor()
  })

  it('a URL with an event number selects that event', async () => {
    const events = sampleRun({ extraApdus: 3000 })
    const named = events.find(event => event.kind === 'apdu' && event.label === 'STORE DATA 2500/3024')!
    bench.addRun(events)
    await open(`#/run/run-1/${named.seq}`)
    await page.locator(`#outline [data-seq="${named.seq}"][aria-selected="true"]`).waitFor()
    await page.locator(`[data-exchange="${named.seq}"]`).waitFor()
  })

  it('the outline renders only the visible rows of 8000 exchanges', async () => {
    bench.addRun(sampleRun({ extraApdus: 8000 }))
    await open()
    await openStep(6)
    await page.locator('[data-kind="apdu"]').first().waitFor()
    expect(await page.locator('[role="treeitem"]').count()).toBeLessThan(80)
    await page.locator('#outline').focus()
    await page.keyboard.press('End')
    await page.locator('#outline [data-step="8"]').waitFor()
    await page.getByRole('searchbox').fill('8024/8024')
    await page.locator('[data-kind="apdu"]').waitFor()
    expect(await page.locator('[data-kind="apdu"]').count()).toBe(1)
  })

  it.each([
    ['light', 800, 600],
    ['dark', 800, 600],
    ['light', 1280, 800],
  ] as const)('the page in the %s scheme fits a window of %d x %d pixels', async (colorScheme, width, height) => {
    await page.emulateMedia({ colorScheme })
    await page.setViewportSize({ width, height })
    bench.addRun(sampleRun())
    await open()
    await page.locator('[data-verdict="pass"]').waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await openStep(6)
    await page.locator('[data-kind="http"]').first().click()
    await page.locator('[data-exchange]').waitFor()
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  })

  describe('device page', () => {
    const provider = { id: 'norddata', name: 'Norddata' }
    const frame = {
      path: '/device/frame/plans',
      revision: 1,
      address: 'https://portal.test.localhost/plans',
      canGoBack: true,
    }

    it('the device page posts the actions of the user', async () => {
      await open('#/device')
      await page.getByRole('button', { name: 'Mobile Plans' }).click()
      bench.setDevice({ ...CLOSED, screen: { name: 'catalog', country: 'de', providers: [provider] } })
      await page.getByText('Operators that sell plans in Germany').waitFor()
      await page.getByRole('button', { name: 'Norddata' }).click()
      const template = { bodyText: 'Plans by the week', buttonText: 'Continue', disclaimer: 'Your EID is shared.' }
      bench.setDevice({ ...CLOSED, screen: { name: 'gateway', provider, template } })
      await page.getByText('Your EID is shared.').waitFor()
      await page.getByRole('button', { name: 'Continue' }).click()
      await expect
        .poll(() => bench.actions)
        .toEqual([{ action: 'open' }, { action: 'choose-provider', provider: 'norddata' }, { action: 'continue' }])
    })

    it('the device page forwards bridge calls of the portal and script calls of the app', async () => {
      bench.setDevice({ ...CLOSED, screen: { name: 'portal', provider, frame } })
      await open('#/device')
      const portal = page.frameLocator('iframe')
      await portal.getByRole('button', { name: 'Pay and download' }).click()
      await expect.poll(() => bench.actions).toHaveLength(1)
      expect(bench.actions[0]).toMatchObject({
        action: 'bridge',
        call: { method: 'notifyProfileDownload', arguments: [{}, '1$smdp.test.localhost$A-1042-7F'] },
      })
      bench.callScript({ name: 'activationDone', argument: '{}' })
      await portal.getByText('activationDone').waitFor()
      expect(await page.locator('iframe').getAttribute('sandbox')).toBe('allow-scripts allow-forms')
    })

    it('the consent dialog shows the profile rules and asks for the confirmation code', async () => {
      const consent = {
        profileName: 'Plan Week',
        serviceProviderName: 'Norddata',
        iccid: '8949000000000000017',
        rules: ['The profile cannot be deleted.'],
        confirmationCodeRequired: true,
      }
      bench.setDevice({ ...CLOSED, screen: { name: 'portal', provider, frame }, consent })
      await open('#/device')
      await page.getByRole('dialog').getByText('The profile cannot be deleted.').waitFor()
      await page.getByLabel('Confirmation code').fill('2468')
      await page.keyboard.press('Enter')
      await expect.poll(() => bench.actions).toEqual([{ action: 'consent', accept: true, confirmationCode: '2468' }])
    })

    it('the network flyout shows the balance', async () => {
      bench.setDevice({
        ...CLOSED,
        flyout: {
          state: 'shown',
          operator: 'Norddata',
          registration: 'home',
          balance: { headline: '5.0 GB left' },
          links: [{ text: 'View my account', action: 'open' }],
        },
      })
      await open('#/device')
      await page.locator('[data-balance]').getByText('5.0 GB left').waitFor()
      await page.getByRole('button', { name: 'Network' }).click()
      await expect.poll(() => bench.actions).toEqual([{ action: 'close-flyout' }])
    })
  })
})
