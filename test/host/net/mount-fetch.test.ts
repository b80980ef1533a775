import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { createBufferedResponse, getRequestBody, getRequestHeader } from '../../../src/rsp/buffered-message.ts'
import { chooseFetch, type Fetch } from '../../../src/rsp/fetch.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

/** Reports whether the body of the request is in memory, and its URL. */
const echo: Fetch = async request => {
  const kind = getRequestBody(request) === undefined ? 'platform' : 'buffered'
  const text = `${kind} ${request.url} ${await request.text()}`
  if (request.url.endsWith('/none'))
    return createBufferedResponse(204, { 'X-Seen': getRequestHeader(request, 'X-Asked') ?? '' }, null)
  return kind === 'buffered' ? createBufferedResponse(200, {}, text) : new Response(text)
}

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

describe('mountFetch', () => {
  it('passes a plain POST with its body in memory and sends the length in bytes', async () => {
    const answer = await ask(echo)
    expect(answer.text).toBe('buffered http://smdp.example:1/a/b hé')
    expect(answer.headers['content-length']).toBe(`${Buffer.byteLength(answer.text)}`)
  })

  it('sends a response without a body and finds headers in any case', async () => {
    const { status, headers, text } = await ask(echo, { path: '/none', headers: { 'x-ASKED': 'so' } })
    expect([status, headers['x-seen'], text]).toEqual([204, 'so', ''])
  })

  it.each([
    ['/a?b=1', '/a?b=1'],
    ['/a/../b', '/b'],
    ['/a%2Fb', '/a%2Fb'],
    ['/a/', '/a/'],
  ])('normalizes the URL of %s', async (path, expected) => {
    expect((await ask(echo, { path })).text).toBe(`buffered http://smdp.example:1${expected} hé`)
  })

  it.each(['SMDP.example:80', 'smdp.example', 'smdp.EXAMPLE'])('normalizes the host name %s', async Host => {
    expect((await ask(echo, { headers: { Host } })).text).toBe('buffered http://smdp.example/a/b hé')
  })

  it('rejects a Host header that contains credentials with HTTP 400', async () => {
    expect((await ask(echo, { headers: { Host: 'user:secret@smdp.example' } })).status).toBe(400)
  })

  it('passes another method as a request of the platform', async () => {
    expect((await ask(echo, { method: 'PUT' })).text).toMatch(/^platform /)
  })

  it('rejects a body over the limit with HTTP 413', async () => {
    expect((await ask(echo, { body: 'x'.repeat(101) })).status).toBe(413)
    expect((await ask(echo, { body: 'x'.repeat(101), headers: { 'Transfer-Encoding': 'chunked' } })).status).toBe(413)
  })

  it('passes a request to the server that chooseFetch selects', async () => {
    const other: Fetch = async () => new Response('other')
    const byHost = chooseFetch(({ host, path }) => (host === 'smdp.example' && path === '/a/b' ? echo : other))
    expect((await ask(byHost)).text).toMatch(/^buffered /)
    expect((await ask(byHost, { headers: { Host: 'other.example' } })).text).toBe('other')
  })
})
