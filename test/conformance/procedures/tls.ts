import { connect as connectTcp } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { expect } from 'vitest'
import { checkWebServer, serverIdentity } from '../../../src/host/pki/web-pki.ts'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import type { CurveName } from '../../../src/rsp/crypto/curve.ts'
import type { Fetch, FetchError } from '../../../src/rsp/fetch.ts'
import { ES2p } from '../../../src/rsp/interfaces/es2p.ts'
import { ES12 } from '../../../src/rsp/interfaces/es12.ts'
import { ADDRESS, accepted, post, START, testPki } from '../../server/smdp/smdp-fixture.ts'
import { SMDS } from '../../server/smds/smds-fixture.ts'
import { type Conformance, type Procedure, type Procedures, procedures } from '../conformance.ts'
import { OPERATOR_A, type Sockets, towards, trustOf } from '../sockets.ts'

/** Connects, and gives the certificate that the server showed; or fails as the handshake did. */
const shake = (port: number, options: ConnectionOptions): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port, servername: ADDRESS, rejectUnauthorized: false, ...options },
      () => {
        resolve(new Uint8Array(socket.getPeerX509Certificate()!.raw))
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })

/** The card's list of CIs is the trust, and the CI of one curve is on it. */
const trusts =
  (curve: CurveName): Procedure =>
  async at => {
    const { initiate, card } = await at.smdp({
      curve,
      over: smdp => {
        at.sockets.ends.es9.answer = smdp.es9p
        const settings = { check: trustOf(testPki(curve)), prefer: curve }
        const lpa = at.sockets.client(settings, new Map([[ADDRESS, at.sockets.here(at.sockets.ends.es9.port)]]))
        return { es9p: towards(ADDRESS, lpa), es2p: smdp.es2p }
      },
    })
    accepted(await initiate(card))
  }

/** How a call ended that must not reach the server. */
const failsBefore = async (at: Conformance, end: keyof Sockets['ends'], call: () => ReturnType<Fetch>) => {
  const reached: string[] = []
  at.sockets.ends[end].answer = async ({ url }) => {
    reached.push(url)
    return new Response(null, { status: 204 })
  }
  const error = await call().then(
    ({ status }) => `answered with ${status}`,
    (failure: FetchError) => failure.code,
  )
  expect(reached).toEqual([])
  return error
}

const lpaRefuses =
  (host: string, trusted: 'own' | 'another'): Procedure =>
  async at => {
    const { sockets } = at
    const pki = trusted === 'own' ? testPki('P-256') : testPki('P-256', 'another')
    const lpa = sockets.client({ check: trustOf(pki) }, new Map([[host, sockets.here(sockets.ends.es9.port)]]))
    const call = () => lpa(new Request(`https://${host}/gsma/rsp2/es9plus/initiateAuthentication`, { method: 'POST' }))
    expect(await failsBefore(at, 'es9', call)).toBe('untrusted')
  }

/** The server hangs up on whoever cannot prove to be one of its callers (SGP.22 §6.2: mutual authentication). */
const hangsUp = async (
  at: Conformance,
  end: 'es2' | 'es12',
  issue: ((sockets: Sockets) => ReturnType<Sockets['web']['issue']>) | undefined,
): Promise<void> => {
  const { sockets } = at
  const [host, { path }] = end === 'es2' ? [ADDRESS, ES2p.ReleaseProfile] : [SMDS, ES12.RegisterEvent]
  const caller = sockets.client(
    { check: checkWebServer(sockets.web.ca, () => START), ...(issue && { identity: serverIdentity(issue(sockets)) }) },
    new Map([[host, sockets.here(sockets.ends[end].port)]]),
  )
  const { method, headers } = post(path, '{}')
  const call = () => caller(new Request(`https://${host}${path}`, { method, headers, body: '{}' }))
  expect(await failsBefore(at, end, call)).toBe('unreachable')
}
const ofStrangers = ({ strangers }: Sockets) => strangers.issue(OPERATOR_A)

export const TLS: Procedures = {
  'TC_SM-DP+_ES9+_Server_Authentication_for_HTTPS_EstablishmentNIST': trusts('P-256'),
  'TC_SM-DP+_ES9+_Server_Authentication_for_HTTPS_EstablishmentBRP': trusts('brainpoolP256r1'),
  ...procedures('EB_TLS', {
    '#01': async ({ sockets: { ends } }) => {
      const sigalgs = 'ECDSA+SHA256'
      const [both, one] = [
        await shake(ends.es9.port, { ecdhCurve: 'brainpoolP256r1:prime256v1', sigalgs, maxVersion: 'TLSv1.2' }),
        await shake(ends.es9.port, { ecdhCurve: 'prime256v1', sigalgs }),
      ]
      expect([both, one].map(der => parseCertificate(der).curve)).toEqual(['brainpoolP256r1', 'P-256'])
    },
    '#02': lpaRefuses(ADDRESS, 'another'),
    '#03': lpaRefuses('other.example.com', 'own'),
    '#04': at => hangsUp(at, 'es2', undefined),
    '#05': at => hangsUp(at, 'es2', ofStrangers),
    '#06': at => hangsUp(at, 'es2', ({ formerWeb }) => formerWeb.issue(OPERATOR_A)),
    '#07': async at => {
      await hangsUp(at, 'es12', undefined)
      await hangsUp(at, 'es12', ofStrangers)
    },
    '#08': async ({ sockets: { ends } }) => {
      for (const { port } of [ends.es9, ends.es2, ends.es11, ends.es12]) {
        const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
        // The alert is the server's: it was asked, and said no.
        await expect(shake(port, old)).rejects.toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' })
      }
    },
    '#09': async at => {
      const { initiate, card } = await at.smdp()
      for (const noise of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\x00\x05hello', '\x00'.repeat(50)])
        await new Promise<void>(done => {
          const socket = connectTcp(at.sockets.ends.es9.port, '127.0.0.1', () => socket.write(noise))
          socket.on('error', () => undefined)
          socket.on('close', () => done())
          socket.resume()
        })
      accepted(await initiate(card))
    },
  }),
}
