import { describe, expect, it } from 'vitest'
import { fromBase64, toBase64 } from '../../../src/asn1/bytes.ts'
import { keep } from '../../../src/asn1/schema.ts'
import { AuthenticateServerResponse } from '../../../src/rsp/authentication.ts'
import { parseCertificate } from '../../../src/rsp/certificates/certificate.ts'
import { verifyChain } from '../../../src/rsp/certificates/chain.ts'
import { issueCrl } from '../../../src/rsp/certificates/issue.ts'
import { type CertificateFault, issueEuicc, issueFaultyCertificate } from '../../../src/rsp/certificates/test-pki.ts'
import { verify } from '../../../src/rsp/crypto/ecdsa.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import { ES11, toEs11Path } from '../../../src/rsp/interfaces/es11.ts'
import { createSmds } from '../../../src/server/smds/smds.ts'
import { seededRandom } from '../../rsp/seeded-random.ts'
import { createCardRole } from '../smdp/es9p/card-role.ts'
import { accepted, call, post, refused, START, testPki } from '../smdp/smdp-fixture.ts'
import { createSmdsFixture, SMDP, SMDS } from './smds-fixture.ts'

const issuing = { random: seededRandom('discovery'), now: START }

describe('ES11.InitiateAuthentication (SGP.22 §5.8.1)', () => {
  it.each(['P-256', 'brainpoolP256r1'] as const)('authenticates the SM-DS by its CERT.DSauth on %s', async curve => {
    const { card, initiate, pki } = createSmdsFixture({ curve })
    const ok = accepted(await initiate(card))
    const certificate = parseCertificate(ok.serverCertificate)
    const trusted = { trustAnchors: [pki.ci.certificate], now: START }
    verifyChain({ kind: 'DSauth', chain: [certificate], ...trusted })
    expect(verify(certificate.publicKey, ok.serverSigned1.bytes, ok.serverSignature1)).toBe(true)
    expect(ok.serverSigned1.value).toMatchObject({ euiccChallenge: card.challenge, serverAddress: SMDS })
    expect(ok.serverSigned1.value.transactionId).toEqual(ok.transactionId)
  })

  it('takes its address in any case and with a port', async () => {
    const { card, initiate } = createSmdsFixture()
    expect(refused(await initiate(card, 'SMDS.Example.com:8443'))).toBe('accepted')
  })

  const other = [testPki('P-256', 'another').ci.certificate.subjectKeyId!]
  it.each([
    ['8.9.3/3.1', 'an eUICC of version 1', { svn: Uint8Array.of(1, 1, 0) }],
    ['8.9.4/3.7', 'an eUICC that cannot verify this server', { euiccCiPKIdListForVerification: other }],
    ['8.9.2/3.1', 'an eUICC that signs under another CI', { euiccCiPKIdListForSigning: other }],
  ])('%s: %s', async (pair, _, info) => {
    const { pki, initiate } = createSmdsFixture()
    expect(refused(await initiate(createCardRole(pki, { info })))).toBe(pair)
  })

  it('8.9.1/3.8: another address', async () => {
    const { card, initiate } = createSmdsFixture()
    expect(refused(await initiate(card, SMDP))).toBe('8.9.1/3.8')
  })
})

