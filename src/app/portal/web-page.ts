import type { DOMWindow, JSDOM } from 'jsdom'
import type { BridgeCall, MobilePlansOperationContext } from './bridge.ts'
import { BRIDGE_OBJECTS } from './bridge-objects.ts'
import type { Cookies } from './cookies.ts'

/** What a page may ask of the world around it. */
export interface PageHost {
  readonly cookies: Cookies
  /** Loads what the page names: scripts, style sheets, its own fetches. */
  readonly load: (url: string, init?: RequestInit) => Promise<Response>
  readonly bridge: (call: BridgeCall, documentUrl: string) => MobilePlansOperationContext | undefined
  readonly note: (text: string) => void
}

/** A page whose scripts have run. */
export interface WebPage {
  readonly url: string
  readonly document: Document
  readonly window: DOMWindow
  /** Calls a function of the page by its name with one string. */
  call(script: string, argument: string): void
  close(): void
}

/** The part of jsdom 27 that is used; its published types are of a later version. */
interface Jsdom {
  readonly JSDOM: typeof JSDOM
  readonly VirtualConsole: new () => { on(event: string, listener: (error: Error) => void): void }
  readonly ResourceLoader: new () => {
    fetch(url: string, options: { element?: Element }): Promise<Buffer> | null
  }
}
let jsdom: Promise<Jsdom> | undefined

/** jsdom takes half a second to import: whoever knows that pages will come calls this early. */
export const prepareWebPages = (): Promise<Jsdom> => {
  jsdom ??= import('jsdom').then(module => module as unknown as Jsdom)
  return jsdom
}

/**
 * Parses a page and runs its scripts, with the bridge's objects in place before the first of them.
 *
 * jsdom gives a page no way out but what is put in here. It is no sandbox against hostile code, though: whoever points the
 * bench at a portal runs that portal's scripts in the bench's process.
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
        // A style sheet is fetched as a web view would, but parsing it costs more than the rest of the page.
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
      // jsdom's own ways to the network open sockets; a page of this web view has `fetch` only.
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
      if (typeof listener !== 'function') return world.note(`the page has no function ${script} to be called`)
      try {
        listener(argument)
      } catch (error) {
        world.note(`${script} of the page failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    },
    close: () => window.close(),
  }
}
