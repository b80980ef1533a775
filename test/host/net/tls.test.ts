import { randomBytes, X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { createAddressBook } from '../../../src/host/net/address-book.ts'
import { callerCertificateOf, mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { type FetchSettings, openFetch } from '../../../src/host/net/open-fetch.ts'
import { type OpenServer, openTlsServer, type ServerIdentity } from '../../../src/host/net/tls-server.ts'
import { serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { issueTestPki } from '../../../src/rsp/certificates/test-pki.ts'
import type { Fetch } from '../../../src/rsp/fetch.ts'

const HOST = 'smdp.example.com'
const CURVES = ['P-256', 'brainpoolP256r1'] as const
type Curve = (typeof CURVES)[number]

const now = new Date('2026-11-22T20:00:00Z')
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
const identities = new Map(
  CURVES.map(curve => [curve, serverIdentity(issueTestPki({ curve, random, now, smdpHost: HOST }).dpTls)]),
)
const identityOf = (curve: Curve): ServerIdentity => identities.get(curve)!

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close()
})

const serve = async (fetch: Fetch, curve: Curve = 'P-256', limit = 1000, ask = false): Promise<OpenServer> => {
  const server = await openTlsServer(express().use(mountFetch(fetch, { limit })), identityOf(curve), {
    askForCertificate: ask,
  })
  open.push(server)
  return server
}
const client = (port: number, more: Partial<FetchSettings> = {}): Fetch => {
  const addresses = createAddressBook()
  addresses.serve(HOST, port)
  const opened = openFetch({ addresses, check: () => undefined, ...more })
  open.push(opened)
  return opened.fetch
}
const echo: Fetch = async request => new Response(`${request.method} ${request.url} ${await request.text()}`)

describe('TLS', () => {
  it.each(CURVES)('openFetch checks the server certificate on %s and then sends the request', async curve => {
    const { port } = await serve(echo, curve)
    const seen: string[] = []
    const fetch = client(port, {
      check: ([leaf], host) => {
        seen.push(`${host} ${new X509Certificate(leaf!).publicKey.asymmetricKeyDetails?.namedCurve}`)
      },
    })
    const response = await fetch(new Request(`https://${HOST}/gsma/x?y=1`, { method: 'POST', body: 'hello' }))
    expect(await response.text()).toBe(`POST https://${HOST}/gsma/x?y=1 hello`)
    expect(seen).toEqual([`${HOST} ${curve === 'P-256' ? 'prime256v1' : curve}`])
  })

  it.each(CURVES)('openFetch sends nothing on %s to an untrusted server', async curve => {
    const received: string[] = []
    const { port } = await serve(async request => {
      received.push(request.url)
      return new Response('')
    }, curve)
    const fetch = client(port, {
      check: () => {
        throw new Error('its CI is not on the card')
      },
    })
    await expect(fetch(new Request(`https://${HOST}/`))).rejects.toMatchObject({
      code: 'untrusted',
      message: `${HOST} is not trusted: its CI is not on the card`,
    })
    expect(received).toEqual([])
  })

  it('the server receives the client certificate, and can answer a client without one', async () => {
    const { port } = await serve(
      async request => {
        const certificate = callerCertificateOf(request)
        return new Response(certificate ? new X509Certificate(certificate).subject : 'nobody')
      },
      'P-256',
      1000,
      true,
    )
    expect(await (await client(port)(new Request(`https://${HOST}/`))).text()).toBe('nobody')
    const identity = { certificate: identityOf('P-256').certificate, key: identityOf('P-256').key }
    expect(await (await client(port, { identity })(new Request(`https://${HOST}/`))).text()).toContain('CN=')
  })

  it('openFetch returns separate cookies, redirects and responses without a body', async () => {
    const { port } = await serve(async request => {
      if (request.url.endsWith('/none')) return new Response(null, { status: 204 })
      const headers = new Headers({ location: '/next' })
      headers.append('set-cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT')
      headers.append('set-cookie', 'b=2')
      return new Response(null, { status: 302, headers })
    })
    const fetch = client(port)
    const response = await fetch(new Request(`https://${HOST}/`))
    expect(response.status).toBe(302)
    expect(response.headers.getSetCookie()).toEqual(['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2'])
    expect((await fetch(new Request(`https://${HOST}/none`))).status).toBe(204)
  })

  it('the server refuses a body over the limit, with or without Content-Length, and continues', async () => {
    const { port } = await serve(echo)
    const fetch = client(port)
    const post = (body: BodyInit): Promise<Response> =>
      fetch(new Request(`https://${HOST}/`, { method: 'POST', body, duplex: 'half' } as RequestInit))
    expect((await post('x'.repeat(1001))).status).toBe(413)
    expect((await post('x'.repeat(1000))).status).toBe(200)
  })

  it('the server answers 500 without a reason if the handler throws', async () => {
    const { port } = await serve(async () => {
      throw new Error('the key is 1234')
    })
    const response = await client(port)(new Request(`https://${HOST}/`))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('1234')
  })

  it('the server continues after a client without TLS', async () => {
    const { port } = await serve(echo)
    const socket = connect(port, '127.0.0.1')
    socket.end('GET / HTTP/1.1\r\n\r\n')
    await text(socket).catch(() => '')
    expect((await client(port)(new Request(`https://${HOST}/`))).status).toBe(200)
  })
})

describe('a Fetch over sockets', () => {
  it('openFetch names a host that is not in its address book', async () => {
    await expect(client(1)(new Request('https://elsewhere.example/'))).rejects.toMatchObject({
      name: 'FetchError',
      code: 'unreachable',
      message: expect.stringContaining('no server named elsewhere.example is known here'),
    })
  })

  it('openFetch reports that no program listens', async () => {
    const free = await openTlsServer(() => undefined, { certificate: '', key: '', curve: 'P-256' })
    await free.close()
    await expect(client(free.port)(new Request(`https://${HOST}/`))).rejects.toMatchObject({ code: 'unreachable' })
  })

  it('openFetch reports a timeout if the server does not answer', async () => {
    const { createServer } = await import('node:net')
    const mute = createServer(socket => void socket.resume().on('error', () => undefined))
    await new Promise<void>(done => mute.listen(0, '127.0.0.1', done))
    open.push({ close: () => new Promise(done => mute.close(() => done())) })
    const { port } = mute.address() as { port: number }
    await expect(
      client(port, { timeouts: { connect: 30, answer: 30 } })(new Request(`https://${HOST}/`)),
    ).rejects.toMatchObject({ code: 'timed-out' })
  })

  it('openFetch refuses a URL without TLS', async () => {
    await expect(client(1)(new Request(`http://${HOST}/`))).rejects.toMatchObject({ code: 'unreachable' })
  })
})

it('openTlsServer reports a port in use', async () => {
  const first = await openTlsServer(() => undefined, { certificate: '', key: '', curve: 'P-256' })
  open.push(first)
  await expect(
    openTlsServer(() => undefined, { certificate: '', key: '', curve: 'P-256' }, { port: first.port }),
  ).rejects.toMatchObject({
    code: 'port-in-use',
    message: expect.stringContaining(`port ${first.port} on 127.0.0.1 is in use`),
  })
})
