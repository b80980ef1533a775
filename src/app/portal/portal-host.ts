import type { Fetch } from '../../rsp/fetch.ts'
import type { Bridge, PortalView } from '../app.ts'
import { AppError } from '../error.ts'
import type { Launch } from '../launch.ts'
import { decide, finishingForm, getAlertText, getHeading, type Shopper } from '../shopper.ts'
import { createCookies } from './cookies.ts'
import { type Destination, navigate, request } from './navigation.ts'
import { openPage, prepareWebPages, type WebPage } from './web-page.ts'

/** The result of a visit to the portal. */
export interface Walk {
  readonly end: 'handed-over' | 'cancelled'
  /** The headings of the visited pages, in order. */
  readonly pages: readonly string[]
}

/** A web view without a person: a {@link Shopper} reads and operates the same pages over the same HTTP. */
export interface PortalHost {
  /** The interface for the app. */
  readonly view: (bridge: Bridge) => PortalView
  /** Continues from the open page until the page makes a bridge call. */
  shop(shopper: Shopper): Promise<Walk>
  /** Presses the button of the last page, if any, so that the portal can close its session. */
  finish(): Promise<void>
  /** The heading and the status line of the open page. */
  readonly seen: { readonly heading: string; readonly status: string } | null
}

const MAX_PAGES = 25
const MAX_REPEATS = 5

export const createPortalHost = (settings: {
  readonly web: Fetch
  readonly note?: (text: string) => void
}): PortalHost => {
  const { web, note = () => {} } = settings
  // Start the import early. The first page reports an import error.
  prepareWebPages().catch(() => undefined)
  let cookies = createCookies()
  let page: WebPage | undefined
  let bridge: Bridge = () => undefined
  let launch: Launch | undefined
  let handed: Walk['end'] | undefined
  /** Counts closings: a page may end its visit while it is being opened. */
  let closings = 0
  /** Calls for a page that is being opened. Its scripts may use the bridge before it is complete. */
  let pendingCalls: [script: string, argument: string][] = []
  let opening = false

  const show = async (to: Destination): Promise<WebPage> => {
    const language = launch?.headers['Accept-Language']
    const headers = { ...(language !== undefined && { 'Accept-Language': language }), ...to.headers }
    const { url, response } = await navigate(web, cookies, { ...to, headers }, note)
    const text = await response.text()
    page?.close()
    const before = closings
    pendingCalls = []
    opening = true
    const opened = await openPage(url, text, {
      cookies,
      note,
      load: async (address, init) => {
        if (!address.startsWith('https://')) note(`a page loads ${address.slice(0, 60)}, which is not https`)
        const form = init?.body instanceof URLSearchParams ? init.body : undefined
        return request(web, cookies, { url: address, ...(form && { form }) })
      },
      bridge: (call, documentUrl) => {
        const context = bridge(call, documentUrl)
        if (context !== undefined) handed = 'handed-over'
        else if (call.method === 'notifyCancelledPurchase') handed = 'cancelled'
        return context
      },
    }).finally(() => {
      opening = false
    })
    if (closings !== before) {
      opened.close()
      return opened
    }
    page = opened
    for (const [script, argument] of pendingCalls) opened.call(script, argument)
    return opened
  }

  const send = (from: WebPage, form: HTMLFormElement, button: HTMLElement | null): Promise<WebPage> => {
    // The listeners of the page run before submission and may prevent it.
    const event = new from.window.SubmitEvent('submit', { bubbles: true, cancelable: true, submitter: button as never })
    if (!form.dispatchEvent(event)) return Promise.resolve(from)
    const fields = new URLSearchParams()
    for (const [name, value] of new from.window.FormData(form))
      if (typeof value === 'string') fields.append(name, value)
    const action = new URL(form.getAttribute('action') ?? '', from.url)
    if (form.method === 'post') return show({ url: action.href, form: fields })
    action.search = fields.toString()
    return show({ url: action.href })
  }

  return {
    view: app => {
      bridge = app
      return {
        async open(to) {
          cookies = createCookies()
          launch = to
          handed = undefined
          await show({ url: to.url, headers: to.headers })
        },
        call(script, argument) {
          if (opening) pendingCalls.push([script, argument])
          else page?.call(script, argument)
        },
        close() {
          closings += 1
          page?.close()
          page = undefined
        },
      }
    },

    async shop(shopper) {
      const pages: string[] = []
      const taken = new Map<string, number>()
      let complaint = ''
      while (page !== undefined && pages.length < MAX_PAGES) {
        const here: WebPage = page
        pages.push(getHeading(here.document))
        if (handed !== undefined) return { end: handed, pages }
        const decision = decide(here.document, shopper)
        const way =
          decision.go === 'send'
            ? `${new URL(here.url).pathname} send ${decision.form.getAttribute('action')}`
            : decision.go === 'follow'
              ? `${new URL(here.url).pathname} follow ${decision.link.href}`
              : ''
        const times = (taken.get(way) ?? 0) + 1
        taken.set(way, times)
        complaint = getAlertText(here.document) || complaint
        if (decision.go === 'nowhere') throw stuck(here, complaint || decision.reason)
        // Do not repeat a step that the portal rejected: the result would be the same.
        if (times > (complaint === '' ? MAX_REPEATS : 1)) throw stuck(here, complaint || 'the page was returned again')
        if (decision.go === 'follow') await show({ url: decision.link.href })
        else await send(here, decision.form, decision.button)
      }
      if (page === undefined && handed !== undefined) return { end: handed, pages }
      throw page === undefined
        ? new AppError('portal-stuck', 'The portal was closed before it returned a result.')
        : stuck(page, `no end after ${MAX_PAGES} pages`)
    },

    async finish() {
      const form = page && finishingForm(page.document)
      if (page !== undefined && form !== undefined) await send(page, form, null)
    },

    get seen() {
      if (page === undefined) return null
      const status = page.document.querySelector('[role=status]')?.textContent ?? ''
      return { heading: getHeading(page.document), status: status.trim() }
    },
  }
}

const stuck = (page: WebPage, why: string): AppError =>
  new AppError('portal-stuck', `The visit to the portal ends at "${getHeading(page.document)}": ${why}`)
