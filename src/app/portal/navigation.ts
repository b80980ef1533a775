import { type Fetch, FetchError } from '../../rsp/fetch.ts'
import { AppError } from '../error.ts'
import type { Cookies } from './cookies.ts'

/** The target of a navigation: a link or a submitted form. */
export interface Destination {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly form?: URLSearchParams
}
export interface Arrival {
  /** The URL after redirects. */
  readonly url: string
  readonly response: Response
}

const MAX_REDIRECTS = 10

/**
 * Navigates like a browser, with cookies and redirects, https only. Rejects with an AppError without a response and for
 * status 500 and above. A page with a lower status is shown.
 */
export const navigate = async (
  web: Fetch,
  cookies: Cookies,
  to: Destination,
  note: (text: string) => void,
): Promise<Arrival> => {
  let { url, form } = to
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    if (!url.startsWith('https://'))
      throw new AppError('portal-failed', `The portal leads to ${url.slice(0, 60)}, which is not https.`)
    const response = await request(web, cookies, { url, ...(form && { form }), headers: to.headers ?? {} })
    await cookies.take(url, response)
    const location = response.headers.get('location')
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      if (response.status >= 500)
        throw new AppError('portal-failed', `The operator’s pages answered with status ${response.status}.`)
      return { url, response }
    }
    const next = new URL(location, url).href
    if (new URL(next).hostname !== new URL(url).hostname)
      note(`the portal redirects from ${new URL(url).hostname} to ${new URL(next).hostname}`) // reference §3.4 K4
    url = next
    if (response.status < 307) form = undefined
  }
  throw new AppError('portal-failed', `The operator’s pages redirect more than ${MAX_REDIRECTS} times.`)
}

/** Fetches a resource of a page or one step of a navigation. Throws an AppError without a response. */
export const request = async (
  web: Fetch,
  cookies: Cookies,
  { url, headers = {}, form }: Destination,
): Promise<Response> => {
  const cookie = await cookies.headerFor(url)
  try {
    return await web(
      new Request(url, {
        redirect: 'manual',
        headers: { ...headers, ...(cookie !== '' && { Cookie: cookie }) },
        ...(form && { method: 'POST', body: form }),
      }),
    )
  } catch (error) {
    if (error instanceof FetchError)
      throw new AppError('portal-unreachable', `The operator’s pages could not be reached (${error.code}).`, error)
    throw error
  }
}
