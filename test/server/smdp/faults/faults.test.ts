import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromBase64, toHex } from '../../../../src/asn1/bytes.ts'
import { encode, keep } from '../../../../src/asn1/schema.ts'
import { mountFetch } from '../../../../src/host/net/mount-fetch.ts'
import { AuthenticateServerResponse, PrepareDownloadResponse } from '../../../../src/rsp/authentication.ts'
import { parseCertificate } from '../../../../src/rsp/certificates/certificate.ts'
import { verifyChain } from '../../../../src/rsp/certificates/chain.ts'
import { type CertificateFault, issueFaultyCertificate } from '../../../../src/rsp/certificates/test-pki.ts'
import { verify } from '../../../../src/rsp/crypto/ecdsa.ts'
import { EUICCInfo1 } from '../../../../src/rsp/euicc-info.ts'
import { Signature } from '../../../../src/rsp/identifiers.ts'
import { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  ES9pAsn1,
  remoteProfileProvisioning,
} from '../../../../src/rsp/interfaces/es9p-asn1.ts'
import { createFaults, type FaultRule, type FunctionName } from '../../../../src/server/smdp/faults/faults.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, post, refused, START, testPki } from '../smdp-fixture.ts'

const sceneWith = async (...rules: FaultRule[]) => {
  const slept: number[] = []
  const faults = createFaults({
    random: seededRandom('faults'),
    sleep: async milliseconds => {
      slept.push(milliseconds)
    },
    rules,
  })
  const fixture = await createSmdpFixture({ faults })
  await fixture.order()
  return { ...fixture, faults, slept }
}
type Fixture = Awaited<ReturnType<typeof sceneWith>>
const pki = testPki('P-256')

const initiateRequest = (fixture: Fixture) =>
  post(
    ES9p.InitiateAuthentication.path,
    JSON.stringify(
      ES9p.InitiateAuthentication.request.toJson({
        euiccChallenge: fixture.card.challenge,
        euiccInfo1: keep(EUICCInfo1, fixture.card.info1),
        smdpAddress: 'smdp.example.com',
      }),
    ),
  )

/** All as it should be, once the rules are used up. */
const downloads = async (fixture: Fixture) => {
  const { ok } = await fixture.download(fixture.card)
  accepted(await fixture.notify(fixture.card.installationResult(ok.transactionId, ICCID)))
  expect(await fixture.stateOf()).toBe('Installed')
  expect(fixture.defects).toEqual([])
}

