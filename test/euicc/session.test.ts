import { describe, expect, it } from 'vitest'
import { storeData } from '../../src/apdu/store-data.ts'
import { encode } from '../../src/asn1/schema.ts'
import { encodeTlv, readOnlyTlv } from '../../src/asn1/tlv.ts'
import { copyMemory } from '../../src/euicc/state/memory.ts'
import type { Credential } from '../../src/rsp/certificates/issue.ts'
import { issueCertificate, issueCrl } from '../../src/rsp/certificates/issue.ts'
import { type CertificateFault, issueFaultyCertificate, issueTestPki } from '../../src/rsp/certificates/test-pki.ts'
import { type CurveName, privateKeyFromScalar } from '../../src/rsp/crypto/curve.ts'
import { verify } from '../../src/rsp/crypto/ecdsa.ts'
import { ES10b } from '../../src/rsp/interfaces/es10b.ts'
import { seededRandom } from '../rsp/seeded-random.ts'
import { createTestCard, getTestPki, NOW, type TestCard, testIdentity } from './card.ts'
import {
  authenticateAndPrepare,
  bind,
  createAuthenticateRequest,
  createDownload,
  createPrepareRequest,
  type Download,
  downloadTo,
  loadInto,
} from './smdp-side.ts'

const challenge = async ({ call }: TestCard) => (await call(ES10b.GetEUICCChallenge, {})).euiccChallenge
const authenticate = async (card: TestCard, order: Download, ciPKId?: Uint8Array) =>
  (await card.call(ES10b.AuthenticateServer, createAuthenticateRequest(order, await challenge(card), ciPKId))).value
const prepare = async (card: TestCard, order: Download, prepared: Download = order) => {
  const { authenticateResponseOk } = await authenticate(card, order)
  const request = createPrepareRequest(prepared, authenticateResponseOk!.euiccSignature1)
  return (await card.call(ES10b.PrepareDownload, request)).value
}
const faulty = (kind: 'DPauth' | 'DPpb', fault: CertificateFault): Credential =>
  issueFaultyCertificate(getTestPki('P-256'), kind, fault, { random: seededRandom(`${kind} ${fault}`), now: NOW })
/** A server certificate of the CI that is valid except for the given parameters. */
const issuedByCi = ({
  kind,
  registeredId = '2.999.10',
  curve = 'P-256',
}: {
  kind: 'DPauth' | 'DPpb' | 'DSauth'
  registeredId?: string
  curve?: CurveName
}): Credential => {
  const { ci } = getTestPki('P-256')
  const privateKey = privateKeyFromScalar(curve, seededRandom('scalar')(32).with(0, 1))
  const certificate = issueCertificate({
    kind,
    subject: { commonName: 'other' },
    key: privateKey,
    issuer: { certificate: ci.certificate, privateKey: ci.privateKey! },
    registeredId,
    notBefore: NOW,
    notAfter: NOW,
    random: seededRandom('serial'),
  })
  return { certificate, privateKey }
}
const flipLast = (bytes: Uint8Array) => bytes.with(-1, bytes.at(-1)! ^ 1)
/** A PKI with the same structure under an unknown CI. */
const foreignPki = issueTestPki({ curve: 'P-256', smdpHost: 'x.test', random: seededRandom('foreign'), now: NOW })

/** Expects that `work` changes no memory and that the next download succeeds. */
const expectUnharmed = async (card: TestCard, work: () => Promise<void>) => {
  const before = await copyMemory(card.memory)
  await work()
  expect(await copyMemory(card.memory)).toEqual(before)
  const result = await downloadTo(card)
  expect(result?.profileInstallationResultData.value.finalResult.successResult).toBeDefined()
}

describe('GetEUICCChallenge', () => {
  it('GetEUICCChallenge returns a new challenge each time, and AuthenticateServer accepts only the last one', async () => {
    const card = await createTestCard()
    const first = await challenge(card)
    expect(await challenge(card)).not.toEqual(first)
    const response = await card.call(ES10b.AuthenticateServer, createAuthenticateRequest(createDownload(), first))
    expect(response.value.authenticateResponseError?.authenticateErrorCode).toBe('euiccChallengeMismatch')
  })
})

