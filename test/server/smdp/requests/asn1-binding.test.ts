import { describe, expect, it } from 'vitest'
import { concat, equalBytes, fromHex, toHex } from '../../../../src/asn1/bytes.ts'
import { decode, encode, keep, type Schema, type SchemaValue } from '../../../../src/asn1/schema.ts'
import { encodeTlv, getChildren, getElementBytes, readOnlyTlv } from '../../../../src/asn1/tlv.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
} from '../../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../../src/rsp/euicc-info.ts'
import {
  ASN1_CONTENT_TYPE,
  ASN1_PATH,
  ES9pAsn1,
  remoteProfileProvisioning,
} from '../../../../src/rsp/interfaces/es9p-asn1.ts'
import { PendingNotification } from '../../../../src/rsp/notification.ts'
import { createMemoryStore } from '../../../../src/server/smdp/memory-store.ts'
import { seededRandom } from '../../../rsp/seeded-random.ts'
import { accepted, createSmdpFixture, ICCID, MATCHING_ID, post } from '../smdp-fixture.ts'

type Fixture = Awaited<ReturnType<typeof createSmdpFixture>>
const asn1 = (body: Uint8Array, headers: Record<string, string> = {}) =>
  post(ASN1_PATH, new Uint8Array(body), { 'Content-Type': ASN1_CONTENT_TYPE, ...headers })

type Name = Exclude<keyof typeof ES9pAsn1, 'HandleNotification'>
const call = async <N extends Name>(
  { smdp }: Fixture,
  name: N,
  request: SchemaValue<(typeof ES9pAsn1)[N]['request']>,
): Promise<SchemaValue<(typeof ES9pAsn1)[N]['response']>> => {
  const { request: asked, response: answered } = ES9pAsn1[name]
  const response = await smdp.es9p(asn1(encode(remoteProfileProvisioning(asked as Schema<unknown>), request)))
  expect([response.status, response.headers.get('Content-Type')]).toEqual([200, ASN1_CONTENT_TYPE])
  return decode(
    remoteProfileProvisioning(answered as Schema<unknown>),
    new Uint8Array(await response.arrayBuffer()),
  ) as never
}
const ok = <R>(answer: { ok: R } | { error: unknown }): R => {
  if ('error' in answer && answer.error !== undefined) throw new Error(`refused: ${answer.error}`)
  return (answer as { ok: R }).ok
}

const initiate = (fixture: Fixture, smdpAddress = 'smdp.example.com', info = fixture.card.info1) =>
  call(fixture, 'InitiateAuthentication', {
    euiccChallenge: fixture.card.challenge,
    smdpAddress,
    euiccInfo1: keep(EUICCInfo1, info),
  })
const authenticate = async (
  fixture: Fixture,
  change: Parameters<Fixture['card']['authenticateServer']>[1] = { matchingId: MATCHING_ID },
) => {
  const opened = ok(await initiate(fixture))
  return call(fixture, 'AuthenticateClient', {
    transactionId: opened.transactionId,
    authenticateServerResponse: keep(AuthenticateServerResponse, fixture.card.authenticateServer(opened, change)),
  })
}