describe('ES11.AuthenticateClient (SGP.22 §5.8.2)', () => {
  it('AuthenticateClient returns all events of the card, oldest first, and no others', async () => {
    const { card, register, discover, pki } = createSmdsFixture()
    await register({ eventId: 'FIRST' })
    await register({ eventId: 'SECOND', rspServerAddress: 'smdp2.example.com' })
    const expected = [
      { eventId: 'FIRST', rspServerAddress: SMDP },
      { eventId: 'SECOND', rspServerAddress: 'smdp2.example.com' },
    ]
    for (const matchingId of [undefined, ''])
      expect(accepted(await discover(card, { matchingId })).eventEntries).toEqual(expected)
    const stranger = issueEuicc(pki.eum, { ...issuing, eid: '89049032000000000000000000000042' })
    expect(accepted(await discover(createCardRole(pki, { euicc: stranger }))).eventEntries).toEqual([])
  })

  it('AuthenticateClient returns the event that the card names', async () => {
    const { card, register, discover } = createSmdsFixture()
    await register({ eventId: 'FIRST' })
    await register({ eventId: 'SECOND' })
    const answer = await discover(card, { matchingId: 'SECOND' })
    expect(accepted(answer).eventEntries).toEqual([{ eventId: 'SECOND', rspServerAddress: SMDP }])
  })

  it('8.9.5/3.9: an event that is not there, was deleted, or is of another card', async () => {
    const { card, register, remove, discover } = createSmdsFixture()
    await register({ eid: '89049032000000000000000000000042' })
    expect(refused(await discover(card, { matchingId: 'EVENT-1' }))).toBe('8.9.5/3.9')
    await register({ eventId: 'EVENT-2' })
    await remove({ eventId: 'EVENT-2' })
    expect(refused(await discover(card, { matchingId: 'EVENT-2' }))).toBe('8.9.5/3.9')
  })

  it('is answered on a path of its own as well', async () => {
    const { card, smds, register } = createSmdsFixture()
    await register()
    const own = <R extends { path: string }>(row: R): R => ({ ...row, path: toEs11Path(row) })
    const ok = accepted(
      await call(smds.es11, own(ES11.InitiateAuthentication), {
        euiccChallenge: card.challenge,
        euiccInfo1: keep(EUICCInfo1, card.info1),
        smdpAddress: SMDS,
      }),
    )
    const answer = await call(smds.es11, own(ES11.AuthenticateClient), {
      transactionId: ok.transactionId,
      authenticateServerResponse: keep(AuthenticateServerResponse, card.authenticateServer(ok)),
    })
    expect(accepted(answer).eventEntries).toHaveLength(1)
  })

  it('8.10.1/3.9: no such session, one that is over, one that has expired', async () => {
    const { card, initiate, send, wait, store } = createSmdsFixture()
    const ok = accepted(await initiate(card))
    const answer = card.authenticateServer(ok)
    expect(refused(await send(new Uint8Array(16), answer))).toBe('8.10.1/3.9')
    const both = await Promise.all([send(ok.transactionId, answer), send(ok.transactionId, answer)])
    expect(both.map(refused).sort()).toEqual(['8.10.1/3.9', 'accepted'])
    const late = accepted(await initiate(card))
    wait(10 * 60_000)
    expect(refused(await send(late.transactionId, card.authenticateServer(late)))).toBe('8.10.1/3.9')
    expect(await store.findSession(Buffer.from(late.transactionId).toString('hex').toUpperCase())).toBeUndefined()
  })

  it('8.10.1/3.9: the card signed for another session', async () => {
    const { card, initiate, send } = createSmdsFixture()
    const first = accepted(await initiate(card))
    const second = accepted(await initiate(card))
    expect(refused(await send(second.transactionId, card.authenticateServer(first)))).toBe('8.10.1/3.9')
  })

  it('8.1/4.2: the eUICC refused the server', async () => {
    const { card, initiate, send } = createSmdsFixture()
    const { transactionId } = accepted(await initiate(card))
    const authenticateResponseError = { transactionId, authenticateErrorCode: 'ciPKUnknown' as const }
    expect(refused(await send(transactionId, { authenticateResponseError }))).toBe('8.1/4.2')
  })

  it.each([
    ['the challenge', { signed: { serverChallenge: new Uint8Array(16) } }],
    ['the server address', { signed: { serverAddress: 'other.example.com' } }],
    ['the key', { euicc: { ...testPki('P-256').euicc, privateKey: testPki('P-256').dpAuth.privateKey } }],
  ])('8.1/6.1: %s is another one; the session stays for the card', async (_, change) => {
    const { card, initiate, send } = createSmdsFixture()
    const ok = accepted(await initiate(card))
    expect(refused(await send(ok.transactionId, card.authenticateServer(ok, change)))).toBe('8.1/6.1')
    expect(refused(await send(ok.transactionId, card.authenticateServer(ok)))).toBe('accepted')
  })

  it('8.1/6.1: any byte of what was signed, or of the signature, is changed', async () => {
    const { card, initiate, send } = createSmdsFixture()
    const ok = accepted(await initiate(card))
    const good = card.authenticateServer(ok).authenticateResponseOk!
    const flip = (bytes: Uint8Array, at: number) => bytes.map((octet, index) => (index === at ? octet ^ 1 : octet))
    for (let at = 0; at < 64; at += 1) {
      const authenticateResponseOk = { ...good, euiccSignature1: flip(good.euiccSignature1, at) }
      expect(refused(await send(ok.transactionId, { authenticateResponseOk }))).toBe('8.1/6.1')
    }
    expect(refused(await send(ok.transactionId, { authenticateResponseOk: good }))).toBe('accepted')
  })

  it('AuthenticateClient rejects a message with any changed byte', async () => {
    const { card, initiate, smds, register, defects } = createSmdsFixture()
    await register()
    const ok = accepted(await initiate(card))
    const request = {
      transactionId: ok.transactionId,
      authenticateServerResponse: keep(AuthenticateServerResponse, card.authenticateServer(ok)),
    }
    const json = ES11.AuthenticateClient.request.toJson(request)
    const good = fromBase64(json.authenticateServerResponse as string)
    const taken: number[] = []
    for (let at = 0; at < good.length; at += 3) {
      const bad = good.map((octet, index) => (index === at ? octet ^ 0x04 : octet))
      const body = JSON.stringify({ ...json, authenticateServerResponse: toBase64(bad) })
      const response = await smds.es11(post(ES11.AuthenticateClient.path, body))
      const answer = (await response.json()) as { eventEntries?: unknown }
      if (answer.eventEntries !== undefined || response.status >= 500) taken.push(at)
    }
    expect(taken).toEqual([])
    expect(defects).toEqual([])
    const again = await smds.es11(post(ES11.AuthenticateClient.path, JSON.stringify(json)))
    expect(await again.json()).toHaveProperty('eventEntries')
  })

  it.each<[string, 'EUM' | 'eUICC', CertificateFault]>([
    ['8.1.2/6.1', 'EUM', 'bad-signature'],
    ['8.1.2/6.3', 'EUM', 'expired'],
    ['8.1.2/6.1', 'EUM', 'wrong-role'],
    ['8.11.1/3.9', 'EUM', 'unknown-ci'],
    ['8.1.3/6.1', 'eUICC', 'bad-signature'],
    ['8.1.3/6.3', 'eUICC', 'expired'],
    ['8.1.3/6.1', 'eUICC', 'eid-not-permitted'],
  ])('%s: the %s certificate is at fault: %s', async (pair, kind, fault) => {
    const { pki, card, discover } = createSmdsFixture()
    const faulty = issueFaultyCertificate(pki, kind, fault, issuing)
    const change = kind === 'EUM' ? { eum: faulty.certificate.der } : { euicc: faulty }
    expect(refused(await discover(card, change))).toBe(pair)
  })

  it('8.1.2/6.1: a revoked EUM certificate', async () => {
    const { serialNumber } = testPki('P-256').eum.certificate
    const { certificate, privateKey } = testPki('P-256').ci
    const crl = issueCrl({
      issuer: { certificate, privateKey: privateKey! },
      revoked: [serialNumber],
      thisUpdate: START,
      nextUpdate: new Date('2027-01-01'),
    })
    const { card, discover } = createSmdsFixture({ crls: () => [crl] })
    expect(refused(await discover(card))).toBe('8.1.2/6.1')
  })
})

describe('createSmds', () => {
  it('does not start with a certificate that cards would refuse', () => {
    const pki = testPki('P-256')
    const settings = {
      address: SMDS,
      kind: 'root' as const,
      store: createSmdsFixture().store,
      clock: () => START,
      random: seededRandom('x'),
      requesterOf: () => undefined,
    }
    expect(() => createSmds({ ...settings, credentials: [{ ci: pki.ci, dsAuth: pki.dpAuth }] })).toThrow('DSauth')
    expect(() => createSmds({ ...settings, credentials: [] })).toThrow('no credentials')
  })
})
