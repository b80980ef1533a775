import type { Fetch } from '../../../src/rsp/fetch.ts'

export interface Page {
  readonly status: number
  readonly path: string
  readonly text: string
  readonly headers: Headers
}

/** A headless browser: stores the cookie, follows redirects, submits forms with the token of the current page. */
export const createVisitor = (portal: Fetch, host = 'https://portal.bench.example') => {
  let cookie = ''
  let page: Page | undefined
  const send = async (path: string, init: RequestInit = {}): Promise<Page> => {
    const request = new Request(new URL(path, host), { ...init, headers: { ...init.headers, Cookie: cookie } })
    const response = await portal(request)
    for (const set of response.headers.getSetCookie()) cookie = set.includes('Max-Age=0') ? '' : set.split(';')[0]!
    const location = response.headers.get('location')
    if (response.status === 303 && location !== null) return send(location)
    page = { status: response.status, path, text: await response.text(), headers: response.headers }
    return page
  }
  return {
    get: (path: string, headers: Record<string, string> = {}) => send(path, { headers }),
    post: (path: string, fields: Record<string, string> = {}) => {
      const csrf = /name="csrf" value="([^"]+)"/.exec(page?.text ?? '')?.[1] ?? ''
      return send(path, { method: 'POST', body: new URLSearchParams({ csrf, ...fields }) })
    },
    send,
    get cookie() {
      return cookie
    },
    set cookie(value: string) {
      cookie = value
    },
  }
}

export const heading = (page: Page): string | undefined => /<h1>(.*?)<\/h1>/.exec(page.text)?.[1]
/** The data attributes of the element with this id. */
export const getData = (page: Page, id: string): Record<string, string> =>
  Object.fromEntries(
    [...(new RegExp(`<div id="${id}"([^>]*)>`).exec(page.text)?.[1] ?? '').matchAll(/data-([a-z-]+)="([^"]*)"/g)].map(
      match => [match[1]!, match[2]!],
    ),
  )