describe('server faults in the message content', () => {
  it('signs its challenge wrongly, once', async () => {
    const fixture = await sceneWith({
      function: 'InitiateAuthentication',
      fault: { kind: 'wrong-signature' },
      count: 1,
    })
    const valid = async () => {
      const { serverSigned1, serverSignature1 } = accepted(await fixture.initiate(fixture.card))
      return verify(pki.dpAuth.certificate.publicKey, serverSigned1.bytes, serverSignature1)
    }
    expect([await valid(), await valid()]).toEqual([false, true])
    await downloads(fixture)
  })

  it('answers another challenge, rightly signed', async () => {
    const fixture = await sceneWith({
      function: 'InitiateAuthentication',
      fault: { kind: 'wrong-challenge' },
      count: 1,
    })
    const { serverSigned1, serverSignature1 } = accepted(await fixture.initiate(fixture.card))
    expect(verify(pki.dpAuth.certificate.publicKey, serverSigned1.bytes, serverSignature1)).toBe(true)
    expect(equalBytes(serverSigned1.value.euiccChallenge, fixture.card.challenge)).toBe(false)
    await downloads(fixture)
  })

  const faults: CertificateFault[] = [
    'expired',
    'not-yet-valid',
    'wrong-role',
    'unknown-ci',
    'bad-signature',
    'wrong-key-usage',
    'wrong-names',
    'unknown-critical-extension',
  ]
  it.each(faults)('shows a DPauth and a DPpb certificate: %s', async fault => {
    const issuing = { random: seededRandom(fault), now: START }
    const other = (kind: 'DPauth' | 'DPpb') => {
      const { certificate, privateKey } = issueFaultyCertificate(pki, kind, fault, issuing)
      return { der: certificate.der, privateKey }
    }
    const fixture = await sceneWith(
      {
        function: 'InitiateAuthentication',
        fault: { kind: 'wrong-certificate', certificate: other('DPauth') },
        count: 1,
      },
      {
        function: 'AuthenticateClient',
        fault: { kind: 'wrong-certificate', certificate: other('DPpb') },
        count: 1,
      },
    )
    const check = (der: Uint8Array, kind: 'DPauth' | 'DPpb') =>
      verifyChain({ kind, chain: [parseCertificate(der)], trustAnchors: [pki.ci.certificate], now: START })

    const opened = accepted(await fixture.initiate(fixture.card))
    expect(() => check(opened.serverCertificate, 'DPauth')).toThrow(expect.objectContaining({ code: fault }))
    const { publicKey } = parseCertificate(opened.serverCertificate)
    expect(verify(publicKey, opened.serverSigned1.bytes, opened.serverSignature1)).toBe(true)

    const response = fixture.card.authenticateServer(opened, { matchingId: MATCHING_ID })
    const offered = accepted(await fixture.sendAuthentication(opened.transactionId, response))
    expect(() => check(offered.smdpCertificate, 'DPpb')).toThrow(expect.objectContaining({ code: fault }))
    const covered = concat(
      offered.smdpSigned2.bytes,
      encode(Signature, response.authenticateResponseOk!.euiccSignature1),
    )
    expect(verify(parseCertificate(offered.smdpCertificate).publicKey, covered, offered.smdpSignature2)).toBe(true)
    await downloads(fixture)
  })

  it('shows a certificate whose key it has not', async () => {
    const fixture = await sceneWith({
      function: 'InitiateAuthentication',
      fault: { kind: 'wrong-certificate', certificate: { der: pki.eum.certificate.der } },
    })
    const { serverCertificate } = accepted(await fixture.initiate(fixture.card))
    expect(toHex(serverCertificate)).toBe(toHex(pki.eum.certificate.der))
  })

  it('signs its offer wrongly', async () => {
    const fixture = await sceneWith({
      function: 'AuthenticateClient',
      fault: { kind: 'wrong-signature' },
      count: 1,
    })
    const offered = accepted(await fixture.authenticate(fixture.card))
    // The card would see it; one that does not is found out here, as it signs the signature that came.
    expect(refused(await fixture.getPackage(fixture.card, offered))).toBe('8.1/6.1')
    await downloads(fixture)
  })

  it.each([
    [0, 0x01],
    [300, 0x80],
    [-1, 0xff],
  ])('changes the byte at %i of the package, and keeps the right one', async (offset, mask) => {
    const fixture = await sceneWith({
      function: 'GetBoundProfilePackage',
      fault: { kind: 'changed-byte', offset, mask },
      count: 1,
    })
    const offered = accepted(await fixture.authenticate(fixture.card))
    const request = {
      transactionId: offered.transactionId,
      prepareDownloadResponse: keep(PrepareDownloadResponse, fixture.card.prepareDownload(offered).response),
    }
    const { path, request: written } = ES9p.GetBoundProfilePackage
    const send = async () => {
      const response = await fixture.smdp.es9p(post(path, JSON.stringify(written.toJson(request))))
      return fromBase64(((await response.json()) as { boundProfilePackage: string }).boundProfilePackage)
    }
    const [wrong, right] = [await send(), await send()]
    const at = offset < 0 ? right.length + offset : offset
    const differing = [...right.keys()].filter(index => right[index] !== wrong[index])
    expect([differing, wrong[at]! ^ right[at]!]).toEqual([[at], mask])

    fixture.faults.setRules([
      { function: 'GetBoundProfilePackage', fault: { kind: 'changed-byte', offset, mask }, count: 1 },
    ])
    const message = encode(remoteProfileProvisioning(ES9pAsn1.GetBoundProfilePackage.request), request)
    const sendInAsn1 = async () => {
      const response = await fixture.smdp.es9p(
        post(ASN1_PATH, new Uint8Array(message), { 'Content-Type': ASN1_CONTENT_TYPE }),
      )
      return toHex(new Uint8Array(await response.arrayBuffer()))
    }
    expect([(await sendInAsn1()).endsWith(toHex(wrong)), (await sendInAsn1()).endsWith(toHex(right))]).toEqual([
      true,
      true,
    ])
  })

  it('signs the package wrongly', async () => {
    const fixture = await sceneWith({
      function: 'GetBoundProfilePackage',
      fault: { kind: 'wrong-signature' },
      count: 1,
    })
    const offered = accepted(await fixture.authenticate(fixture.card))
    const { response } = fixture.card.prepareDownload(offered)
    const wrong = accepted(await fixture.sendPrepared(offered.transactionId, response)).boundProfilePackage
    const right = accepted(await fixture.sendPrepared(offered.transactionId, response)).boundProfilePackage
    const differing = [...right.keys()].filter(index => right[index] !== wrong[index])
    expect(differing).toHaveLength(1)
    // It lies in the 64 bytes behind 5F37 40, which close InitialiseSecureChannelRequest.
    const signature = toHex(right).indexOf('5f3740') / 2 + 3
    expect(differing[0]).toBe(signature + 63)
  })
})