describe('AuthenticateServer', () => {
  it.each<[string, Partial<Download>, string]>([
    ['a certificate of an unknown CI', { dpAuth: foreignPki.dpAuth }, 'ciPKUnknown'],
    ['a certificate with an unknown issuer', { dpAuth: faulty('DPauth', 'unknown-ci') }, 'ciPKUnknown'],
    ['an expired certificate', { dpAuth: faulty('DPauth', 'expired') }, 'invalidCertificate'],
    ['a certificate that is not valid yet', { dpAuth: faulty('DPauth', 'not-yet-valid') }, 'invalidCertificate'],
    ['a certificate that the CI did not sign', { dpAuth: faulty('DPauth', 'bad-signature') }, 'invalidCertificate'],
    ['a certificate of another role', { dpAuth: faulty('DPauth', 'wrong-role') }, 'invalidCertificate'],
    ['the DPpb certificate', { dpAuth: getTestPki('P-256').dpPb }, 'invalidCertificate'],
    ['a certificate with another key usage', { dpAuth: faulty('DPauth', 'wrong-key-usage') }, 'invalidCertificate'],
    ['a certificate without OID', { dpAuth: faulty('DPauth', 'wrong-names') }, 'invalidOid'],
    [
      'a certificate on an unsupported curve',
      { dpAuth: issuedByCi({ kind: 'DPauth', curve: 'brainpoolP256r1' }) },
      'unsupportedCurve',
    ],
    [
      'a signature by another key',
      { dpAuth: { ...getTestPki('P-256').dpAuth, privateKey: foreignPki.dpAuth.privateKey } },
      'invalidSignature',
    ],
    [
      'a signature with one bit changed',
      { change: { authenticate: r => ({ ...r, serverSignature1: flipLast(r.serverSignature1) }) } },
      'invalidSignature',
    ],
    [
      'a signature that is too short',
      { change: { authenticate: r => ({ ...r, serverSignature1: r.serverSignature1.subarray(1) }) } },
      'invalidSignature',
    ],
    [
      'another challenge',
      { change: { serverSigned1: s => ({ ...s, euiccChallenge: new Uint8Array(16) }) } },
      'euiccChallengeMismatch',
    ],
    [
      'a malformed certificate',
      { change: { authenticate: r => ({ ...r, serverCertificate: Uint8Array.of(0x30, 0x00) }) } },
      'invalidCertificate',
    ],
  ])('AuthenticateServer rejects %s', async (_name, changes, expected) => {
    const card = await createTestCard()
    await expectUnharmed(card, async () => {
      const ciPKId = getTestPki('P-256').ci.certificate.subjectKeyId!
      const { authenticateResponseError } = await authenticate(card, createDownload(changes), ciPKId)
      expect(authenticateResponseError).toEqual({
        transactionId: createDownload().transactionId,
        authenticateErrorCode: expected,
      })
    })
  })
  it('AuthenticateServer rejects an unknown euiccCiPKIdToBeUsed with ciPKUnknown', async () => {
    const card = await createTestCard()
    const response = await authenticate(card, createDownload(), foreignPki.ci.certificate.subjectKeyId!)
    expect(response.authenticateResponseError?.authenticateErrorCode).toBe('ciPKUnknown')
  })
  it('AuthenticateServer rejects a revoked certificate', async () => {
    const card = await createTestCard()
    const { ci, dpAuth } = getTestPki('P-256')
    const crl = issueCrl({
      issuer: { certificate: ci.certificate, privateKey: ci.privateKey! },
      revoked: [dpAuth.certificate.serialNumber],
      thisUpdate: NOW,
      nextUpdate: NOW,
    })
    expect(await card.call(ES10b.LoadCRL, { crl: encodeTlv(0xa0, contentOf(crl.der)) })).toEqual({
      loadCRLResponseOk: {},
    })
    expect((await authenticate(card, createDownload())).authenticateResponseError?.authenticateErrorCode).toBe(
      'invalidCertificate',
    )
  })
  it('AuthenticateServer accepts a challenge once, for a replay and after a failure', async () => {
    const card = await createTestCard()
    await expectUnharmed(card, async () => {
      const request = createAuthenticateRequest(createDownload(), await challenge(card))
      const call = async () => (await card.call(ES10b.AuthenticateServer, request)).value
      expect((await call()).authenticateResponseOk).toBeDefined()
      expect((await call()).authenticateResponseError?.authenticateErrorCode).toBe('noSessionContext')
    })
    const wrong = {
      ...createAuthenticateRequest(createDownload(), await challenge(card)),
      serverSignature1: new Uint8Array(64),
    }
    for (const expected of ['invalidSignature', 'noSessionContext']) {
      const { authenticateResponseError } = (await card.call(ES10b.AuthenticateServer, wrong)).value
      expect(authenticateResponseError?.authenticateErrorCode).toBe(expected)
    }
  })
  it('AuthenticateServer returns noSessionContext without a challenge and after a reset', async () => {
    const card = await createTestCard()
    const first = createAuthenticateRequest(createDownload(), new Uint8Array(16))
    const { authenticateResponseError } = (await card.call(ES10b.AuthenticateServer, first)).value
    expect(authenticateResponseError?.authenticateErrorCode).toBe('noSessionContext')
    const request = createAuthenticateRequest(createDownload(), await challenge(card))
    await card.card.reset()
    const again = await createTestCard({ memory: card.memory })
    const { value } = await again.call(ES10b.AuthenticateServer, request)
    expect(value.authenticateResponseError?.authenticateErrorCode).toBe('noSessionContext')
  })
})
const contentOf = (der: Uint8Array) => der.subarray(readOnlyTlv(der).valueStart)

