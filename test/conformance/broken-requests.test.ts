import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serverIdentity } from '../../src/host/pki/web-pki.ts'
import { ES2p } from '../../src/rsp/interfaces/es2p.ts'
import { ES9p } from '../../src/rsp/interfaces/es9p.ts'
import { ASN1_PATH } from '../../src/rsp/interfaces/es9p-asn1.ts'
import { ES12 } from '../../src/rsp/interfaces/es12.ts'
import { createMutations } from '../server/smdp/requests/mutations.ts'
import { ADDRESS, accepted } from '../server/smdp/smdp-fixture.ts'
import { SMDS } from '../server/smds/smds-fixture.ts'
import { CATALOGUE } from './catalogue.ts'
import { createConformance } from './conformance.ts'
import { OPERATOR_A, openSockets, type Sockets } from './sockets.ts'

/** So many connections an interface, each with something that is no request. */
const CONNECTIONS = 84
const SECRET = 'OTHER-MATCHING-ID'

let sockets: Sockets
let identity: { readonly cert: string; readonly key: string }
beforeAll(async () => {
  sockets = await openSockets()
  const { certificate, key } = serverIdentity(sockets.web.issue(OPERATOR_A))
  identity = { cert: certificate, key }
})
afterAll(() => sockets.close())

/** Sends the bytes, ends its half, and gives all that came back before the server ended its own. */
const exchange = (end: 'es9' | 'es2' | 'es11' | 'es12', bytes: Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    const mutual = end === 'es2' || end === 'es12'
    const chunks: Buffer[] = []
    const socket: TLSSocket = connect(
      {
        host: '127.0.0.1',
        port: sockets.ends[end].port,
        servername: end === 'es9' || end === 'es2' ? ADDRESS : SMDS,
        rejectUnauthorized: false,
        ...(mutual && identity),
      },
      () => socket.end(bytes),
    )
    socket.on('data', chunk => chunks.push(chunk))
    // Hung up on while it still wrote: an answer too.
    socket.on('error', error => ('code' in error ? resolve(Buffer.concat(chunks).toString('latin1')) : reject(error)))
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
  })

const PATHS = {
  es9: [...Object.values(ES9p).map(({ path }) => path), ASN1_PATH],
  es2: Object.values(ES2p).map(({ path }) => path),
  es11: [ES9p.InitiateAuthentication.path, ES9p.AuthenticateClient.path, ASN1_PATH],
  es12: Object.values(ES12).map(({ path }) => path),
} as const

/** Something that a client may send that is broken, hostile, or both. */
const createNoise = (seed: number, paths: readonly string[]) => {
  const { pick, below } = createMutations(seed)
  const good = (body = '{"smdpAddress":"x"}', more = '') =>
    `POST ${pick(paths)} HTTP/1.1\r\nHost: ${ADDRESS}\r\nX-Admin-Protocol: gsma/rsp/v2.2.2\r\n` +
    `Content-Type: application/json\r\n${more || `Content-Length: ${Buffer.byteLength(body)}\r\n`}Connection: close\r\n\r\n${body}`
  const garbage = () => Buffer.from(Array.from({ length: 1 + below(400) }, () => below(256))).toString('latin1')
  const makers: readonly (() => string)[] = [
    garbage,
    () => good().slice(0, below(200)),
    () => good('{}', 'Content-Length: 5000\r\n'),
    () => good('{}', 'Content-Length: 1\r\n'),
    () => good('{}', 'Content-Length: -1\r\n'),
    () => good('{}', 'Content-Length: 2\r\nContent-Length: 3\r\n'),
    () => good('{}', 'Content-Length: 99999999999999999999\r\n'),
    () => good(`5\r\n{"a":\r\nZZ\r\n${garbage()}`, 'Transfer-Encoding: chunked\r\n'),
    () => good(`2\r\n{}\r\n0\r\n\r\n${good()}`, 'Transfer-Encoding: chunked\r\n'),
    () => good('{}', 'Transfer-Encoding: chunked\r\nContent-Length: 2\r\n'),
    () => good('{}', 'Expect: 100-continue\r\nContent-Length: 2\r\n'),
    () => good('{}', 'Upgrade: h2c\r\nContent-Length: 2\r\n'),
    () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${garbage()}`,
    () => `GET ${pick(paths)} HTTP/9.9\r\n\r\n`,
    () => `POST ${'/'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    () => `POST ${pick(paths)} HTTP/1.1\r\n${'X: y\r\n'.repeat(3000)}\r\n`,
    () => `POST ${pick(paths)} HTTP/1.1\r\nHost: ${garbage().replace(/[\r\n]/g, '')}\r\nContent-Length: 2\r\n\r\n{}`,
    () =>
      `POST http://elsewhere.example/x HTTP/1.1\r\nHost: ${pick(['', '[', 'a b', ':99999', '@'])}\r\nContent-Length: 0\r\n\r\n`,
    () => good().replace('\r\n\r\n', '\n\n'),
    () => good().replace('Host', `Ho\u0000st`),
    () => good() + good(garbage()),
  ]
  return (index: number): Uint8Array => Buffer.from(makers[index % makers.length]!(), 'latin1')
}

describe.each(['es9', 'es2', 'es11', 'es12'] as const)('malformed requests on the port of %s', end => {
  it('The server answers with a status below 500 or closes the connection, returns no details, and serves other clients', async () => {
    const at = createConformance(sockets, CATALOGUE[0]!.rows[0]!)
    const fixture = await at.smdp()
    await fixture.order({ matchingId: SECRET })
    const smds = at.smds()
    accepted(await smds.register({ eventId: SECRET }))
    const noise = createNoise(end.length, PATHS[end])
    const statuses = new Map<string, number>()
    for (let index = 0; index < CONNECTIONS; index += 1) {
      const answer = await exchange(end, noise(index))
      const status = answer === '' ? 'hung up' : (/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'not HTTP')
      expect(status, `connection ${index}`).toMatch(/^([1234]\d\d|hung up)$/)
      expect(answer.includes(SECRET), `connection ${index}`).toBe(false)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    expect(statuses.get('400')).toBeGreaterThan(10)
    accepted(await fixture.initiate(fixture.card))
    accepted(await smds.discover(smds.card))
    expect(await fixture.stateOf()).toBe('Released')
    expect([...fixture.defects, ...smds.defects]).toEqual([])
  })
})