describe('server faults in the transfer of responses', () => {
  it.each([500, 502, 503])('answers with %i and has done nothing', async status => {
    const fixture = await sceneWith({
      function: 'InitiateAuthentication',
      fault: { kind: 'http-status', status },
      count: 1,
    })
    expect((await fixture.smdp.es9p(initiateRequest(fixture))).status).toBe(status)
    await downloads(fixture)
  })

  it('drops the connection', async () => {
    const fixture = await sceneWith({ function: 'InitiateAuthentication', fault: { kind: 'reset' }, count: 1 })
    const response = await fixture.smdp.es9p(initiateRequest(fixture))
    await expect(response.arrayBuffer()).rejects.toThrow('reset')
    await downloads(fixture)
  })

  it('drops it on a real socket, and takes the next one', async () => {
    const fixture = await sceneWith({ function: 'InitiateAuthentication', fault: { kind: 'reset' }, count: 1 })
    const server = createServer(mountFetch(fixture.smdp.es9p))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const call = async () => {
      const { method, headers } = initiateRequest(fixture)
      const body = await initiateRequest(fixture).text()
      const url = `http://127.0.0.1:${port}${ES9p.InitiateAuthentication.path}`
      const response = await fetch(url, { method, headers, body })
      return Object.keys((await response.json()) as object)
    }
    try {
      await expect(call()).rejects.toThrow()
      expect(await call()).toContain('transactionId')
    } finally {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  })

  it('breaks its answer off in the middle', async () => {
    const fixture = await sceneWith({ function: 'InitiateAuthentication', fault: { kind: 'malformed' }, count: 1 })
    const response = await fixture.smdp.es9p(initiateRequest(fixture))
    await expect(response.json()).rejects.toThrow(SyntaxError)
    await downloads(fixture)
  })

  it('is late', async () => {
    const fixture = await sceneWith({
      function: 'CancelSession',
      fault: { kind: 'delay', milliseconds: 2000 },
      count: 1,
    })
    const { transactionId } = accepted(await fixture.authenticate(fixture.card))
    accepted(await fixture.cancel(transactionId, fixture.card.cancelSession(transactionId, 'postponed')))
    expect(fixture.slept).toEqual([2000])
    await downloads(fixture)
  })

  it.each(['GetBoundProfilePackage', 'HandleNotification'] as const)(
    'loses the answer of %s after it has run: asked again, all goes on',
    async name => {
      const fixture = await sceneWith({
        function: name,
        fault: { kind: 'http-status', status: 503, after: true },
        count: 1,
      })
      const offered = accepted(await fixture.authenticate(fixture.card))
      const { response } = fixture.card.prepareDownload(offered)
      const send = () => fixture.sendPrepared(offered.transactionId, response)
      if (name === 'GetBoundProfilePackage') await expect(send()).rejects.toThrow()
      expect(await fixture.stateOf()).toBe(name === 'GetBoundProfilePackage' ? 'Downloaded' : 'Released')
      accepted(await send())
      const result = fixture.card.installationResult(offered.transactionId, ICCID)
      if (name === 'HandleNotification') await expect(fixture.notify(result)).rejects.toThrow()
      else accepted(await fixture.notify(result))
      expect(await fixture.stateOf()).toBe('Installed')
      expect(await fixture.store.listNotifications()).toHaveLength(1)
    },
  )

  it('does so in the ASN.1 binding too', async () => {
    const fixture = await sceneWith({
      function: 'AuthenticateClient',
      fault: { kind: 'http-status', status: 502 },
      count: 1,
    })
    const opened = accepted(await fixture.initiate(fixture.card))
    const message = encode(remoteProfileProvisioning(ES9pAsn1.AuthenticateClient.request), {
      transactionId: opened.transactionId,
      authenticateServerResponse: keep(
        AuthenticateServerResponse,
        fixture.card.authenticateServer(opened, { matchingId: MATCHING_ID }),
      ),
    })
    const send = () =>
      fixture.smdp.es9p(post(ASN1_PATH, new Uint8Array(message), { 'Content-Type': ASN1_CONTENT_TYPE }))
    expect([(await send()).status, (await send()).status]).toEqual([502, 200])
  })
})

describe('server with fault rules', () => {
  it('413: reads no more of a message in the ASN.1 binding than one that behaves', async () => {
    const fixture = await sceneWith()
    let sent = 0
    const body = new ReadableStream({
      pull: controller => {
        sent += 65_536
        if (sent > 16 * 2 ** 20) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
      },
    })
    const headers = { 'X-Admin-Protocol': 'gsma/rsp/v2.2.2', 'Content-Type': ASN1_CONTENT_TYPE }
    const request = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
    const { status } = await fixture.smdp.es9p(new Request(`https://smdp.example.com${ASN1_PATH}`, request))
    expect(status).toBe(413)
    expect(sent).toBeLessThan(2 ** 20)
  })
})

describe('the rules', () => {
  const rule = (name: FunctionName, more: Partial<FaultRule> = {}): FaultRule => ({
    function: name,
    fault: { kind: 'http-status', status: 503 },
    ...more,
  })

  it('fit one function, and are taken in their order', async () => {
    const fixture = await sceneWith(
      rule('InitiateAuthentication', { count: 2 }),
      rule('InitiateAuthentication', { fault: { kind: 'http-status', status: 500 }, count: 1 }),
    )
    const statuses: number[] = []
    for (let call = 0; call < 4; call++) statuses.push((await fixture.smdp.es9p(initiateRequest(fixture))).status)
    expect(statuses).toEqual([503, 503, 500, 200])
    expect(fixture.faults.listRules().map(({ done }) => done)).toEqual([2, 1])
  })

  it('can be changed while the server runs', async () => {
    const fixture = await sceneWith()
    expect((await fixture.smdp.es9p(initiateRequest(fixture))).status).toBe(200)
    fixture.faults.setRules([rule('InitiateAuthentication')])
    expect((await fixture.smdp.es9p(initiateRequest(fixture))).status).toBe(503)
    fixture.faults.setRules([])
    await downloads(fixture)
  })

  it('fall with their probability, and with the same seed in the same calls', () => {
    const draw = (seed: string) => {
      const faults = createFaults({
        random: seededRandom(seed),
        sleep: async () => {},
        rules: [rule('CancelSession', { probability: 0.25 })],
      })
      return Array.from({ length: 2000 }, () => faults.drawTransport('CancelSession') !== undefined)
    }
    const fallen = draw('a').filter(Boolean).length
    expect(fallen).toBeGreaterThan(400)
    expect(fallen).toBeLessThan(600)
    expect(draw('a')).toEqual(draw('a'))
    expect(draw('a')).not.toEqual(draw('b'))
  })
})
