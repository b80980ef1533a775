import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { chooseFetch, type Fetch, type WholeRequest, type WholeResponse } from '../../../src/rsp/fetch.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

/** A server that says which way a request came. */
const twoWays: Fetch = Object.assign(
  async (request: Request) => new Response(`request ${new URL(request.url).pathname} ${await request.text()}`),
  {
    answerWhole: async ({ path, host, header, body }: WholeRequest): Promise<WholeResponse> =>
      path.endsWith('/none')
        ? { status: 204, headers: { 'X-Seen': header('X-Asked') ?? '' }, body: null }
        : { status: 200, headers: {}, body: `whole ${host}${path} ${Buffer.from(body).toString()}` },
  },
)

const ask = async (fetch: Fetch, { path = '/a/b', method = 'POST', body = 'hé', headers = {} } = {}) => {
  const server = createServer(mountFetch(fetch, { limit: 100 })).listen(0, '127.0.0.1')
  open.push(server)
  await new Promise(done => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  const outgoing = request({ port, host: '127.0.0.1', method, path, headers: { Host: 'smdp.example:1', ...headers } })
  outgoing.end(body)
  const incoming = await new Promise<import('node:http').IncomingMessage>(done => outgoing.once('response', done))
  return { status: incoming.statusCode, headers: incoming.headers, text: await text(incoming) }
}

describe('a server that accepts plain messages', () => {
  it('mountFetch passes a plain message and sends the response with its length in bytes', async () => {
    const answer = await ask(twoWays)
    expect(answer.text).toBe('whole smdp.example/a/b hé')
    expect(answer.headers['content-length']).toBe(`${Buffer.byteLength(answer.text)}`)
  })

  it('mountFetch sends a response without a body and reads headers in any case', async () => {
    const { status, headers, text } = await ask(twoWays, { path: '/none', headers: { 'x-ASKED': 'so' } })
    expect([status, headers['x-seen'], text]).toEqual([204, 'so', ''])
  })

  it.each([['/a?b=1'], ['/a/../b'], ['/a%2Fb'], ['//elsewhere/b'], ['/a/']])(
    'gets %s as a Request, whose URL is read as URLs are',
    async path => {
      expect((await ask(twoWays, { path })).text).toMatch(/^request /)
    },
  )

  it('mountFetch passes another method, or an invalid header name, as a Request', async () => {
    expect((await ask(twoWays, { method: 'PUT' })).text).toMatch(/^request /)
    expect((await ask(twoWays, { headers: { Host: '[::1]:80' } })).text).toMatch(/^request /)
  })

  it('mountFetch does not pass a body over the limit', async () => {
    expect((await ask(twoWays, { body: 'x'.repeat(101) })).status).toBe(413)
    expect((await ask(twoWays, { body: 'x'.repeat(101), headers: { 'Transfer-Encoding': 'chunked' } })).status).toBe(
      413,
    )
  })

  it('mountFetch finds a plain server behind a router, next to a server without plain messages', async () => {
    const slow: Fetch = async () => new Response('slow')
    const byHost = chooseFetch(({ host, path }) => (host === 'smdp.example' && path === '/a/b' ? twoWays : slow))
    expect((await ask(byHost)).text).toMatch(/^whole /)
    expect((await ask(byHost, { headers: { Host: 'other.example' } })).text).toBe('slow')
  })
})