describe('PrepareDownload', () => {
  it.each<[string, Partial<Download>, string]>([
    ['an expired certificate', { dpPb: faulty('DPpb', 'expired') }, 'invalidCertificate'],
    ['a certificate that the CI did not sign', { dpPb: faulty('DPpb', 'bad-signature') }, 'invalidCertificate'],
    ['a certificate of an unknown CI', { dpPb: foreignPki.dpPb }, 'invalidCertificate'],
    ['a certificate of another role', { dpPb: faulty('DPpb', 'wrong-role') }, 'invalidCertificate'],
    ['a certificate without OID', { dpPb: faulty('DPpb', 'wrong-names') }, 'invalidCertificate'],
    [
      'a certificate on another curve',
      { dpPb: issuedByCi({ kind: 'DPpb', curve: 'brainpoolP256r1' }) },
      'unsupportedCurve',
    ],
    ['the DPauth certificate', { dpPb: getTestPki('P-256').dpAuth }, 'invalidCertificate'],
    [
      'a signature by another key',
      { dpPb: { ...getTestPki('P-256').dpPb, privateKey: foreignPki.dpPb.privateKey } },
      'invalidSignature',
    ],
    [
      'a signature with one bit changed',
      { change: { prepare: r => ({ ...r, smdpSignature2: flipLast(r.smdpSignature2) }) } },
      'invalidSignature',
    ],
    ['a request without the required confirmation code', { confirmationCodeRequired: true }, 'undefinedError'],
  ])('PrepareDownload rejects %s and ends the session', async (_name, changes, expected) => {
    const card = await createTestCard()
    await expectUnharmed(card, async () => {
      const order = createDownload(changes)
      const { authenticateResponseOk } = await authenticate(card, order)
      const request = createPrepareRequest(order, authenticateResponseOk!.euiccSignature1)
      for (const code of [expected, 'noSessionContext']) {
        const { downloadResponseError } = (await card.call(ES10b.PrepareDownload, request)).value
        expect(downloadResponseError).toEqual({ transactionId: order.transactionId, downloadErrorCode: code })
      }
    })
  })
  it('PrepareDownload rejects the valid certificate of another SM-DP+', async () => {
    const other = issuedByCi({ kind: 'DPpb', registeredId: '2.999.99' })
    const card = await createTestCard()
    const { downloadResponseError } = await prepare(card, createDownload(), createDownload({ dpPb: other }))
    expect(downloadResponseError?.downloadErrorCode).toBe('invalidCertificate')
  })
  it('PrepareDownload rejects another transaction ID and keeps the session', async () => {
    const card = await createTestCard()
    const order = createDownload()
    const { authenticateResponseOk } = await authenticate(card, order)
    const { euiccSignature1 } = authenticateResponseOk!
    const foreign = createPrepareRequest({ ...order, transactionId: Uint8Array.of(9) }, euiccSignature1)
    const refused = (await card.call(ES10b.PrepareDownload, foreign)).value.downloadResponseError
    expect(refused).toEqual({ transactionId: Uint8Array.of(9), downloadErrorCode: 'invalidTransactionId' })
    const right = (await card.call(ES10b.PrepareDownload, createPrepareRequest(order, euiccSignature1))).value
    expect(right.downloadResponseOk).toBeDefined()
  })
  it('PrepareDownload returns noSessionContext to an authenticated SM-DS', async () => {
    const card = await createTestCard()
    const { downloadResponseError } = await prepare(card, createDownload({ dpAuth: issuedByCi({ kind: 'DSauth' }) }))
    expect(downloadResponseError?.downloadErrorCode).toBe('noSessionContext')
  })
  it('PrepareDownload returns noSessionContext before AuthenticateServer', async () => {
    const card = await createTestCard()
    const { value } = await card.call(ES10b.PrepareDownload, createPrepareRequest(createDownload(), new Uint8Array(64)))
    expect(value.downloadResponseError?.downloadErrorCode).toBe('noSessionContext')
  })
  it('PrepareDownload accepts a second confirmation code in the session and returns the same one-time key', async () => {
    const card = await createTestCard()
    const order = (fill: number) =>
      createDownload({ confirmationCodeRequired: true, hashCc: new Uint8Array(32).fill(fill) })
    const { authenticateResponseOk } = await authenticate(card, order(1))
    const signedFor = async (fill: number) => {
      const request = createPrepareRequest(order(fill), authenticateResponseOk!.euiccSignature1)
      return (await card.call(ES10b.PrepareDownload, request)).value.downloadResponseOk!.euiccSigned2.value
    }
    const [first, second] = [await signedFor(1), await signedFor(2)]
    expect([first.hashCc?.[0], second.hashCc?.[0]]).toEqual([1, 2])
    expect(second.euiccOtpk).toEqual(first.euiccOtpk)
    const result = await loadInto(card, bind(order(2), second.euiccOtpk))
    expect(result?.profileInstallationResultData.value.finalResult.successResult).toBeDefined()
    const late = await card.call(
      ES10b.PrepareDownload,
      createPrepareRequest(order(2), authenticateResponseOk!.euiccSignature1),
    )
    expect(late.value.downloadResponseError?.downloadErrorCode).toBe('noSessionContext')
  })
  it('PrepareDownload returns the hash of the confirmation code only if one is required', async () => {
    const hashCc = new Uint8Array(32).fill(7)
    for (const confirmationCodeRequired of [true, false]) {
      const card = await createTestCard()
      const { downloadResponseOk } = await prepare(card, createDownload({ confirmationCodeRequired, hashCc }))
      expect(downloadResponseOk!.euiccSigned2.value.hashCc).toEqual(confirmationCodeRequired ? hashCc : undefined)
    }
  })
})

