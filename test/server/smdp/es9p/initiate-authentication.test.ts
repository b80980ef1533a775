import { describe, expect, it } from 'vitest'
import { toHex } from '../../../../src/asn1/bytes.ts'
import { parseCertificate } from '../../../../src/rsp/certificates/certificate.ts'
import { verify } from '../../../../src/rsp/crypto/ecdsa.ts'
import { createMemoryStore } from '../../../../src/server/smdp/memory-store.ts'
import { createSmdp } from '../../../../src/server/smdp/smdp.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { ADDRESS, accepted, createSmdpFixture, refused, START, testPki } from '../smdp-fixture.ts'
import { createCardRole } from './card-role.ts'

const nist = testPki('P-256')
const brainpool = testPki('brainpoolP256r1')
const idOf = (pki: typeof nist) => pki.ci.certificate.subjectKeyId!
const stranger = new Uint8Array(20)

describe('ES9+.InitiateAuthentication (SGP.22 §5.6.1)', () => {
  it.each([['P-256'], ['brainpoolP256r1']] as const)('signs the challenge of the card, on %s', async curve => {
    const { initiate, card, pki } = await createSmdpFixture({ curve })
    const ok = accepted(await initiate(card))
    const { serverSigned1, serverSignature1 } = ok
    expect(verify(parseCertificate(ok.serverCertificate).publicKey, serverSigned1.bytes, serverSignature1)).toBe(true)
    expect(serverSigned1.value.euiccChallenge).toEqual(card.challenge)
    expect(serverSigned1.value.transactionId).toEqual(ok.transactionId)
    expect(serverSigned1.value.serverAddress).toBe(ADDRESS)
    expect(ok.euiccCiPKIdToBeUsed).toEqual(pki.ci.certificate.subjectKeyId)
  })

  it('draws another transaction id and challenge for each session', async () => {
    const { initiate, card } = await createSmdpFixture()
    const [first, second] = [accepted(await initiate(card)), accepted(await initiate(card))]
    expect(first.transactionId).not.toEqual(second.transactionId)
    expect(first.serverSigned1.value.serverChallenge).not.toEqual(second.serverSigned1.value.serverChallenge)
  })

  it.each(['SMDP.Example.COM', 'smdp.example.com:443', ' smdp.example.com.'])(
    'goes by the address "%s"',
    async address => {
      const { initiate, card } = await createSmdpFixture()
      expect(refused(await initiate(card, address))).toBe('accepted')
    },
  )

  it('8.8.1/3.8: refuses the address of another server', async () => {
    const { initiate, card } = await createSmdpFixture()
    expect(refused(await initiate(card, 'other.example.com'))).toBe('8.8.1/3.8')
  })

  it.each([
    ['1.9.9', [1, 9, 9]],
    ['4.0.0', [4, 0, 0]],
  ])('8.8.3/3.1: refuses a card of version %s', async (_, svn) => {
    const { initiate, pki } = await createSmdpFixture()
    expect(refused(await initiate(createCardRole(pki, { info: { svn: Uint8Array.from(svn) } })))).toBe('8.8.3/3.1')
  })

  it.each([[[2, 0, 0]], [[2, 6, 1]], [[3, 1, 0]]])('serves a card of version %j', async svn => {
    const { initiate, pki } = await createSmdpFixture()
    expect(refused(await initiate(createCardRole(pki, { info: { svn: Uint8Array.from(svn) } })))).toBe('accepted')
  })

  it('8.8.4/3.7: refuses a card that can verify none of its certificates', async () => {
    const { initiate, pki } = await createSmdpFixture()
    const card = createCardRole(pki, { info: { euiccCiPKIdListForVerification: [stranger] } })
    expect(refused(await initiate(card))).toBe('8.8.4/3.7')
  })

  it('8.8.2/3.1: refuses a card that signs under no CI that is trusted here', async () => {
    const { initiate, pki } = await createSmdpFixture()
    const card = createCardRole(pki, { info: { euiccCiPKIdListForSigning: [stranger] } })
    expect(refused(await initiate(card))).toBe('8.8.2/3.1')
  })

  it.each([
    ['the first of both', [nist, brainpool], [nist, brainpool], nist, nist],
    ['the order of the card, not its own', [brainpool, nist], [brainpool, nist], brainpool, brainpool],
    ['each list for itself', [brainpool], [nist], brainpool, nist],
  ])('among several CIs takes %s', async (_, verification, signing, server, euicc) => {
    const { initiate } = await createSmdpFixture({ credentials: [nist, brainpool] })
    const card = createCardRole(nist, {
      info: {
        euiccCiPKIdListForVerification: [stranger, ...verification.map(idOf)],
        euiccCiPKIdListForSigning: [stranger, ...signing.map(idOf)],
      },
    })
    const ok = accepted(await initiate(card))
    expect(parseCertificate(ok.serverCertificate)).toBe(server.dpAuth.certificate)
    expect(toHex(ok.euiccCiPKIdToBeUsed)).toBe(toHex(idOf(euicc)))
  })

  it('forgets a session when its time is over', async () => {
    const { initiate, sendAuthentication, card, wait, order, store } = await createSmdpFixture({
      sessionLifetimeMs: 60_000,
    })
    await order()
    const ok = accepted(await initiate(card))
    wait(60_000)
    const late = await sendAuthentication(ok.transactionId, card.authenticateServer(ok))
    expect(refused(late)).toBe('8.10.1/3.9')
    expect(await store.findSession(toHex(ok.transactionId).toUpperCase())).toBeUndefined()
  })
})

describe('createSmdp', () => {
  const settings = {
    address: ADDRESS,
    store: createMemoryStore(),
    clock: () => START,
    random: seededRandom('smdp'),
    requesterOf: () => 'Operator A',
  }
  it.each([
    ['no credentials', []],
    ['two credentials under one CI', [nist, nist]],
    ['certificates of two servers', [{ ...nist, dpPb: { ...nist.dpPb, certificate: nist.eum.certificate } }]],
  ])('refuses %s', (_, credentials) => {
    expect(() => createSmdp({ ...settings, credentials })).toThrow(expect.objectContaining({ code: 'bad-settings' }))
  })
})
