import { expect, it } from 'vitest'
import { keep } from '../../../../src/asn1/schema.ts'
import {
  AuthenticateServerResponse,
  CancelSessionResponse,
  PrepareDownloadResponse,
} from '../../../../src/rsp/authentication.ts'
import { EUICCInfo1 } from '../../../../src/rsp/euicc-info.ts'
import { ES9p } from '../../../../src/rsp/interfaces/es9p.ts'
import type { Json } from '../../../../src/rsp/json.ts'
import { createSmdpFixture, MATCHING_ID, post } from '../smdp-fixture.ts'

it('answers each function with exactly the members of SGP.22 §6.5.2, the header first', async () => {
  const fixture = await createSmdpFixture()
  await fixture.order()
  const { card } = fixture
  const send = async <Q>(row: { path: string; request: { toJson(value: Q): Json } }, request: Q) => {
    const response = await fixture.smdp.es9p(post(row.path, JSON.stringify(row.request.toJson(request))))
    const json = (await response.json()) as Record<string, unknown>
    expect([response.status, json.header]).toEqual([200, { functionExecutionStatus: { status: 'Executed-Success' } }])
    return json
  }
  const initiated = await send(ES9p.InitiateAuthentication, {
    euiccChallenge: card.challenge,
    euiccInfo1: keep(EUICCInfo1, card.info1),
    smdpAddress: 'smdp.example.com',
  })
  expect(Object.keys(initiated)).toEqual([
    'header',
    'transactionId',
    'serverSigned1',
    'serverSignature1',
    'euiccCiPKIdToBeUsed',
    'serverCertificate',
  ])
  const opened = ES9p.InitiateAuthentication.response!.fromJson(initiated as Json)
  const { transactionId } = opened
  const offered = await send(ES9p.AuthenticateClient, {
    transactionId,
    authenticateServerResponse: keep(
      AuthenticateServerResponse,
      card.authenticateServer(opened, { matchingId: MATCHING_ID }),
    ),
  })
  expect(Object.keys(offered)).toEqual([
    'header',
    'transactionId',
    'profileMetadata',
    'smdpSigned2',
    'smdpSignature2',
    'smdpCertificate',
  ])
  const offer = ES9p.AuthenticateClient.response!.fromJson(offered as Json)
  const bound = await send(ES9p.GetBoundProfilePackage, {
    transactionId,
    prepareDownloadResponse: keep(PrepareDownloadResponse, card.prepareDownload(offer).response),
  })
  expect(Object.keys(bound)).toEqual(['header', 'transactionId', 'boundProfilePackage'])
  const cancelled = await send(ES9p.CancelSession, {
    transactionId,
    cancelSessionResponse: keep(CancelSessionResponse, card.cancelSession(transactionId, 'postponed')),
  })
  expect(Object.keys(cancelled)).toEqual(['header'])
  // Hexadecimal in upper case, everywhere the same.
  expect(new Set([initiated, offered, bound].map(json => json.transactionId)).size).toBe(1)
  expect(initiated.transactionId).toMatch(/^[0-9A-F]{32}$/)
})