describe('the one-time key', () => {
  it('the card keeps the one-time key after a power cycle for the SM-DP+ that bound a package to it', async () => {
    const card = await createTestCard()
    const euiccOtpk = await authenticateAndPrepare(card, createDownload())
    const again = await createTestCard({ memory: card.memory, random: seededRandom('another life') })
    expect(await authenticateAndPrepare(again, createDownload({ bppEuiccOtpk: euiccOtpk }))).toEqual(euiccOtpk)
    const result = await loadInto(again, bind(createDownload(), euiccOtpk))
    expect(result?.profileInstallationResultData.value.finalResult.successResult).toBeDefined()
  })
  it('the card generates a new one-time key if the server requests none or an unknown one', async () => {
    const card = await createTestCard()
    const first = await authenticateAndPrepare(card, createDownload())
    const second = await authenticateAndPrepare(card, createDownload())
    expect(second).not.toEqual(first)
    expect(await authenticateAndPrepare(card, createDownload({ bppEuiccOtpk: first }))).not.toEqual(first)
  })
  it.each([
    ['endUserRejection', false],
    ['postponed', true],
    ['timeout', true],
    ['loadBppExecutionError', false],
  ] as const)('the card keeps the one-time key after CancelSession with %s: %s', async (reason, isKept) => {
    const card = await createTestCard()
    const first = await authenticateAndPrepare(card, createDownload())
    await card.call(ES10b.CancelSession, { transactionId: createDownload().transactionId, reason })
    const second = await authenticateAndPrepare(card, createDownload({ bppEuiccOtpk: first }))
    expect(Buffer.compare(first, second) === 0).toBe(isKept)
  })
  it('the card deletes the one-time key when it installs the profile', async () => {
    const card = await createTestCard()
    await downloadTo(card)
    expect(card.memory.names()).not.toContain('one-time-key')
  })
})

describe('CancelSession', () => {
  const cancel = async ({ call }: TestCard, transactionId: Uint8Array) =>
    (await call(ES10b.CancelSession, { transactionId, reason: 'endUserRejection' })).value
  it('CancelSession signs transaction, SM-DP+ and reason, and ends the session', async () => {
    const card = await createTestCard()
    const order = createDownload()
    const { authenticateResponseOk } = await authenticate(card, order)
    const { cancelSessionResponseOk } = await cancel(card, order.transactionId)
    const { euiccCancelSessionSigned, euiccCancelSessionSignature } = cancelSessionResponseOk!
    const { publicKey } = getTestPki('P-256').euicc.certificate
    expect(verify(publicKey, euiccCancelSessionSigned.bytes, euiccCancelSessionSignature)).toBe(true)
    expect(euiccCancelSessionSigned.value).toEqual({
      transactionId: order.transactionId,
      smdpOid: '2.999.10',
      reason: 'endUserRejection',
    })
    const request = createPrepareRequest(order, authenticateResponseOk!.euiccSignature1)
    const { value } = await card.call(ES10b.PrepareDownload, request)
    expect(value.downloadResponseError?.downloadErrorCode).toBe('noSessionContext')
  })
  it('CancelSession rejects an unknown transaction ID and keeps the session', async () => {
    const card = await createTestCard()
    expect(await cancel(card, Uint8Array.of(1))).toEqual({ cancelSessionResponseError: 'invalidTransactionId' })
    await authenticateAndPrepare(card, createDownload())
    expect(await cancel(card, Uint8Array.of(9))).toEqual({ cancelSessionResponseError: 'invalidTransactionId' })
    expect((await cancel(card, createDownload().transactionId)).cancelSessionResponseOk).toBeDefined()
  })
})

