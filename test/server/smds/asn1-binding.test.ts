import { describe, expect, it } from 'vitest'
import { decode, encode, keep, type Schema, type SchemaValue } from '../../../src/asn1/schema.ts'
import { getChildren, readOnlyTlv } from '../../../src/asn1/tlv.ts'
import { AuthenticateServerResponse } from '../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../src/rsp/euicc-info.ts'
import { ASN1_CONTENT_TYPE, ASN1_PATH, remoteProfileProvisioning } from '../../../src/rsp/interfaces/es9p-asn1.ts'
import { ES11Asn1 } from '../../../src/rsp/interfaces/es11-asn1.ts'
import { post } from '../smdp/smdp-fixture.ts'
import { createSmdsFixture, SMDP, SMDS } from './smds-fixture.ts'

type Name = keyof typeof ES11Asn1
const send = async <N extends Name>(
  { smds }: ReturnType<typeof createSmdsFixture>,
  name: N,
  request: SchemaValue<(typeof ES11Asn1)[N]['request']>,
) => {
  const message = encode(remoteProfileProvisioning(ES11Asn1[name].request as Schema<unknown>), request)
  const response = await smds.es11(post(ASN1_PATH, new Uint8Array(message), { 'Content-Type': ASN1_CONTENT_TYPE }))
  expect([response.status, response.headers.get('Content-Type')]).toEqual([200, ASN1_CONTENT_TYPE])
  const bytes = new Uint8Array(await response.arrayBuffer())
  const { response: schema } = ES11Asn1[name]
  return {
    bytes,
    answer: decode(remoteProfileProvisioning(schema as Schema<unknown>), bytes) as SchemaValue<
      (typeof ES11Asn1)[N]['response']
    >,
  }
}
const discover = async (fixture: ReturnType<typeof createSmdsFixture>, matchingId?: string) => {
  const { answer } = await send(fixture, 'InitiateAuthentication', {
    euiccChallenge: fixture.card.challenge,
    smdpAddress: SMDS,
    euiccInfo1: keep(EUICCInfo1, fixture.card.info1),
  })
  if (!('ok' in answer) || answer.ok === undefined) throw new Error('refused')
  const { ok } = answer
  return send(fixture, 'AuthenticateClient', {
    transactionId: ok.transactionId,
    authenticateServerResponse: keep(AuthenticateServerResponse, fixture.card.authenticateServer(ok, { matchingId })),
  })
}

describe('ES11 in the ASN.1 binding (SGP.22 §6.6)', () => {
  it('ES11 returns events with the tags [2], [64], [0]', async () => {
    const fixture = createSmdsFixture()
    await fixture.register()
    const { answer, bytes } = await discover(fixture)
    expect(answer).toMatchObject({ ok: { eventEntries: [{ eventId: 'EVENT-1', rspServerAddress: SMDP }] } })
    const outer = readOnlyTlv(bytes)
    const [response] = getChildren(outer)
    const [ok] = getChildren(response!)
    expect([outer.tag, response!.tag, ok!.tag]).toEqual([0xa2, 0xbf40, 0xa0])
  })

  it('ES11 returns an empty list without events, and an error for an unknown event', async () => {
    const fixture = createSmdsFixture()
    expect((await discover(fixture)).answer).toMatchObject({ ok: { eventEntries: [] } })
    expect((await discover(fixture, 'EVENT-9')).answer).toMatchObject({ error: 'eventIdUnknown' })
  })

  it('ES11 refuses the address of another server', async () => {
    const fixture = createSmdsFixture()
    const { answer } = await send(fixture, 'InitiateAuthentication', {
      euiccChallenge: fixture.card.challenge,
      smdpAddress: SMDP,
      euiccInfo1: keep(EUICCInfo1, fixture.card.info1),
    })
    expect(answer).toMatchObject({ error: 'invalidDpAddress' })
  })
})
