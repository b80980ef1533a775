import { CookieJar } from 'tough-cookie'

/** The cookies of the web view. They remain in the app, also if a browser draws the pages. */
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
      // Like browsers, drop an invalid cookie, such as one with a foreign domain or a wrong __Host- prefix.
      for (const cookie of response.headers.getSetCookie()) await jar.setCookie(cookie, url, { ignoreError: true })
    },
  }
}