describe('LoadCRL', () => {
  const { ci } = getTestPki('P-256')
  const issuer = { certificate: ci.certificate, privateKey: ci.privateKey! }
  const later = new Date(NOW.getTime() + 1000)
  const listOf = (changes: Partial<Parameters<typeof issueCrl>[0]> = {}) =>
    issueCrl({ issuer, revoked: [], thisUpdate: NOW, nextUpdate: later, ...changes }).der
  const loadCrl = ({ call }: TestCard, der: Uint8Array) => call(ES10b.LoadCRL, { crl: encodeTlv(0xa0, contentOf(der)) })

  it('LoadCRL accepts a CRL with implicit tag and with explicit tag', async () => {
    const card = await createTestCard()
    expect(await loadCrl(card, listOf())).toEqual({ loadCRLResponseOk: {} })
    expect(await card.call(ES10b.LoadCRL, { crl: encodeTlv(0xa0, listOf()) })).toEqual({ loadCRLResponseOk: {} })
  })
  it('LoadCRL returns the missing parts of a segmented CRL', async () => {
    const card = await createTestCard()
    const part = (number: number) => listOf({ part: { number, total: 3 } })
    expect(await loadCrl(card, part(2))).toEqual({ loadCRLResponseOk: { missingParts: [1, 3] } })
    expect(await loadCrl(card, part(1))).toEqual({ loadCRLResponseOk: { missingParts: [3] } })
    expect(await loadCrl(card, part(3))).toEqual({ loadCRLResponseOk: {} })
  })
  it('LoadCRL rejects a CRL that is older, of another issuer, forged, malformed or too long', async () => {
    const card = await createTestCard()
    await loadCrl(card, listOf({ thisUpdate: later }))
    const before = await copyMemory(card.memory)
    const small = { ...testIdentity().capabilities, nonVolatileMemory: 100 }
    const foreign = { certificate: foreignPki.dpTls.certificate, privateKey: foreignPki.dpTls.privateKey }
    const forger = { certificate: ci.certificate, privateKey: foreignPki.ci.privateKey! }
    expect(await loadCrl(card, listOf())).toEqual({ loadCRLResponseError: 'fresherCrlAlreadyLoaded' })
    expect(await loadCrl(card, listOf({ issuer: foreign }))).toEqual({
      loadCRLResponseError: 'verificationKeyNotFound',
    })
    expect(await loadCrl(card, listOf({ issuer: forger }))).toEqual({ loadCRLResponseError: 'invalidSignature' })
    expect(await loadCrl(card, Uint8Array.of(0x30, 0x00))).toEqual({ loadCRLResponseError: 'invalidCRLFormat' })
    expect(await copyMemory(card.memory)).toEqual(before)
    const smallCard = await createTestCard({ identity: { ...testIdentity(), capabilities: small } })
    expect(await loadCrl(smallCard, listOf())).toEqual({ loadCRLResponseError: 'notEnoughMemorySpace' })
  })
})

describe('a truncated request', () => {
  it.each(['AuthenticateServer', 'PrepareDownload', 'CancelSession'] as const)(
    'a truncated %s returns SW 6A80',
    async name => {
      const card = await createTestCard()
      const requests = {
        AuthenticateServer: encode(
          ES10b.AuthenticateServer.request,
          createAuthenticateRequest(createDownload(), new Uint8Array(16)),
        ),
        PrepareDownload: encode(
          ES10b.PrepareDownload.request,
          createPrepareRequest(createDownload(), new Uint8Array(64)),
        ),
        CancelSession: encode(ES10b.CancelSession.request, { transactionId: Uint8Array.of(1), reason: 'timeout' }),
      }
      const cutOff = requests[name].subarray(0, -1)
      await expect(storeData(card.channel, await card.isdr(), cutOff)).rejects.toMatchObject({ status: 0x6a80 })
    },
  )
})
