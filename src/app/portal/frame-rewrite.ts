import { prepareWebPages } from './web-page.ts'

/** Converts `https://host/path?query` to a path of the frame. `prefix` has no final slash and contains an unguessable token. */
export const toFramePath = (prefix: string, url: string): string => {
  const { host, pathname, search, hash } = new URL(url)
  return `${prefix}/${host}${pathname}${search}${hash}`
}
export const fromFramePath = (prefix: string, path: string): string | undefined => {
  if (!path.startsWith(`${prefix}/`)) return undefined
  const rest = path.slice(prefix.length + 1)
  return /^[A-Za-z0-9.-]+(:\d+)?\//.test(rest) ? `https://${rest}` : undefined
}

/** The attributes with addresses. `srcset` and inline styles are not rewritten. */
const ADDRESSES: readonly (readonly [selector: string, attribute: string])[] = [
  ['a[href], area[href], link[href]', 'href'],
  ['script[src], img[src], iframe[src], source[src], input[src]', 'src'],
  ['form[action]', 'action'],
  ['button[formaction], input[formaction]', 'formaction'],
]

/**
 * Rewrites a page of the portal for the frame. Its addresses go through the app, which holds the cookies. `scripts` run
 * before the scripts of the page. Links for a new window open in the same web view (reference §2.5).
 */
export const rewritePage = async (
  text: string,
  url: string,
  prefix: string,
  scripts: readonly string[],
): Promise<string> => {
  const { JSDOM } = await prepareWebPages()
  const dom = new JSDOM(text, { url })
  const { document } = dom.window
  const at = document.baseURI
  for (const element of document.querySelectorAll('base')) element.remove()
  for (const [selector, attribute] of ADDRESSES)
    for (const element of document.querySelectorAll(selector)) {
      const address = element.getAttribute(attribute) ?? ''
      if (address.startsWith('#') || !URL.canParse(address, at)) continue
      const target = new URL(address, at)
      if (target.protocol === 'https:') element.setAttribute(attribute, toFramePath(prefix, target.href))
      else if (target.protocol === 'http:') element.removeAttribute(attribute) // only https is allowed (reference §3.4 S4)
    }
  for (const element of document.querySelectorAll('[target]')) element.removeAttribute('target')
  for (const source of scripts.toReversed()) {
    const script = document.createElement('script')
    script.src = source
    document.head.prepend(script)
  }
  const page = dom.serialize()
  dom.window.close()
  return page
}

/** Rewrites the absolute addresses in a style sheet. Relative addresses remain valid. */
export const rewriteStyle = (text: string, url: string, prefix: string): string =>
  text.replace(/url\(\s*(["']?)((?:https:\/|\/)\/?[^"')]+)\1\s*\)/g, (whole, quote: string, address: string) =>
    URL.canParse(address, url) ? `url(${quote}${toFramePath(prefix, new URL(address, url).href)}${quote})` : whole,
  )
