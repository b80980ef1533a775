import type { DOMWindow, JSDOM } from 'jsdom'
import type { BridgeCall, MobilePlansOperationContext } from './bridge.ts'
import { BRIDGE_OBJECTS } from './bridge-objects.ts'
import type { Cookies } from './cookies.ts'

/** The functions that a page can use outside itself. */
export interface PageHost {
  readonly cookies: Cookies
  /** Loads scripts, style sheets and fetched resources of the page. */
  readonly load: (url: string, init?: RequestInit) => Promise<Response>
  readonly bridge: (call: BridgeCall, documentUrl: string) => MobilePlansOperationContext | undefined
  readonly note: (text: string) => void
}

/** A loaded page whose scripts have run. */
export interface WebPage {
  readonly url: string
  readonly document: Document
  readonly window: DOMWindow
  /** Calls a function of the page by name with one string. */
  call(script: string, argument: string): void
  close(): void
}

/** The used part of jsdom. Its published types are of another version. */
interface Jsdom {
  readonly JSDOM: typeof JSDOM
  readonly VirtualConsole: new () => { on(event: string, listener: (error: Error) => void): void }
  readonly ResourceLoader: new () => {
    fetch(url: string, options: { element?: Element }): Promise<Buffer> | null
  }
}
let jsdom: Promise<Jsdom> | undefined

/** Imports jsdom. The import takes half a second, so a caller that expects pages starts it early. */
export const prepareWebPages = (): Promise<Jsdom> => {
  jsdom ??= import('jsdom').then(module => module as unknown as Jsdom)
  return jsdom
}

/**
 * Parses a page and runs its scripts after the bridge objects are defined. jsdom is not a sandbox: the scripts of the
 * portal run in the process of the bench.
 */
export const openPage = async (url: string, text: string, world: PageHost): Promise<WebPage> => {
  const { JSDOM, ResourceLoader, VirtualConsole } = await prepareWebPages()
  const virtualConsole = new VirtualConsole()
  virtualConsole.on('jsdomError', error => world.note(`on ${url.split('?')[0]}: ${error.message}`))

  class PageResources extends ResourceLoader {
    override fetch(address: string, { element }: { element?: Element }): Promise<Buffer> | null {
      if (element?.localName !== 'script' && element?.localName !== 'link') return null
      return world.load(address).then(async response => {
        if (!response.ok) throw new Error(`${address} answered ${response.status}`)
        const body = Buffer.from(await response.arrayBuffer())
        // Fetch style sheets like a web view, but do not parse them: parsing costs more than the rest of the page.
        return element.localName === 'script' ? body : Buffer.alloc(0)
      })
    }
  }

  const dom = new JSDOM(text, {
    url,
    runScripts: 'dangerously',
    resources: new PageResources() as never,
    cookieJar: world.cookies.jar as never,
    virtualConsole: virtualConsole as never,
    beforeParse(window: DOMWindow) {
      // The network APIs of jsdom open sockets. A page of this web view has `fetch` only.
      for (const name of ['XMLHttpRequest', 'WebSocket']) Reflect.deleteProperty(window, name)
      Object.assign(window, {
        fetch: (address: string | URL, init?: RequestInit) => world.load(new URL(address, url).href, init),
      })
      const inject = window.eval(`(${BRIDGE_OBJECTS})`) as (post: (call: BridgeCall) => unknown) => void
      inject(call => world.bridge(call, url))
    },
  })
  const { window } = dom
  if (window.document.readyState !== 'complete')
    await new Promise(resolve => window.addEventListener('load', resolve, { once: true }))
  return {
    url,
    document: window.document,
    window,
    call(script, argument) {
      const listener: unknown = Reflect.get(window, script)
      if (typeof listener !== 'function') return world.note(`the page has no function ${script}`)
      try {
        listener(argument)
      } catch (error) {
        world.note(`${script} of the page failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    },
    close: () => window.close(),
  }
}
