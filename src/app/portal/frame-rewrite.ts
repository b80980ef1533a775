import { prepareWebPages } from './web-page.ts'

/** `https://host/path?query` as the frame's own path, and back. `prefix` ends without a slash and holds an unguessable token. */
export const toFramePath = (prefix: string, url: string): string => {
  const { host, pathname, search, hash } = new URL(url)
  return `${prefix}/${host}${pathname}${search}${hash}`
}
export const fromFramePath = (prefix: string, path: string): string | undefined => {
  if (!path.startsWith(`${prefix}/`)) return undefined
  const rest = path.slice(prefix.length + 1)
  return /^[A-Za-z0-9.-]+(:\d+)?\//.test(rest) ? `https://${rest}` : undefined
}

/** Where addresses stand in markup, beside `srcset` and inline styles, which pages that fit a portal do without. */
const ADDRESSES: readonly (readonly [selector: string, attribute: string])[] = [
  ['a[href], area[href], link[href]', 'href'],
  ['script[src], img[src], iframe[src], source[src], input[src]', 'src'],
  ['form[action]', 'action'],
  ['button[formaction], input[formaction]', 'formaction'],
]

/**
 * A page of the portal for the frame: its addresses lead through the app, so that cookies stay there; `scripts` come before
 * the page's own; links meant for a new window open in the same web view (reference §2.5).
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
      else if (target.protocol === 'http:') element.removeAttribute(attribute) // everything is https (reference §3.4 S4)
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

/** Addresses in a style sheet; relative ones stay right by themselves. */
export const rewriteStyle = (text: string, url: string, prefix: string): string =>
  text.replace(/url\(\s*(["']?)((?:https:\/|\/)\/?[^"')]+)\1\s*\)/g, (whole, quote: string, address: string) =>
    URL.canParse(address, url) ? `url(${quote}${toFramePath(prefix, new URL(address, url).href)}${quote})` : whole,
  )
