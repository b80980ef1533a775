import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { build } from 'vite'
import { ROOT } from '../paths.ts'

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = CANDIDATES.find(path => existsSync(path))

/** Why the page cannot be tested here, to stand in the name of what is skipped; `null` when it can. */
export const noChromium =
  executablePath === undefined
    ? `skipped: no Chromium here (Debian package chromium; looked for ${CANDIDATES[0]})`
    : null

/** Chromium's own talk with its maker is switched off, so that what is requested is requested by the page. */
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

/** The page of a bench at `url` after its newest run, as a picture for the README: the eight steps, the fifth of them open. */
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

/** The page as it is built from what is in the folder now, in a folder of its own. */
export const buildDashboard = async (): Promise<{ folder: string; remove(): Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'esim-bench-dashboard-'))
  const root = join(ROOT, 'dashboard')
  await build({ root, logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) }
}
