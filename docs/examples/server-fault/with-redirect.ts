import type { Fetch } from '../../../src/rsp/fetch.ts'

/** Server layer: executes each request, but answers with a redirect. An LPA must not send card data to another host. */
export const withRedirect =
  (fetch: Fetch, location: string): Fetch =>
  async request => {
    await (await fetch(request)).arrayBuffer()
    return new Response(null, { status: 307, headers: { location } })
  }
