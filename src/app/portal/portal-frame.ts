import type { Fetch } from '../../rsp/fetch.ts'
import type { Bridge, PortalView } from '../app.ts'
import { AppError } from '../error.ts'
import type { Launch } from '../launch.ts'
import { type BridgeCall, mayCall } from './bridge.ts'
import { BRIDGE_OBJECTS } from './bridge-objects.ts'
import { createCookies } from './cookies.ts'
import { fromFramePath, rewritePage, rewriteStyle, toFramePath } from './frame-rewrite.ts'
import { navigate, request } from './navigation.ts'

/** The web view for a person: a frame in the browser draws the pages, the app fetches them and holds the cookies. */
export interface PortalFrameController {
  /** The interface for the app. */
  readonly view: (bridge: Bridge) => PortalView
  /** Answers all requests of the browser below `root`. */
  readonly serve: Fetch
  /** The content of the frame; null without an open portal. */
  readonly shown: ShownPage | null
  /** Reports a navigation inside the frame: a link, a form, a redirect. */
  navigated(path: string): void
  /** Handles the back button of the app. */
  back(): void
  /** Receives a bridge call from the frame. */
  call(call: BridgeCall): void
}
export interface ShownPage {
  readonly path: string
  /** Increases when the app navigates. The frame then loads `path`. */
  readonly revision: number
  /** The displayed address: the URL of the operator without the identifiers in its query. */
  readonly address: string
  readonly canGoBack: boolean
}

export interface PortalFrameSettings {
  readonly web: Fetch
  /** `/device/frame/`, with the final slash. */
  readonly root: string
  readonly random: (length: number) => Uint8Array
  /** Calls a function of the page in the frame. */
  readonly callScript: (call: { readonly name: string; readonly argument: string }) => void
  /** Reports a change of `shown`. */
  readonly changed?: () => void
  readonly note?: (text: string) => void
}

/** The sandbox gives the frame an opaque origin in any embedding page. The page can send requests only to this proxy. */
const FRAME_POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'self'; sandbox allow-scripts allow-forms"

/** Reports the address of the frame and calls the functions of the page for the app. */
const FRAME_SCRIPT = `'use strict'
parent.postMessage({ esimBench: 'navigated', path: location.pathname + location.search }, '*')
addEventListener('message', event => {
  if (event.source !== parent || !event.data || event.data.esimBench !== 'script') return
  const { name, argument } = event.data.call
  if (typeof window[name] === 'function') window[name](argument)
})
`
/** The bridge objects over postMessage. The page cannot wait for the app, so it creates the operation id. */
const BRIDGE_SCRIPT = `'use strict'
;(${BRIDGE_OBJECTS})(call => {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const operationId = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  parent.postMessage({ esimBench: 'bridge', call: { ...call, operationId } }, '*')
  return /^notify.*ProfileDownload$/.test(call.method) ? { Id: operationId } : undefined
})
`
const SCRIPTS: Readonly<Record<string, string>> = { 'frame.js': FRAME_SCRIPT, 'bridge.js': BRIDGE_SCRIPT }

interface Visit {
  readonly launch: Launch
  readonly prefix: string
  readonly history: string[]
  /** The response to the launch, until the frame fetches it. */
  first: { readonly path: string; readonly response: Response } | undefined
}