describe('ES9+ in the ASN.1 binding (SGP.22 §6.6)', () => {
  it('The binding reports that a confirmation code is required and missing', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order({ confirmationCode: '1234' })
    const offered = ok(await authenticate(fixture))
    expect(offered.smdpSigned2.value.ccRequiredFlag).toBe(true)
    const { response } = fixture.card.prepareDownload(offered)
    const missing = await call(fixture, 'GetBoundProfilePackage', {
      transactionId: offered.transactionId,
      prepareDownloadResponse: keep(PrepareDownloadResponse, response),
    })
    expect(missing).toEqual({ error: 'confirmationCodeMissing' })
  })

  it('gives the package, and takes the result with 204', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const offered = ok(await authenticate(fixture))
    const { response } = fixture.card.prepareDownload(offered)
    const { boundProfilePackage } = ok(
      await call(fixture, 'GetBoundProfilePackage', {
        transactionId: offered.transactionId,
        prepareDownloadResponse: keep(PrepareDownloadResponse, response),
      }),
    )
    expect(toHex(boundProfilePackage.subarray(0, 2))).toBe('bf36')
    expect(await fixture.stateOf()).toBe('Downloaded')
    const result = fixture.card.installationResult(offered.transactionId, ICCID)
    const message = encode(remoteProfileProvisioning(ES9pAsn1.HandleNotification.request), {
      pendingNotification: keep(PendingNotification, result),
    })
    const answer = await fixture.smdp.es9p(asn1(message))
    expect([answer.status, await answer.text()]).toEqual([204, ''])
    expect(await fixture.stateOf()).toBe('Installed')
    expect(fixture.defects).toEqual([])
  })

  it('gives up a session', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const { transactionId } = ok(await authenticate(fixture))
    // The automatic tag [1] stands in the place of CancelSessionResponse's own.
    const inside = (value: Uint8Array) => getChildren(readOnlyTlv(value)).map(getElementBytes)
    const response = encode(CancelSessionResponse, fixture.card.cancelSession(transactionId, 'postponed'))
    const message = encodeTlv(
      0xa2,
      encodeTlv(0xbf41, encodeTlv(0x80, transactionId), encodeTlv(0xa1, ...inside(response))),
    )
    const answer = await fixture.smdp.es9p(asn1(message))
    expect(toHex(new Uint8Array(await answer.arrayBuffer()))).toBe('a205bf4102a000')
    expect(await fixture.stateOf()).toBe('Released')
  })

  it('A session can continue in the other binding', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const offered = ok(await authenticate(fixture))
    accepted(await fixture.getPackage(fixture.card, offered))
  })

  it.each([
    ['invalidDpAddress', (fixture: Fixture) => initiate(fixture, 'other.example.com')],
    [
      'ciPKNotSupported',
      (fixture: Fixture) => initiate(fixture, undefined, { ...fixture.card.info1, euiccCiPKIdListForSigning: [] }),
    ],
    [
      'ciPKNotSupported',
      (fixture: Fixture) => initiate(fixture, undefined, { ...fixture.card.info1, euiccCiPKIdListForVerification: [] }),
    ],
    [
      'euiccVersionNotSupportedByDp',
      (fixture: Fixture) => initiate(fixture, undefined, { ...fixture.card.info1, svn: Uint8Array.of(1, 0, 0) }),
    ],
    ['matchingIdRefused', (fixture: Fixture) => authenticate(fixture, { matchingId: 'UNKNOWN' })],
    [
      'euiccSignatureInvalid',
      (fixture: Fixture) => authenticate(fixture, { signed: { serverChallenge: new Uint8Array(16) } }),
    ],
    ['eumCertificateInvalid', (fixture: Fixture) => authenticate(fixture, { eum: fromHex('3003020101') })],
    [
      'insufficientMemory',
      (fixture: Fixture) =>
        authenticate(fixture, { matchingId: MATCHING_ID, info2: { extCardResource: fromHex('81010082020001830100') } }),
    ],
  ] as const)('%s', async (error, act) => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    expect(await act(fixture)).toEqual({ error })
    expect(fixture.defects).toEqual([])
  })

  it('answers what has no integer of its own with undefinedError: a failure of the server, too', async () => {
    const addSession = async () => Promise.reject(new Error('the disk is full'))
    const fixture = await createSmdpFixture({ store: { ...createMemoryStore(), addSession } })
    expect(await initiate(fixture)).toEqual({ error: 'undefinedError' })
    expect(fixture.defects).toHaveLength(1)
    const other = await createSmdpFixture()
    await other.order({ releaseFlag: false })
    expect(await authenticate(other)).toEqual({ error: 'undefinedError' })
    expect(other.defects).toEqual([])
  })

  it('Each function with a transaction id reports an unknown transaction', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const transactionId = new Uint8Array(16)
    const opened = ok(await initiate(fixture))
    const unknown = {
      AuthenticateClient: keep(AuthenticateServerResponse, fixture.card.authenticateServer(opened)),
      GetBoundProfilePackage: keep(PrepareDownloadResponse, {
        downloadResponseError: { transactionId, downloadErrorCode: 'undefinedError' as const },
      }),
    }
    expect(
      await call(fixture, 'AuthenticateClient', {
        transactionId,
        authenticateServerResponse: unknown.AuthenticateClient,
      }),
    ).toEqual({ error: 'invalidTransactionId' })
    expect(
      await call(fixture, 'GetBoundProfilePackage', {
        transactionId,
        prepareDownloadResponse: unknown.GetBoundProfilePackage,
      }),
    ).toEqual({ error: 'invalidTransactionId' })
  })

  it.each([
    ['nothing', new Uint8Array(0)],
    ['another wrapper', fromHex('a302bf39')],
    ['an unknown function', fromHex('a203bf7f00')],
    ['no function', fromHex('a200')],
    ['two functions', fromHex('a206bf3d00bf3d00')],
    ['a length beyond the end', fromHex('a2ff')],
    ['bytes behind the end', concat(fromHex('a203bf3d00'), fromHex('00'))],
  ])('400 without a body: %s', async (_, body) => {
    const fixture = await createSmdpFixture()
    const response = await fixture.smdp.es9p(asn1(body, { 'X-Admin-Protocol': 'gsma/rsp/v2.1.0' }))
    expect([response.status, response.headers.get('X-Admin-Protocol')]).toEqual([400, 'gsma/rsp/v2.1.0'])
    expect(await response.text()).toBe('')
    expect(fixture.defects).toEqual([])
  })

  it.each([
    [405, new Request(`https://smdp.example.com${ASN1_PATH}`)],
    [400, asn1(new Uint8Array(0), { 'Content-Type': 'application/json' })],
    [400, asn1(new Uint8Array(0), { 'X-Admin-Protocol': 'none' })],
    [413, asn1(new Uint8Array(300_000))],
  ])('%i by the frame of the message', async (status, request) => {
    const { smdp } = await createSmdpFixture()
    expect((await smdp.es9p(request)).status).toBe(status)
  })

  it('The binding answers each message in which one byte is changed', async () => {
    const fixture = await createSmdpFixture()
    await fixture.order()
    const right = encode(remoteProfileProvisioning(ES9pAsn1.InitiateAuthentication.request), {
      euiccChallenge: fixture.card.challenge,
      smdpAddress: 'smdp.example.com',
      euiccInfo1: keep(EUICCInfo1, fixture.card.info1),
    })
    const random = seededRandom('asn1 bytes')
    for (let at = 0; at < right.length; at++) {
      const wrong = right.slice()
      wrong[at] = random(1)[0]!
      const { status } = await fixture.smdp.es9p(asn1(wrong))
      expect(equalBytes(wrong, right) ? [200] : [200, 400], `byte ${at}`).toContain(status)
    }
    expect(fixture.defects).toEqual([])
  })
})
