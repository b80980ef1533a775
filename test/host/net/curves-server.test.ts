import { randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { readClientHello } from '../../../src/host/net/client-hello.ts'
import { type CurveIdentity, chooseIdentity, openCurvesServer } from '../../../src/host/net/curves-server.ts'
import { mountFetch } from '../../../src/host/net/mount-fetch.ts'
import { serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { issueTestPki } from '../../../src/rsp/certificates/test-pki.ts'

const now = new Date('2026-11-22T20:00:00Z')
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))
const identityOf = (curve: 'P-256' | 'brainpoolP256r1', host: string): CurveIdentity => ({
  ...serverIdentity(issueTestPki({ curve, random, now, smdpHost: host }).dpTls),
  ciKeyId: (curve === 'P-256' ? '11' : '22').repeat(20),
  host,
})
const [nist, brainpool, other] = [
  identityOf('P-256', 'smdp.example'),
  identityOf('brainpoolP256r1', 'smdp.example'),
  identityOf('P-256', 'smds.example'),
] as const
const IDENTITIES = [nist, brainpool, other]

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})
const serve = async () => {
  const app = express().use(mountFetch(async request => new Response(`hello ${new URL(request.url).pathname}`)))
  const server = await openCurvesServer(app, IDENTITIES, { host: '127.0.0.1', port: 0, option: '--port' })
  open.push(server)
  return server
}
/** The curve of the certificate that a client is shown, and the host it is for. */
const shown = async (port: number, options: ConnectionOptions): Promise<string> => {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options })
  await once(socket, 'secureConnect')
  const certificate = socket.getPeerX509Certificate()!
  socket.destroy()
  return `${certificate.publicKey.asymmetricKeyDetails?.namedCurve} ${certificate.subjectAltName?.match(/DNS:([^,]+)/)?.[1]}`
}

describe('a TLS server with certificates on both curves', () => {
  it.each<[string, ConnectionOptions, string]>([
    ['who says nothing', {}, 'prime256v1 smdp.example'],
    ['who has P-256 first', { ecdhCurve: 'prime256v1:brainpoolP256r1' }, 'prime256v1 smdp.example'],
    [
      'who has brainpool first',
      { ecdhCurve: 'brainpoolP256r1:prime256v1', sigalgs: 'ECDSA+SHA256' },
      'brainpoolP256r1 smdp.example',
    ],
    [
      'who has X25519 before brainpool',
      { ecdhCurve: 'X25519:brainpoolP256r1:prime256v1', sigalgs: 'ECDSA+SHA256' },
      'brainpoolP256r1 smdp.example',
    ],
    ['who asks for another host', { servername: 'smds.example' }, 'prime256v1 smds.example'],
  ])('shows %s the right one', async (_name, options, expected) => {
    const { port } = await serve()
    expect(await shown(port, { servername: 'smdp.example', ...options })).toBe(expected)
  })

  it('the server accepts a ClientHello in several segments', async () => {
    const { port } = await serve()
    const front = connect(port, '127.0.0.1')
    await once(front, 'connect')
    const hello = await helloOf({
      servername: 'smdp.example',
      ecdhCurve: 'brainpoolP256r1:prime256v1',
      sigalgs: 'ECDSA+SHA256',
    })
    for (const part of [hello.subarray(0, 3), hello.subarray(3, 60), hello.subarray(60)]) {
      front.write(part)
      await new Promise(resolve => setImmediate(resolve))
    }
    const [answer] = (await once(front, 'data')) as [Buffer]
    expect(answer[0]).toBe(22)
    front.destroy()
  })

  it('the server closes a connection without TLS and continues', async () => {
    const { port } = await serve()
    const stranger = connect(port, '127.0.0.1')
    stranger.write('GET / HTTP/1.1\r\n\r\n')
    await once(stranger, 'close')
    expect(await shown(port, { servername: 'smdp.example' })).toBe('prime256v1 smdp.example')
  })
})

/** The bytes with which a client of these options begins. */
const helloOf = async (options: ConnectionOptions): Promise<Buffer> => {
  const { createServer } = await import('node:net')
  const listener = createServer()
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const client = connectTls({ host: '127.0.0.1', port: (listener.address() as { port: number }).port, ...options })
  client.on('error', () => undefined)
  const [socket] = await once(listener, 'connection')
  const [hello] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  listener.close()
  return hello
}

describe('a ClientHello', () => {
  it('readClientHello returns the host and the groups in their order', async () => {
    const hello = await helloOf({ servername: 'smdp.example', ecdhCurve: 'brainpoolP256r1:X25519:prime256v1' })
    const read = readClientHello(hello)
    expect(read).toMatchObject({ serverName: 'smdp.example' })
    // RFC 7027: 26; RFC 8446: 29, 23.
    expect(read!.groups.filter(group => [26, 29, 23].includes(group))).toEqual([26, 29, 23])
  })

  it('readClientHello waits for a complete record and rejects other records', async () => {
    const hello = await helloOf({ servername: 'a.example' })
    for (const length of [0, 1, 4, 5, 40, hello.length - 1])
      expect(readClientHello(hello.subarray(0, length))).toBeUndefined()
    expect(readClientHello(Buffer.from('GET / HTTP/1.1'))).toBeNull()
    expect(readClientHello(Buffer.from([22, 3, 1, 0, 2, 1, 0]))).toBeNull()
  })

  it('chooseIdentity prefers the trusted CI of the client to its groups', () => {
    // RFC 6066 §6: trusted_ca_keys with one key_sha1_hash, behind supported_groups with P-256 first.
    const body = Buffer.concat([
      Buffer.from('0100000003030000', 'hex').subarray(0, 6),
      Buffer.alloc(32),
      Buffer.from([0, 0, 2, 0x13, 0x01, 1, 0]),
      Buffer.from([0, 8 + 4 + 23]),
      Buffer.from([0, 10, 0, 4, 0, 2, 0, 23]),
      Buffer.concat([Buffer.from([0, 3, 0, 23, 0, 21, 1]), Buffer.alloc(20, 0x22)]),
    ])
    const record = Buffer.concat([Buffer.from([22, 3, 1, body.length >> 8, body.length & 0xff]), body])
    const hello = readClientHello(record)
    expect(hello).toMatchObject({ groups: [23], trustedKeyIds: ['22'.repeat(20)] })
    expect(chooseIdentity(IDENTITIES, hello)).toBe(brainpool)
    expect(new X509Certificate(brainpool.certificate).publicKey.asymmetricKeyDetails?.namedCurve).toBe(
      'brainpoolP256r1',
    )
  })
})