export const createPortalFrame = (settings: PortalFrameSettings): PortalFrameController => {
  const { web, root, note = () => {}, changed = () => {} } = settings
  let cookies = createCookies()
  let bridge: Bridge = () => undefined
  let visit: Visit | undefined
  let revision = 0

  const urlOf = ({ prefix, history }: Visit): string => fromFramePath(prefix, history.at(-1) ?? '') ?? ''

  const fetchForFrame = async (from: Request, path: string, { prefix, launch }: Visit): Promise<Response> => {
    const url = fromFramePath(prefix, path)
    if (url === undefined) return new Response(null, { status: 404 })
    if (from.method !== 'GET' && from.method !== 'POST') return new Response(null, { status: 405 })
    const headers = { 'Accept-Language': launch.headers['Accept-Language'] ?? '' }
    const form = from.method === 'POST' ? new URLSearchParams(await from.text()) : undefined
    const response = await request(web, cookies, { url, headers, ...(form && { form }) })
    await cookies.take(url, response)
    return passOn(response, url, visit)
  }

  return {
    view: app => {
      bridge = app
      return {
        async open(launch) {
          cookies = createCookies()
          const token = Buffer.from(settings.random(16)).toString('hex')
          const prefix = `${root}${token}`
          const { url, response } = await navigate(web, cookies, { url: launch.url, headers: launch.headers }, note)
          const path = toFramePath(prefix, url.split(/[?#]/)[0]!)
          visit = { launch, prefix, history: [path], first: { path, response } }
          revision += 1
          changed()
        },
        call: (name, argument) => settings.callScript({ name, argument }),
        close() {
          visit = undefined
          changed()
        },
      }
    },

    async serve(from) {
      const { pathname, search } = new URL(from.url)
      if (visit === undefined || !pathname.startsWith(`${visit.prefix}/`)) return new Response(null, { status: 404 })
      const script = SCRIPTS[pathname.slice(visit.prefix.length + 1)]
      if (script !== undefined)
        return new Response(script, { headers: { 'Content-Type': 'text/javascript; charset=utf-8' } })
      const { first } = visit
      if (first !== undefined && from.method === 'GET' && pathname === first.path) {
        visit.first = undefined
        return passOn(first.response, fromFramePath(visit.prefix, first.path)!, visit)
      }
      try {
        return await fetchForFrame(from, pathname + search, visit)
      } catch (error) {
        if (error instanceof AppError) return unreachable(error, visit.launch.transactionId)
        throw error
      }
    },

    get shown() {
      if (visit === undefined) return null
      const { history } = visit
      return {
        path: history.at(-1)!,
        revision,
        address: urlOf(visit).split(/[?#]/)[0]!,
        canGoBack: history.length > 1,
      }
    },
    navigated(path) {
      if (visit === undefined || fromFramePath(visit.prefix, path) === undefined) return
      if (visit.history.at(-1) !== path) visit.history.push(path)
      changed()
    },
    back() {
      if (visit === undefined || visit.history.length < 2) return
      visit.history.pop()
      revision += 1
      changed()
    },
    call(call) {
      if (visit !== undefined) bridge(call, urlOf(visit))
    },
  }
}

/** Prepares the response of the portal for the browser: no cookies, no foreign policies, addresses through the app. */
const passOn = async (response: Response, url: string, visit: Visit | undefined): Promise<Response> => {
  if (visit === undefined) return new Response(null, { status: 404 })
  const { prefix, launch } = visit
  const type = response.headers.get('content-type') ?? 'application/octet-stream'
  const headers = new Headers({
    'Content-Type': type,
    'Content-Security-Policy': FRAME_POLICY,
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  })
  const location = response.headers.get('location')
  if (location !== null) {
    const target = new URL(location, url)
    if (target.protocol !== 'https:')
      return unreachable(
        new AppError('portal-failed', 'The portal leads to an address that is not https.'),
        launch.transactionId,
      )
    headers.set('Location', toFramePath(prefix, target.href))
    return new Response(null, { status: response.status, headers })
  }
  if (type.includes('html')) {
    // A page of another host gets no bridge objects.
    const scripts = mayCall(url, launch.bridgeHost) ? ['frame.js', 'bridge.js'] : ['frame.js']
    const page = await rewritePage(
      await response.text(),
      url,
      prefix,
      scripts.map(name => `${prefix}/${name}`),
    )
    headers.set('Content-Type', 'text/html; charset=utf-8')
    return new Response(page, { status: response.status, headers })
  }
  if (type.includes('css'))
    return new Response(rewriteStyle(await response.text(), url, prefix), { status: response.status, headers })
  return new Response(response.body, { status: response.status, headers })
}

const unreachable = (error: AppError, cv: string): Response =>
  new Response(
    `<!doctype html><html lang="en"><title>Not available</title><h1>This page cannot be shown</h1><p>${plainText(error.message)} Go back and try again.</p><p>CV: ${plainText(cv)}</p></html>`,
    { status: 502, headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': FRAME_POLICY } },
  )
const plainText = (text: string): string => text.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`)
