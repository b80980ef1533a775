import { CookieJar } from 'tough-cookie'

/** The web view's cookies. They stay on the app's side, also when a browser draws the pages. */
export interface Cookies {
  readonly jar: CookieJar
  headerFor(url: string): Promise<string>
  take(url: string, response: Response): Promise<void>
}

export const createCookies = (): Cookies => {
  const jar = new CookieJar()
  return {
    jar,
    headerFor: url => jar.getCookieString(url),
    async take(url, response) {
      // A cookie that breaks its own rules (a foreign domain, a false __Host- prefix) is dropped, as browsers do.
      for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url, { ignoreError: true })
    },
  }
}
