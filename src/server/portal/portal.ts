import { ASSETS } from './assets.ts'
import { readForm } from './forms.ts'
import { type Html, toMarkup } from './html.ts'
import { isLaunch, readLaunch } from './launch-parameters.ts'
import type { Brand } from './layout.ts'
import { cancelledPage, endedPage, privacyPage, refusedPage, supportPage, termsPage } from './outcome-pages.ts'
import { answerStep } from './purchase.ts'
import { createSessions, endedCookie, readSessionId, type Sessions, sameToken, sessionCookie } from './session.ts'
import { welcomePage } from './shop-pages.ts'
import type { PortalAnswer, PortalAuditEntry, PortalSettings, PortalStep } from './visit.ts'

const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer', // the launch URL contains identifiers of the device
  'Cache-Control': 'no-store',
  'Content-Language': 'en',
}

/**
 * The portal of the operator as a Fetch: welcome, plan, account, review, order. Each form has its path and is answered by a
 * redirect, so that the back button of the app never submits a form again.
 */
export const createPortal = (settings: PortalSettings): ((request: Request) => Promise<Response>) => {
  const sessions = createSessions(settings.clock, settings.random)
  return async request => {
    const url = new URL(request.url)
    const asset = ASSETS[url.pathname]
    if (asset !== undefined)
      return new Response(asset.text, {
        headers: { ...HEADERS, 'Content-Type': asset.type, 'Cache-Control': 'max-age=600' },
      })
    const reader = READING[url.pathname]
    if (reader !== undefined && request.method === 'GET') return respond({ page: reader(settings.brand) })
    if (url.pathname === '/' && request.method === 'GET' && isLaunch(url.searchParams))
      return launch(request, url, settings, sessions)
    return visit(request, url, settings, sessions)
  }
}

/** Pages outside the purchase, without a session. */
const READING: Readonly<Record<string, (brand: Brand) => Html>> = {
  '/terms': termsPage,
  '/privacy': privacyPage,
  '/support': supportPage,
}

/** A launch by the app starts a new visit and ends the visit of an older cookie. */
const launch = (request: Request, url: URL, settings: PortalSettings, sessions: Sessions): Response => {
  const { parameters, faults } = readLaunch(url.searchParams, request.headers)
  const { transactionId } = parameters
  const audit = (what: PortalAuditEntry['what'], detail: string): void =>
    settings.audit?.({ at: settings.clock(), transactionId, what, detail })
  const old = readSessionId(request)
  if (old !== undefined) sessions.close(old)

  const cannot = faults.length > 0 ? faults.join('; ') : parameters.eid === undefined ? 'no eSIM in this device' : ''
  if (cannot !== '') {
    audit('refused', cannot)
    const page = cancelledPage(settings.brand, { status: 'clientError', userAccount: 'none', reachedLine: false })
    return respond({ page, status: faults.length > 0 ? 400 : 200 })
  }
  audit('launched', `location ${parameters.location}, market ${parameters.market}`)
  for (const { code, at } of parameters.lpaErrors) audit('launched', `a previous download failed: ${code} ${at}`.trim())
  const { id, session } = sessions.open(parameters)
  return respond({ page: welcomePage(settings.brand, session) }, sessionCookie(id))
}

const visit = async (request: Request, url: URL, settings: PortalSettings, sessions: Sessions): Promise<Response> => {
  const { brand } = settings
  const id = readSessionId(request)
  const session = sessions.find(id)
  if (id === undefined || session === undefined) return respond({ page: endedPage(brand), status: 403 }, endedCookie())
  if (request.method !== 'GET' && request.method !== 'POST')
    return respond({
      page: refusedPage(brand, 'Not possible', 'This page accepts only GET and POST requests.'),
      status: 405,
    })

  let form: URLSearchParams | undefined
  if (request.method === 'POST') {
    const read = await readForm(request)
    if (typeof read === 'number')
      return respond({
        page: refusedPage(brand, 'Not possible', 'The data is not one of our forms.'),
        status: read,
      })
    form = read
    if (!sameToken(form.get('csrf') ?? '', session.csrf))
      return respond({
        page: refusedPage(brand, 'Not possible', 'This form does not belong to your visit. Go back and send it again.'),
        status: 403,
      })
  }
  const step: PortalStep = { path: url.pathname, form, session, settings }
  const answer = await answerStep(step)
  if (answer === undefined)
    return respond({ page: refusedPage(brand, 'Page not found', 'This page does not exist.'), status: 404 })
  if (answer.session === 'ended') {
    sessions.close(id)
    return respond(answer, endedCookie())
  }
  return respond(answer, answer.session === 'renamed' ? sessionCookie(sessions.rename(id)) : undefined)
}

const respond = (answer: PortalAnswer, cookie?: string): Response => {
  const headers = new Headers(HEADERS)
  if (cookie !== undefined) headers.append('Set-Cookie', cookie)
  if ('to' in answer) {
    headers.set('Location', answer.to)
    return new Response(null, { status: 303, headers })
  }
  headers.set('Content-Type', 'text/html; charset=utf-8')
  return new Response(toMarkup(answer.page), { status: answer.status ?? 200, headers })
}
