import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { build } from 'vite'
import { ROOT } from '../paths.ts'

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = CANDIDATES.find(path => existsSync(path))

/** The reason for skipping the tests, for their names; `null` if Chromium is installed. */
export const noChromium =
  executablePath === undefined
    ? `skipped: Chromium is not installed at ${CANDIDATES[0]} (Debian package chromium)`
    : null

/** Disables the background requests of Chromium, so that every recorded request comes from the page. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: executablePath!,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

/** Writes a screenshot of the newest run of the bench at `url`, with step 5 open, for the README. */
export const photographRun = async (browser: Browser, url: string, file: string): Promise<void> => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
  try {
    await page.goto(url)
    await page.locator('.run [data-verdict]').waitFor()
    await page.locator('#outline [data-step="5"]').click()
    await page.locator('#outline [data-kind="apdu"]', { hasText: 'AuthenticateServer' }).last().click()
    await page.locator('[data-exchange] .tree').first().waitFor()
    await page.mouse.move(0, 0)
    await page.screenshot({ path: file })
  } finally {
    await page.close()
  }
}

/** Builds the dashboard from the current sources into a temporary folder. */
export const buildDashboard = async (): Promise<{ folder: string; remove(): Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'esim-bench-dashboard-'))
  const root = join(ROOT, 'dashboard')
  await build({ root, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
